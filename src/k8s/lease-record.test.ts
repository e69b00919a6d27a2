import { expect, test } from "vitest";
import { seconds } from "../lib/duration.ts";
import { leaseObject, microTime, projectLease } from "./lease-record.ts";

const NAME = { namespace: "metallb-system", name: "metallb-controller" };

test("what is written is what is read", () => {
  const record = { holder: "a_1", duration: seconds(4), acquireTime: "2026-01-01T00:00:00.000000Z", transitions: 2 };
  const object = leaseObject(NAME, record, { renewTime: Date.UTC(2026, 0, 1), resourceVersion: "9" });
  expect(object).toMatchObject({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: NAME });
  expect(projectLease(object as Parameters<typeof projectLease>[0])).toEqual({ ...record, resourceVersion: "9" });
});

test("times have the six digits of MicroTime", () => {
  expect(microTime(1_767_225_600_250)).toBe("2026-01-01T00:00:00.250000Z");
});

test.each([
  { name: "no spec", spec: undefined, want: { holder: "", duration: 15_000, transitions: 0, acquireTime: undefined } },
  { name: "a spec that is none", spec: [1], want: { holder: "", duration: 15_000, transitions: 0 } },
  { name: "given back", spec: { holderIdentity: "", leaseDurationSeconds: 1 }, want: { holder: "", duration: 1000 } },
  { name: "a duration for ever", spec: { leaseDurationSeconds: 2 ** 31 }, want: { duration: 60_000 } },
  { name: "a negative duration", spec: { leaseDurationSeconds: -1 }, want: { duration: 15_000 } },
  { name: "no number", spec: { leaseDurationSeconds: "4", leaseTransitions: null }, want: { duration: 15_000 } },
  { name: "half a transition", spec: { leaseTransitions: 0.5 }, want: { transitions: 0 } },
])("a Lease with $name", ({ spec, want }) => {
  expect(projectLease({ metadata: { name: "l", resourceVersion: "1" }, spec })).toMatchObject(want);
});
