import { millis } from "../lib/duration.ts";
import type { Clock } from "../ports/clock.ts";

/** The machine's own time. Armed timers keep the process alive until they fire or are cancelled. */
export const systemClock: Clock = {
  now: () => millis(performance.now()),
  wallTime: () => Date.now(),
  after(after, fire) {
    const handle = setTimeout(fire, after);
    return { cancel: () => clearTimeout(handle) };
  },
};
