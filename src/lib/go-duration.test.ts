import { expect, test } from "vitest";
import { parseGoDuration } from "./go-duration.ts";

test.each([
  ["0", 0],
  ["500ms", 500],
  ["1s", 1000],
  ["1h30m", 5_400_000],
  ["1.5s", 1500],
  [".5s", 500],
  ["1.s", 1000],
  ["+10s", 10_000],
  ["-2.5s", -2500],
  ["100us", 0.1],
  ["100µs", 0.1],
  ["100μs", 0.1],
  ["1000ns", 0.001],
  ["1m1m", 120_000],
  ["", undefined],
  ["1", undefined],
  ["s", undefined],
  [".s", undefined],
  ["1 s", undefined],
  ["1d", undefined],
  ["--1s", undefined],
  ["1s-1s", undefined],
  ["2562048h", undefined],
  [`${"0".repeat(64)}1s`, undefined],
])("%j is %s ms", (text, want) => {
  expect(parseGoDuration(text)).toEqual(want);
});
