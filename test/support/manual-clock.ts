import type { Millis } from "../../src/lib/duration.ts";
import { millis } from "../../src/lib/duration.ts";
import type { Clock, Timer } from "../../src/ports/clock.ts";

interface Armed {
  readonly at: number;
  readonly fire: () => void;
}

/** Time that passes only when the test says so; timers fire in order of their time, then of their arming. */
export class ManualClock implements Clock {
  readonly #armed = new Set<Armed>();
  #now = 0;

  now(): Millis {
    return millis(this.#now);
  }

  wallTime(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  after(after: Millis, fire: () => void): Timer {
    const armed = { at: this.#now + Math.max(0, after), fire };
    this.#armed.add(armed);
    return { cancel: () => void this.#armed.delete(armed) };
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#armed.size;
  }

  /** Time passes in which no timer fires; those that were due fire with the next `advance`, late. */
  skip(by: Millis): void {
    this.#now += by;
  }

  advance(by: Millis): void {
    const end = this.#now + by;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#armed.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
    }
    this.#now = end;
  }

  #next(end: number): Armed | undefined {
    let first: Armed | undefined;
    for (const armed of this.#armed) if (armed.at <= end && (first === undefined || armed.at < first.at)) first = armed;
    return first;
  }
}
