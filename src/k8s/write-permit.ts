import { type Millis, millis } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { WritePermit } from "../ports/leadership.ts";

/** A point in time by both clocks. */
export interface Moment {
  readonly monotonic: Millis;
  readonly wall: number;
}

export function momentOf(clock: Clock): Moment {
  return { monotonic: clock.now(), wall: clock.wallTime() };
}

/**
 * A permission that ends by itself. The monotonic clock goes on while the process is stopped, but not while the machine
 * is suspended; the wall clock is usually put right after that. So the permission has ended when either says so: a jump
 * of the wall clock can end it early, and nothing can make it longer.
 */
export class ExpiringPermit implements WritePermit {
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #since: Moment | undefined;
  #duration = millis(0);
  #abort = new AbortController();
  #timer: Timer | undefined;

  /** `onEnd` is called when a permission has run out. */
  constructor(clock: Clock, onEnd: () => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#abort.abort();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  remaining(): Millis {
    if (this.#since === undefined) return millis(0);
    const { monotonic, wall } = this.#since;
    const passed = Math.max(this.#clock.now() - monotonic, this.#clock.wallTime() - wall);
    return millis(Math.max(0, this.#duration - passed));
  }

  /** It lasts for `duration` from `since`; it is over already if that has passed. */
  grant(since: Moment, duration: Millis): void {
    this.#since = since;
    this.#duration = duration;
    if (this.remaining() === 0) return this.#runOut();
    if (this.#abort.signal.aborted) this.#abort = new AbortController();
    this.#watch();
  }

  revoke(): void {
    this.#since = undefined;
    this.#timer?.cancel();
    this.#abort.abort();
  }

  #runOut(): void {
    this.#timer?.cancel();
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#onEnd();
  }

  #watch(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.remaining(), () => {
      if (this.remaining() === 0) this.#runOut();
      else this.#watch();
    });
  }
}

/** For a process that is the only one of its kind. */
export const UNLIMITED_PERMIT: WritePermit = {
  remaining: () => millis(Number.POSITIVE_INFINITY),
  signal: new AbortController().signal,
};
