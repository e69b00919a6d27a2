import type { IpAddress } from "../ip/address.ts";
import { formatMac } from "../ip/mac.ts";
import { type Millis, millis, seconds } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { AddressCounters } from "./protocol.ts";

/** What is noted about one address. Answers are many, so noting one makes no garbage. */
interface Notes {
  requestsReceived: number;
  responsesSent: number;
  gratuitousSent: number;
  duplicatesHeard: number;
  answeredAt: Millis;
  answeredOn: string;
  readonly answeredTo: Uint8Array;
  gratuitousAt: Millis;
}

/** Addresses that are told of at a time, and the pause before the next ones: telling thousands would keep askers waiting. */
const MOST_AT_ONCE = 250;
const BETWEEN_PARTS = millis(50);

/** Counts per address, told at most once a second and only when something was counted. */
export class RequestCounters {
  readonly #clock: Clock;
  readonly #tell: (counters: readonly AddressCounters[]) => void;
  readonly #notes = new Map<IpAddress, Notes>();
  #timer: Timer | undefined;

  constructor(clock: Clock, tell: (counters: readonly AddressCounters[]) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** A request to which the answer could not be sent. */
  unanswered(address: IpAddress): void {
    this.#of(address).requestsReceived++;
  }

  /** A request that was answered on the interface. `asker` is an Ethernet address, needed during the call only. */
  answered(address: IpAddress, on: string, asker: Uint8Array): void {
    const notes = this.#of(address);
    notes.requestsReceived++;
    notes.responsesSent++;
    notes.answeredAt = this.#clock.now();
    notes.answeredOn = on;
    notes.answeredTo.set(asker);
  }

  gratuitous(address: IpAddress): void {
    const notes = this.#of(address);
    notes.gratuitousSent++;
    notes.gratuitousAt = this.#clock.now();
  }

  duplicate(address: IpAddress): void {
    this.#of(address).duplicatesHeard++;
  }

  /** Tells everything now. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#tellSome(Infinity);
  }

  /** What comes first was noted first; who is asked all the time does not keep others from being told. */
  #tellPart(): void {
    this.#timer = undefined;
    this.#tellSome(MOST_AT_ONCE);
    if (this.#notes.size > 0) this.#timer = this.#clock.after(BETWEEN_PARTS, () => this.#tellPart());
  }

  #tellSome(most: number): void {
    const now = this.#clock.now();
    const counters: AddressCounters[] = [];
    for (const [address, notes] of this.#notes) {
      if (counters.length >= most) break;
      counters.push(countersOf(address, notes, now));
      this.#notes.delete(address);
    }
    if (counters.length > 0) this.#tell(counters);
  }

  #of(address: IpAddress): Notes {
    let notes = this.#notes.get(address);
    if (notes === undefined) {
      const counts = { requestsReceived: 0, responsesSent: 0, gratuitousSent: 0, duplicatesHeard: 0 };
      const now = this.#clock.now();
      notes = { ...counts, answeredAt: now, answeredOn: "", answeredTo: new Uint8Array(6), gratuitousAt: now };
      this.#notes.set(address, notes);
      this.#timer ??= this.#clock.after(seconds(1), () => this.#tellPart());
    }
    return notes;
  }
}

function countersOf(address: IpAddress, notes: Notes, now: Millis): AddressCounters {
  const { requestsReceived, responsesSent, gratuitousSent, duplicatesHeard } = notes;
  const { answeredAt, answeredOn, answeredTo, gratuitousAt } = notes;
  return {
    address,
    requestsReceived,
    responsesSent,
    gratuitousSent,
    duplicatesHeard,
    ...(responsesSent > 0
      ? { lastAnswered: { agoMs: now - answeredAt, interface: answeredOn, to: formatMac(answeredTo) } }
      : {}),
    ...(gratuitousSent > 0 ? { lastGratuitous: { agoMs: now - gratuitousAt } } : {}),
  };
}
