import { type Millis, seconds } from "../../lib/duration.ts";
import { EnvironmentError, errorMessage } from "../../lib/errors.ts";

/** How long a program may take to start on a busy machine. */
export const START = seconds(20);

const POLL_INTERVAL = 50;

/**
 * Asks until there is an answer. An answer that throws counts as none; when the deadline passes, the last reason is in
 * the error. `abandoned` says that nobody waits any more.
 */
export async function until<T>(
  what: string,
  within: Millis,
  ask: () => Promise<T | undefined> | T | undefined,
  abandoned: () => boolean = () => false,
): Promise<T> {
  const deadline = performance.now() + within;
  let reason = "";
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      reason = "";
    } catch (error) {
      reason = `: ${errorMessage(error)}`;
    }
    if (performance.now() > deadline || abandoned()) {
      const message = `waited ${within / 1000} s in vain for ${what}${reason}`;
      throw new EnvironmentError("timeout", message, { retryable: false });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
  }
}
