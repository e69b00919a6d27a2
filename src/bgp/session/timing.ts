import { type Millis, millis, seconds } from "../../lib/duration.ts";

/** The "large value" of RFC 4271 §8.2.2 for the hold timer while the peer's OPEN is waited for. */
export const LARGE_HOLD_TIME = seconds(240);

/** RFC 4271 §10: timers are shortened by up to a quarter, so that speakers don't fall into step. `random` is 0 <= r < 1. */
export function jittered(time: Millis, random: number): Millis {
  return millis(time * (0.75 + random * 0.25));
}

/** RFC 4271 §4.2: the smaller one counts; 0 means none. */
export function negotiatedHoldTime(ours: Millis, peers: Millis): Millis {
  return millis(Math.min(ours, peers));
}

/** RFC 4271 §4.4: never more than one KEEPALIVE a second. */
export const SHORTEST_KEEPALIVE = seconds(1);

/** How long a process that was held up reads what has come meanwhile, before it takes the peer for dead. */
export const HOLD_GRACE = millis(500);

/** RFC 4271 §4.4: a third of the hold time that was negotiated, or what is configured if it is shorter. */
export function keepaliveInterval(configured: Millis, holdTime: Millis): Millis {
  if (holdTime === 0) return millis(0);
  const third = holdTime / 3;
  return millis(Math.max(SHORTEST_KEEPALIVE, configured === 0 ? third : Math.min(configured, third)));
}

/** RFC 9687 §6: eight minutes, or twice the hold time if that is more. */
export function sendHoldTime(holdTime: Millis): Millis {
  return millis(Math.max(seconds(480), 2 * holdTime));
}

/** First wait of what doubles with each failure. */
const FIRST_RETRY = seconds(1);

/** How long to wait before attempt number `failures` + 1 at connecting: fast at first, never longer than configured. */
export function connectRetryDelay(failures: number, connectTime: Millis): Millis {
  return millis(Math.min(connectTime, FIRST_RETRY * 2 ** Math.min(failures, 30)));
}
