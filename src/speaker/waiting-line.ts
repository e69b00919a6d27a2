import { type Millis, millis } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";

/** Items that all wait equally long, on one timer. */
export class WaitingLine<T> {
  readonly #clock: Clock;
  readonly #wait: Millis;
  readonly #onDue: (items: readonly T[]) => void;
  /** When each is due; in that order. */
  readonly #due = new Map<T, Millis>();
  #timer: Timer | undefined;

  constructor(clock: Clock, wait: Millis, onDue: (items: readonly T[]) => void) {
    this.#clock = clock;
    this.#wait = wait;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#due.size;
  }

  add(item: T): void {
    this.#due.delete(item);
    this.#due.set(item, millis(this.#clock.now() + this.#wait));
    this.#arm();
  }

  delete(item: T): void {
    this.#due.delete(item);
    if (this.#due.size === 0) this.close();
  }

  close(): void {
    this.#due.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** An item that was deleted leaves the timer too early, which does no harm. */
  #arm(): void {
    const [first] = this.#due.values();
    if (first === undefined) return;
    this.#timer ??= this.#clock.after(millis(Math.max(0, first - this.#clock.now())), () => this.#run());
  }

  #run(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    const items: T[] = [];
    for (const [item, due] of this.#due) {
      if (due > now) break;
      this.#due.delete(item);
      items.push(item);
    }
    if (items.length > 0) this.#onDue(items);
    this.#arm();
  }
}
