import { millis } from "../../lib/duration.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log, LogFields } from "../../ports/log.ts";

/** The machine's clock and timers. */
export const systemClock: Clock = {
  now: () => millis(performance.now()),
  wallTime: () => Date.now(),
  after: (after, fire) => {
    const timer = setTimeout(fire, after);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** JSON lines on standard output. */
export function lineLog(fields: LogFields = {}): Log {
  const write = (level: string) => (own: LogFields, message: string) => {
    const line = { time: new Date().toISOString(), level, msg: message, ...fields, ...own };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
  return {
    debug: () => undefined,
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: (own) => lineLog({ ...fields, ...own }),
  };
}
