import fc from "fast-check";
import { expect, test } from "vitest";
import { parseGoDuration } from "./go-duration.ts";

test.each([
  ["0", 0],
  ["0s", 0],
  ["90s", 90_000],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  ["1h0m0s", 3_600_000],
  [".5s", 500],
  ["1.s", 1000],
  ["300ms", 300],
  ["1500us", 1.5],
  ["1µs", 0.001],
  ["1μs", 0.001],
  ["1ns", 0.000001],
  ["+3s", 3000],
  ["-5s", -5000],
  ["1s1s", 2000],
  ["500ms", 500],
  ["1s", 1000],
  ["1h30m", 5_400_000],
  ["1.5s", 1500],
  ["+10s", 10_000],
  ["-2.5s", -2500],
  ["100us", 0.1],
  ["100µs", 0.1],
  ["100μs", 0.1],
  ["1000ns", 0.001],
  ["1m1m", 120_000],
])("%s is %d ms", (text, want) => {
  expect(parseGoDuration(text)).toEqual(want);
});

test.each([
  ["nothing", ""],
  ["a number without a unit", "90"],
  ["a unit without a number", "s"],
  ["a point without digits", ".s"],
  ["an unknown unit", "1d"],
  ["white space", " 90s"],
  ["white space inside", "1m 30s"],
  ["only a sign", "-"],
  ["two signs", "--1s"],
  ["a sign inside", "1s-1s"],
  ["a number of one digit", "1"],
  ["a space before the unit", "1 s"],
  ["a text longer than anybody writes", `${"0".repeat(64)}1s`],
  ["an exponent", "1e3s"],
  ["more than Go's int64 holds", "2562048h"],
  ["a very long text", "1s".repeat(1_000_000)],
])("%s is no duration", (_, text) => {
  expect(parseGoDuration(text)).toBeUndefined();
});

test("any whole number of milliseconds is read back", () => {
  fc.assert(
    fc.property(fc.nat(1e9), (ms) => {
      const text = `${Math.floor(ms / 60_000)}m${Math.floor((ms % 60_000) / 1000)}s${ms % 1000}ms`;
      expect(parseGoDuration(text)).toBe(ms);
    }),
  );
});
