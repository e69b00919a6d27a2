import type { Millis } from "../lib/duration.ts";
import { millis } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";

/** The longest delay that setTimeout keeps; a longer one would fire at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => millis(performance.now()),
  wallTime: () => Date.now(),
  after: startTimer,
};

/** Node's timers may fire up to a millisecond early, and can't wait longer than 24 days: both end in another wait. */
function startTimer(after: Millis, fire: () => void): Timer {
  const deadline = performance.now() + after;
  let timer = setTimeout(expire, Math.min(after, LONGEST_DELAY));
  function expire(): void {
    const left = deadline - performance.now();
    if (left > 0) timer = setTimeout(expire, Math.min(left, LONGEST_DELAY));
    else fire();
  }
  return { cancel: () => clearTimeout(timer) };
}
