import { type Millis, millis } from "./duration.ts";

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // U+00B5
  μs: 1e-3, // U+03BC
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** One number with its unit. Linear: the alternatives begin differently. */
const PART = /([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)/y;

/** The longest duration that Go's 64-bit nanoseconds hold. */
const LONGEST = 2 ** 63 * 1e-6;

/** Longer than any duration that people write. */
const MOST_CHARACTERS = 64;

/**
 * Parses a duration as Kubernetes writes it: `90s`, `1m30s`, `1.5h`, `-5s`, `0`, by the rules of Go's
 * `time.ParseDuration`. May be negative, and may have a part below a millisecond.
 */
export function parseGoDuration(text: string): Millis | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const sign = text.startsWith("-") ? -1 : 1;
  const unsigned = /^[-+]/.test(text) ? text.slice(1) : text;
  if (unsigned === "0") return millis(0);
  let total = 0;
  let at = 0;
  while (at < unsigned.length) {
    PART.lastIndex = at;
    const part = PART.exec(unsigned);
    if (part === null) return undefined;
    total += Number(part[1]) * UNITS[part[2]!]!;
    at = PART.lastIndex;
  }
  return unsigned === "" || total >= LONGEST ? undefined : millis(sign * total);
}
