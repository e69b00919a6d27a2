import { type Millis, millis } from "./duration.ts";

/** In milliseconds. Both code points that are written for micro. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "\u00b5s": 1e-3,
  "\u03bcs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const WHOLE = /^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$/u;
const PART = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/gu;

/** Go counts nanoseconds in 63 bits. */
const LONGEST = 2 ** 63 / 1e6;

/** No duration needs more characters; a longer text is a mistake. */
const LONGEST_TEXT = 64;

/** Reads what Go's `time.ParseDuration` reads: `1h30m`, `500ms`, `-2.5s`, `0`. Undefined for anything else. */
export function parseGoDuration(text: string): Millis | undefined {
  if (text.length > LONGEST_TEXT || !WHOLE.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(PART)) sum += Number(amount) * UNITS[unit!]!;
  if (sum >= LONGEST) return undefined;
  return millis(text.startsWith("-") ? -sum : sum);
}
