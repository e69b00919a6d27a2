import { expect, test } from "vitest";
import { seconds } from "../lib/duration.ts";
import { pushPullPeriod } from "./exchanges.ts";

test.each([
  [1, 30],
  [32, 30],
  [33, 60],
  [64, 60],
  [65, 90],
  [128, 90],
  [1000, 180],
])("a member of %i exchanges its state every %i s", (members, want) => {
  expect(pushPullPeriod(seconds(30), members)).toBe(seconds(want));
});
