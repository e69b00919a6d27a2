/**
 * When gratuitous frames are repeated after the burst of a take-over: slowly, for the neighbour that missed the burst or
 * learnt something wrong since. Pure; time and randomness are given.
 */
import type { IpAddress } from "../ip/address.ts";
import { type Millis, millis, seconds } from "../lib/duration.ts";

/** Between two repeats, where nothing else is configured. The jitter adds up to half of it. */
export const REPEAT_INTERVAL: Millis = seconds(60);

/** What one node may send in total; with more to tell, the intervals become longer. */
const FRAMES_PER_SECOND = 100;

/** Addresses wait in groups of those that are due in the same second. */
const SLOT: Millis = seconds(1);

/** The interval of an address that several want repeated: the shortest; never (0) only if all want that. */
export function mostOften(intervals: readonly (Millis | undefined)[]): Millis | undefined {
  const wanted = intervals.filter((interval) => interval !== 0);
  if (wanted.length === 0 && intervals.length > 0) return millis(0);
  const [first, ...rest] = wanted;
  if (rest.every((interval) => interval === first)) return first;
  return millis(Math.min(...wanted.map((interval) => interval ?? REPEAT_INTERVAL)));
}

export class RepeatSchedule {
  readonly #random: () => number;
  readonly #intervals = new Map<IpAddress, Millis>();
  /** The slot in which each address waits. */
  readonly #slotOf = new Map<IpAddress, number>();
  readonly #slots = new Map<number, Set<IpAddress>>();
  /** When what was sent last no longer counts against the limit. */
  #freeAt: number = -Infinity;

  /** `random` returns numbers from 0 up to, not including, 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Repeats the address from now on; with the interval that it has already, nothing changes. 0: never. */
  set(address: IpAddress, interval: Millis, now: Millis): void {
    if (this.#intervals.get(address) === interval) return;
    this.delete(address);
    if (interval === 0) return;
    this.#intervals.set(address, interval);
    this.#wait(address, interval, now);
  }

  delete(address: IpAddress): void {
    this.#intervals.delete(address);
    this.#leaveSlot(address);
  }

  /** When `take` has something next. */
  get due(): Millis | undefined {
    const first = this.#firstSlot();
    return first === undefined ? undefined : millis(Math.max(first * SLOT, this.#freeAt));
  }

  /** One address whose turn it is; call it again after `spend`, while something is due. */
  take(now: Millis): IpAddress | undefined {
    const slot = this.#firstSlot();
    if (slot === undefined || Math.max(slot * SLOT, this.#freeAt) > now) return undefined;
    const [address] = this.#slots.get(slot)!;
    this.#leaveSlot(address!);
    this.#wait(address!, this.#intervals.get(address!)!, now);
    return address;
  }

  /** Counts frames against the limit. */
  spend(frames: number, now: Millis): void {
    this.#freeAt = Math.max(this.#freeAt, now) + (frames * 1000) / FRAMES_PER_SECOND;
  }

  #wait(address: IpAddress, interval: Millis, now: Millis): void {
    const slot = Math.ceil((now + interval * (1 + this.#random() / 2)) / SLOT);
    this.#slotOf.set(address, slot);
    const others = this.#slots.get(slot);
    if (others === undefined) this.#slots.set(slot, new Set([address]));
    else others.add(address);
  }

  #leaveSlot(address: IpAddress): void {
    const slot = this.#slotOf.get(address);
    if (slot === undefined) return;
    this.#slotOf.delete(address);
    const waiting = this.#slots.get(slot)!;
    waiting.delete(address);
    if (waiting.size === 0) this.#slots.delete(slot);
  }

  #firstSlot(): number | undefined {
    let first: number | undefined;
    for (const slot of this.#slots.keys()) if (first === undefined || slot < first) first = slot;
    return first;
  }
}
