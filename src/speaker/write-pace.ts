import { type Millis, millis, seconds } from "../lib/duration.ts";

/** Writes about one thing that are made as soon as they are due; what needs more within a window is a quarrel. */
const MOST = 6;
const WINDOW: Millis = seconds(10);

/**
 * How often something may be written. Speakers that disagree about who owns an address remove each other's objects, each
 * as soon as it hears of the other, and the API server is not to suffer from it. Pure; the time is given.
 */
export class WritePace<Key> {
  /** Writes since the window began. */
  readonly #writes = new Map<Key, number>();
  #began: Millis = millis(0);

  /** How long the next write has to wait; undefined: not at all. */
  waitFor(key: Key, now: Millis): Millis | undefined {
    this.#turnTo(now);
    return (this.#writes.get(key) ?? 0) < MOST ? undefined : millis(this.#began + WINDOW - now);
  }

  wrote(key: Key, now: Millis): void {
    this.#turnTo(now);
    this.#writes.set(key, (this.#writes.get(key) ?? 0) + 1);
  }

  #turnTo(now: Millis): void {
    if (now - this.#began < WINDOW) return;
    this.#began = now;
    this.#writes.clear();
  }
}
