import type { Millis } from "../lib/duration.ts";

/** A timer that was armed and may be cancelled; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic time since an arbitrary start. Never goes back. */
  now(): Millis;
  /** Wall-clock time in milliseconds since 1970 UTC, only for time stamps that people read. */
  wallTime(): number;
  /** Calls `fire` once, not before `after` has passed. */
  after(after: Millis, fire: () => void): Timer;
}
