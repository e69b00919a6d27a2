import { millis } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";

/**
 * Work that is done in order, some items per turn of the event loop, so that much of it does not hold up what else
 * arrives. The first turn is at once.
 */
export class PacedQueue<T> {
  readonly #clock: Clock;
  readonly #perTurn: number;
  readonly #handle: (item: T) => void;
  #items: T[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock, perTurn: number, handle: (item: T) => void) {
    this.#clock = clock;
    this.#perTurn = perTurn;
    this.#handle = handle;
  }

  add(items: readonly T[]): void {
    this.#items = this.#items.concat(items);
    if (this.#timer === undefined) this.#turn();
  }

  /** Drops what waits. */
  clear(): void {
    this.#items = [];
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #turn(): void {
    this.#timer = undefined;
    for (const item of this.#items.splice(0, this.#perTurn)) this.#handle(item);
    if (this.#items.length > 0) this.#timer = this.#clock.after(millis(0), () => this.#turn());
  }
}
