import { describe, expect, test } from "vitest";
import { differences, goldenValue, normalise, readGoldenAnswers } from "./support/golden-answers.ts";

describe("the comparison with recorded answers can fail", () => {
  test.each([
    { why: "another value", golden: `{"a":1}`, actual: { a: 2 }, found: 1 },
    { why: "a missing member", golden: `{"a":1,"b":2}`, actual: { a: 1 }, found: 1 },
    { why: "an extra member", golden: `{"a":1}`, actual: { a: 1, b: 2 }, found: 1 },
    { why: "a shorter list", golden: `[1,2]`, actual: [1], found: 2 },
    { why: "a difference before the cut", golden: `{"a":1,"b":{"c":"x`, actual: { a: 2, b: { c: "xyz" } }, found: 1 },
    { why: "another text", golden: "404 NotFound", actual: "409 Conflict", found: 1 },
  ])("$why", ({ golden, actual, found }) => {
    expect(differences(normalise(goldenValue(golden)), normalise(actual))).toHaveLength(found);
  });

  test.each([
    { why: "what is cut off", golden: `{"a":1,"b":{"c":"x`, actual: { a: 1, b: { c: "xyz", d: 1 }, e: 2 } },
    { why: "a list that is cut off", golden: `{"a":[{"b":1},{"b"`, actual: { a: [{ b: 1 }, { b: 2 }, { b: 3 }] } },
    { why: "time stamps", golden: `{"t":"2026-11-21T10:12:09Z"}`, actual: { t: "2027-01-01T00:00:00Z" } },
    { why: "versions", golden: `{"resourceVersion":"616"}`, actual: { resourceVersion: "7" } },
  ])("but not at $why", ({ golden, actual }) => {
    expect(differences(normalise(goldenValue(golden)), normalise(actual))).toEqual([]);
  });
});

test("titles and answers are told apart", () => {
  const answers = readGoldenAnswers('# head\n## one\n   1\n## two -> x\n   {"a":\n2}\n');
  expect([...answers]).toEqual([
    ["one", "1"],
    ["two -> x", '{"a":\n2}'],
  ]);
});
