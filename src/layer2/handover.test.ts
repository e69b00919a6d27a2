import { describe, expect, test } from "vitest";
import { millis } from "../lib/duration.ts";
import { answersUntil, FORESTALLED, HANDOVER_LIMIT, HEAD_START, STAND_IN_LIMIT } from "./handover.ts";

const SINCE = 10_000;

describe("the old owner answers until", () => {
  test.each([
    { what: "the limit, when nobody claims the address", claimedAt: undefined, until: SINCE + HANDOVER_LIMIT },
    { what: "a claim", claimedAt: SINCE + 300, until: SINCE + 300 },
    { what: "a claim in the very moment", claimedAt: SINCE, until: SINCE },
    { what: "a claim at the limit", claimedAt: SINCE + HANDOVER_LIMIT, until: SINCE + HANDOVER_LIMIT },
    { what: "the limit, when the claim comes later", claimedAt: SINCE + 5000, until: SINCE + HANDOVER_LIMIT },
    { what: "now, when the claim came just before", claimedAt: SINCE - 1, until: SINCE },
    { what: "now, when the claim came up to two seconds before", claimedAt: SINCE - FORESTALLED, until: SINCE },
    {
      what: "the limit, when the claim was somebody else's, long ago",
      claimedAt: SINCE - FORESTALLED - 1,
      until: SINCE + HANDOVER_LIMIT,
    },
    {
      what: "the limit, when the claim was at the beginning of time",
      claimedAt: 0,
      until: SINCE + HANDOVER_LIMIT,
    },
  ])("$what", ({ claimedAt, until }) => {
    const heard = claimedAt === undefined ? undefined : millis(claimedAt);
    expect(answersUntil({ since: millis(SINCE), claimedAt: heard, stoodInAt: undefined })).toBe(until);
    expect(answersUntil({ since: millis(SINCE), claimedAt: heard, stoodInAt: millis(0) })).toBe(until);
  });

  test.each([
    { what: "a short while, when it had stood in a moment ago", stoodInAt: SINCE - 1, until: SINCE + STAND_IN_LIMIT },
    { what: "the limit, when it had stood in for longer", stoodInAt: SINCE - 2000, until: SINCE + HANDOVER_LIMIT },
  ])("$what", ({ stoodInAt, until }) => {
    const leaving = { since: millis(SINCE), stoodInAt: millis(stoodInAt) };
    expect(answersUntil({ ...leaving, claimedAt: undefined })).toBe(until);
    expect(answersUntil({ ...leaving, claimedAt: millis(SINCE + 100) })).toBe(SINCE + 100);
  });
});

test("the new owner has begun long before the old one gives up waiting", () => {
  expect(HEAD_START * 2).toBeLessThan(HANDOVER_LIMIT);
  expect(HEAD_START).toBeLessThan(STAND_IN_LIMIT);
});
