import { describe, expect, test } from "vitest";
import { projectService } from "../config/service.ts";
import { conditionPatch, LAYER2_CONDITION, showsCondition } from "./layer2-condition.ts";

const ALLOCATED = {
  type: "metallb.io/Allocated",
  status: "True",
  reason: "Allocated",
  message: "192.0.2.10 from pool a",
  lastTransitionTime: "2026-01-01T00:00:00Z",
  observedGeneration: 3,
};
const REPORT = {
  reason: "nodeNotAlive",
  message: "no node can announce 192.0.2.10 on layer 2: no live speaker on a",
} as const;
const OURS = {
  type: LAYER2_CONDITION,
  status: "False",
  reason: "NodeNotAlive",
  message: REPORT.message,
  lastTransitionTime: "2026-01-01T00:00:00Z",
};
const NOW = "2026-02-02T00:00:00Z";

function service(...conditions: readonly object[]) {
  return projectService({ metadata: { name: "web", namespace: "shop", resourceVersion: "7" }, status: { conditions } });
}

describe("the patch that brings the condition to the report", () => {
  test.each([
    {
      what: "is there to say it",
      shown: [ALLOCATED],
      report: REPORT,
      want: [ALLOCATED, { ...OURS, lastTransitionTime: NOW }],
    },
    {
      what: "keeps the time of the transition when the words change",
      shown: [{ ...OURS, message: "no node can announce 192.0.2.10 on layer 2: something else" }, ALLOCATED],
      report: REPORT,
      want: [ALLOCATED, OURS],
    },
    { what: "takes it away, and nobody else's", shown: [OURS, ALLOCATED], report: undefined, want: [ALLOCATED] },
    { what: "takes the last one away", shown: [OURS], report: undefined, want: null },
  ])("$what", ({ shown, report, want }) => {
    expect(conditionPatch(service(...shown), report, NOW)).toEqual({
      metadata: { resourceVersion: "7" },
      status: { conditions: want },
    });
  });

  test.each([
    { what: "it is shown", shown: [ALLOCATED, OURS], report: REPORT },
    { what: "there is nothing to say and nothing shown", shown: [ALLOCATED], report: undefined },
  ])("is none when $what", ({ shown, report }) => {
    expect(conditionPatch(service(...shown), report, NOW)).toBeUndefined();
  });
});

test("only our own type counts as shown", () => {
  expect([showsCondition(service(ALLOCATED)), showsCondition(service(OURS))]).toEqual([false, true]);
});
