import { expect, test } from "vitest";
import { millis } from "../lib/duration.ts";
import type { DoubtReason } from "../membership/self-doubt.ts";
import { holdsBack } from "./holding-back.ts";

test.each<[DoubtReason, number, boolean]>([
  ["joining", 0, true],
  ["paused", 1, true],
  ["paused", 5, true],
  ["declared-dead", 1, true],
  ["silence", 1, false],
  ["silence", 2, true],
])("%s with %i others: %s", (reason, peers, want) => {
  expect(holdsBack({ kind: "doubtful", reason, since: millis(0), peers, cure: "exchange" })).toBe(want);
});

test("who is sure holds nothing back", () => {
  expect(holdsBack({ kind: "sure" })).toBe(false);
});
