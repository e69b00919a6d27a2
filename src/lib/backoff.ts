import type { Millis } from "./duration.ts";
import { millis } from "./duration.ts";

export interface BackoffOptions {
  readonly first: Millis;
  readonly max: Millis;
  readonly factor?: number;
  /** Share of each delay that is random, 0..1. Delays fall in `[delay * (1 - jitter), delay]`. */
  readonly jitter?: number;
}

/** Delay before retry number `attempt` (0-based): exponential, capped, with jitter taken from `random` (0 <= r < 1). */
export function backoffDelay(options: BackoffOptions, attempt: number, random: number): Millis {
  const { first, max, factor = 2, jitter = 0.25 } = options;
  const delay = Math.min(max, first * factor ** Math.min(attempt, 60));
  return millis(delay * (1 - jitter * random));
}
