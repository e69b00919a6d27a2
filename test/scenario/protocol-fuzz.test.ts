import { expect, test } from "vitest";
import { fuzzFrames } from "../fuzz/frames.ts";
import { fuzzMemberlist } from "../fuzz/memberlist.ts";

const SEED = Number(process.env["METALLB_SEED"] ?? 1);

test("no mutated frame makes the responder or the engine throw, hang, or answer where it must not", () => {
  const { cases, answered, answeredMeanwhile, dropped, claims } = fuzzFrames(30_000, SEED);
  // Not all survive, not all are refused, and no reason is out of reach: else the mutations would not be worth their name.
  expect(answered / cases).toBeGreaterThan(0.01);
  expect(answeredMeanwhile / answered).toBeGreaterThan(0.1);
  expect(answeredMeanwhile / answered).toBeLessThan(0.9);
  expect(claims / cases).toBeGreaterThan(0.01);
  expect((dropped["malformed"] ?? 0) / cases).toBeLessThan(0.8);
  expect(Object.keys(dropped).sort()).toEqual([
    "bad-sender",
    "malformed",
    "not-announced",
    "not-for-us",
    "not-request",
    "other-interface",
    "own-frame",
  ]);
});

test("no mutated packet or stream makes the membership throw or hang", () => {
  const { cases, messages, refused } = fuzzMemberlist(10_000, SEED);
  const refusals = Object.values(refused).reduce((sum, n) => sum + n, 0);
  expect(messages / cases).toBeGreaterThan(0.2);
  expect(refusals / cases).toBeGreaterThan(0.2);
});
