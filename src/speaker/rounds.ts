import { type IpAddress, familyOf } from "../ip/address.ts";
import { BurstSchedule, ROUND_INTERVAL } from "../layer2/announcer.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import { PacedQueue } from "./paced-queue.ts";
import type { Place } from "./place.ts";

export interface RoundsPorts {
  readonly clock: Clock;
  /** Sends the gratuitous frames of one round. */
  send(place: Place, address: IpAddress): void;
}

/** One address's round on one interface. */
interface Round {
  readonly place: Place;
  readonly address: IpAddress;
  /** The first of a burst, with which the address is claimed. */
  isClaim: boolean;
}

interface PlaceRounds {
  readonly bursts: BurstSchedule;
  readonly rounds: Map<IpAddress, Round>;
}

/** A thousand addresses on many interfaces take longer to tell than a client should wait for an answer. */
const ROUNDS_PER_TURN = 128;

/** What this node sends in total, except for the first round of each burst, which is sent as soon as can be. */
const FRAMES_PER_SECOND = 2000;

/** Gratuitous frames on all interfaces: a burst where an address begins to be answered, and single rounds. */
export class Rounds {
  readonly #ports: RoundsPorts;
  readonly #places = new Map<Place, PlaceRounds>();
  readonly #queue: PacedQueue<Round>;
  #ticker: Timer | undefined;

  constructor(ports: RoundsPorts) {
    this.#ports = ports;
    this.#queue = new PacedQueue(ports.clock, {
      perTurn: ROUNDS_PER_TURN,
      perSecond: FRAMES_PER_SECOND,
      atOnce: ROUNDS_PER_TURN,
      costOf: ({ address }) => framesOf(address),
      handle: (round) => this.#send(round),
    });
  }

  /** Begins a burst for each; one that is under way is only prolonged. */
  begin(starts: Iterable<readonly [Place, IpAddress]>): void {
    const now = this.#ports.clock.now();
    const claims: Round[] = [];
    for (const [place, address] of starts) {
      if (!this.#of(place).bursts.start(address, now)) continue;
      const round = this.#roundOf(place, address);
      round.isClaim = true;
      claims.push(round);
    }
    this.#queue.hurry(claims);
    this.#scheduleTick();
  }

  /** Sends the first round if it waits: before the address is answered it is to be claimed. */
  claimed(place: Place, address: IpAddress): void {
    const round = this.#places.get(place)?.rounds.get(address);
    if (round?.isClaim !== true) return;
    this.#queue.delete(round);
    this.#send(round);
  }

  /** One round beside the bursts. Returns how many frames that takes. */
  once(place: Place, address: IpAddress): number {
    this.#queue.add([this.#roundOf(place, address)]);
    return framesOf(address);
  }

  stop(place: Place, address: IpAddress): void {
    const known = this.#places.get(place);
    if (known === undefined) return;
    known.bursts.stop(address);
    const round = known.rounds.get(address);
    if (round !== undefined) this.#queue.delete(round);
    known.rounds.delete(address);
    if (known.rounds.size === 0) this.#places.delete(place);
  }

  close(): void {
    this.#ticker?.cancel();
    this.#queue.clear();
    this.#places.clear();
  }

  #of(place: Place): PlaceRounds {
    let known = this.#places.get(place);
    if (known === undefined) {
      known = { bursts: new BurstSchedule(), rounds: new Map() };
      this.#places.set(place, known);
    }
    return known;
  }

  #roundOf(place: Place, address: IpAddress): Round {
    const { rounds } = this.#of(place);
    let round = rounds.get(address);
    if (round === undefined) {
      round = { place, address, isClaim: false };
      rounds.set(address, round);
    }
    return round;
  }

  #send(round: Round): void {
    round.isClaim = false;
    this.#ports.send(round.place, round.address);
  }

  #scheduleTick(): void {
    const active = [...this.#places.values()].some(({ bursts }) => bursts.active);
    if (active) this.#ticker ??= this.#ports.clock.after(ROUND_INTERVAL, () => this.#onTick());
  }

  #onTick(): void {
    this.#ticker = undefined;
    const now = this.#ports.clock.now();
    for (const [place, { bursts }] of this.#places)
      this.#queue.add(bursts.tick(now).map((address) => this.#roundOf(place, address)));
    this.#scheduleTick();
  }
}

function framesOf(address: IpAddress): number {
  return familyOf(address) === "IPv4" ? 2 : 1;
}
