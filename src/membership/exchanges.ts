import { type Millis, millis, seconds } from "../lib/duration.ts";
import type { Random } from "../ports/random.ts";
import { isHere, MOST_MEMBERS, sameEndpoint, stateOf } from "./member-table.ts";
import type { Endpoint, MemberState, PushPull } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import type { MemberRegistry } from "./registry.ts";
import type { MembershipSettings } from "./settings.ts";

/** Between two attempts to reach those who should be members and are not; and while there are no members at all. */
const REJOIN_INTERVAL = seconds(5);
const FIRST_JOIN_INTERVAL = seconds(1);

/** Seeds that are tried at a time: one that answers knows all others. */
const SEEDS_AT_ONCE = 3;

/** Clusters up to this size exchange state in every interval; every doubling adds one interval. */
const FULL_RATE_SIZE = 32;

/** Exchanges that may be under way before no more seeds are tried. */
const MOST_UNDER_WAY = 12;

/** What a stream takes at most, in units of the limit for one of its steps. */
const STEPS = 4;

export interface ExchangesOptions {
  readonly settings: MembershipSettings;
  readonly registry: MemberRegistry;
  readonly outbox: Outbox;
  readonly random: Random;
  /** Whether those whom we take for dead may be alive, and we cut off from them. */
  mayBeCutOff(): boolean;
}

/** Between two exchanges of full state in a cluster of `members`. */
export function pushPullPeriod(interval: Millis, members: number): Millis {
  if (members <= FULL_RATE_SIZE) return interval;
  return millis(interval * (Math.ceil(Math.log2(members) - Math.log2(FULL_RATE_SIZE)) + 1));
}

/** Exchanges of full state: when and with whom. They mend what gossip missed, and join what fell apart. */
export class Exchanges {
  readonly #options: ExchangesOptions;
  readonly #underWay = new Map<number, { readonly begunAt: Millis; readonly endsAt: Millis }>();
  #seeds: readonly Endpoint[] = [];
  #nextId = 1;
  #nextPeriodic: Millis;
  #nextRejoin: Millis = millis(Infinity);

  constructor(options: ExchangesOptions, now: Millis) {
    this.#options = options;
    const interval = options.settings.pushPullInterval;
    this.#nextPeriodic = interval > 0 ? millis(now + options.random.next() * interval) : millis(Infinity);
  }

  /** Whether there is anybody else to join. */
  get hasSeeds(): boolean {
    return this.#seeds.length > 0;
  }

  setSeeds(seeds: readonly Endpoint[], now: Millis): void {
    const { self } = this.#options.registry;
    this.#seeds = seeds.filter((seed) => !sameEndpoint(seed, self.endpoint)).slice(0, MOST_MEMBERS);
    this.#nextRejoin = this.hasSeeds ? now : millis(Infinity);
  }

  begin(to: Endpoint, join: boolean, now: Millis): void {
    const { outbox, settings } = this.#options;
    const id = this.#nextId++;
    this.#underWay.set(id, { begunAt: now, endsAt: millis(now + STEPS * settings.tcpTimeout) });
    outbox.add({ do: "exchange", id, to, state: this.ourState(join) });
  }

  /** Returns when the exchange was begun; undefined: it is not known, or not any more. */
  ended(id: number): Millis | undefined {
    const exchange = this.#underWay.get(id);
    this.#underWay.delete(id);
    return exchange?.begunAt;
  }

  ourState(join: boolean): PushPull {
    const states = [...this.#options.registry.table.values()].map((record) => stateOf(record));
    const members = this.#options.mayBeCutOff() ? states.map((state) => doubted(state)) : states;
    return { type: "push-pull", join, members, userState: new Uint8Array() };
  }

  get wakeAt(): Millis {
    return millis(Math.min(this.#nextPeriodic, this.#nextRejoin));
  }

  wake(now: Millis): void {
    for (const [id, { endsAt }] of this.#underWay) if (endsAt <= now) this.#underWay.delete(id);
    if (now >= this.#nextPeriodic) this.#periodic(now);
    if (now >= this.#nextRejoin) this.#rejoin(now);
  }

  #periodic(now: Millis): void {
    const { settings, registry } = this.#options;
    this.#nextPeriodic = millis(now + pushPullPeriod(settings.pushPullInterval, registry.table.size));
    const others = registry.table.draw(1, (record) => record !== registry.self && record.status === "alive");
    for (const { endpoint } of others) this.begin(endpoint, false, now);
  }

  #rejoin(now: Millis): void {
    const { registry, random } = this.#options;
    this.#nextRejoin = millis(now + (registry.peers === 0 ? FIRST_JOIN_INTERVAL : REJOIN_INTERVAL));
    if (registry.leaving || this.#underWay.size >= MOST_UNDER_WAY) return;
    const here = new Set([...registry.table.values()].filter(isHere).map(({ endpoint }) => keyOf(endpoint)));
    const missing = this.#seeds.filter((seed) => !here.has(keyOf(seed)));
    for (let i = 0; i < SEEDS_AT_ONCE && missing.length > 0; i++) {
      const [seed] = missing.splice(Math.floor(random.next() * missing.length), 1);
      this.begin(seed!, true, now);
    }
  }
}

/** Who is only suspected may object without having to doubt itself. */
function doubted(state: MemberState): MemberState {
  return state.status === "dead" ? { ...state, status: "suspect" } : state;
}

function keyOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}
