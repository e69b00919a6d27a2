import { get } from "node:http";
import type { Millis } from "../../lib/duration.ts";

/** Who has waited this long looks elsewhere; a lost SYN would be sent again only after a second. */
const PATIENCE_MS = 300;

/**
 * Asks each URL for an answer again and again, each time in a connection of its own and without waiting for the one
 * before, and prints the time of each answer (milliseconds of the machine's monotonic clock) and its URL.
 */
export function runSteadyClient(urls: readonly string[], interval: Millis): void {
  // Nobody reads any more.
  process.stdout.on("error", () => process.exit());
  setInterval(() => {
    for (const url of urls) ask(url);
  }, interval);
}

function ask(url: string): void {
  const request = get(url, { agent: false, signal: AbortSignal.timeout(PATIENCE_MS) }, (response) => {
    response.on("error", () => undefined);
    response.on("end", () => process.stdout.write(`${Number(process.hrtime.bigint()) / 1e6} ${url}\n`));
    response.resume();
  });
  request.on("error", () => undefined);
}
