import { millis } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";

export interface PacedQueueOptions<T> {
  /** Items between which nothing else runs. */
  readonly perTurn: number;
  /** What patient items may cost per second, and at once. */
  readonly perSecond: number;
  readonly atOnce: number;
  readonly costOf: (item: T) => number;
  readonly handle: (item: T) => void;
}

/** Items in order, each once. */
class Lane<T> {
  readonly #items = new Set<T>();
  /** Goes on where it was: from the beginning it would pass all that were taken. */
  #rest = this.#items.values();

  get size(): number {
    return this.#items.size;
  }

  add(item: T): void {
    this.#items.add(item);
  }

  has(item: T): boolean {
    return this.#items.has(item);
  }

  delete(item: T): void {
    this.#items.delete(item);
  }

  clear(): void {
    this.#items.clear();
  }

  take(): T | undefined {
    let next = this.#rest.next();
    if (next.done === true) {
      this.#rest = this.#items.values();
      next = this.#rest.next();
    }
    if (next.done === true) return undefined;
    this.#items.delete(next.value);
    return next.value;
  }
}

/**
 * Work that is done some items per turn of the event loop, so that much of it does not hold up what else arrives. Urgent
 * items come first, and as fast as that allows; patient ones are limited in number, too. The first turn is at once.
 */
export class PacedQueue<T> {
  readonly #clock: Clock;
  readonly #options: PacedQueueOptions<T>;
  readonly #urgent = new Lane<T>();
  readonly #patient = new Lane<T>();
  #timer: Timer | undefined;
  /** The timer is for when patient items may go on; otherwise it is for the next turn. */
  #pausing = false;
  #working = false;
  /** When what was done is paid for. */
  #paidAt = -Infinity;

  constructor(clock: Clock, options: PacedQueueOptions<T>) {
    this.#clock = clock;
    this.#options = options;
  }

  hurry(items: Iterable<T>): void {
    for (const item of items) this.#urgent.add(item);
    if (this.#timer === undefined || this.#pausing) this.#turn();
  }

  /** An item that waits already is done once. */
  add(items: Iterable<T>): void {
    for (const item of items) if (!this.#urgent.has(item)) this.#patient.add(item);
    if (this.#timer === undefined) this.#turn();
  }

  delete(item: T): void {
    this.#urgent.delete(item);
    this.#patient.delete(item);
  }

  /** Drops what waits. */
  clear(): void {
    this.#urgent.clear();
    this.#patient.clear();
    this.#stopTimer();
  }

  #turn(): void {
    if (this.#working) return;
    this.#stopTimer();
    this.#working = true;
    try {
      this.#work();
    } finally {
      this.#working = false;
    }
    this.#schedule();
  }

  #work(): void {
    const { perTurn, handle } = this.#options;
    let left = perTurn;
    for (; left > 0 && this.#urgent.size > 0; left--) handle(this.#urgent.take()!);
    for (; left > 0 && this.#patient.size > 0 && this.#paidAt <= this.#clock.now(); left--) {
      const item = this.#patient.take()!;
      this.#pay(item);
      handle(item);
    }
  }

  #pay(item: T): void {
    const { perSecond, atOnce, costOf } = this.#options;
    const credit = (atOnce * 1000) / perSecond;
    this.#paidAt = Math.max(this.#paidAt, this.#clock.now() - credit) + (costOf(item) * 1000) / perSecond;
  }

  #schedule(): void {
    if (this.#urgent.size + this.#patient.size === 0) return;
    const pause = this.#paidAt - this.#clock.now();
    this.#pausing = this.#urgent.size === 0 && pause > 0;
    this.#timer = this.#clock.after(millis(this.#pausing ? pause : 0), () => this.#turn());
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pausing = false;
  }
}
