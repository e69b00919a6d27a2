import { expect, test } from "vitest";
import type { ApiObject } from "../../objects.ts";
import { fits } from "./node-fit.ts";

function node(spec: object = {}): ApiObject {
  const labels = { "kubernetes.io/os": "linux", zone: "a", cpus: "8" };
  return { apiVersion: "v1", kind: "Node", metadata: { name: "node-1", labels }, spec };
}

const affinity = (...matchExpressions: readonly object[]): Record<string, unknown> => ({
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
  },
});

test.each([
  { spec: {}, ok: true },
  { spec: { nodeSelector: { "kubernetes.io/os": "linux" } }, ok: true },
  { spec: { nodeSelector: { "kubernetes.io/os": "windows" } }, ok: false },
  { spec: affinity({ key: "zone", operator: "In", values: ["a", "b"] }), ok: true },
  { spec: affinity({ key: "zone", operator: "NotIn", values: ["a"] }), ok: false },
  { spec: affinity({ key: "zone", operator: "Exists" }, { key: "gpu", operator: "DoesNotExist" }), ok: true },
  { spec: affinity({ key: "cpus", operator: "Gt", values: ["4"] }), ok: true },
  { spec: affinity({ key: "cpus", operator: "Lt", values: ["4"] }), ok: false },
  { spec: affinity({ key: "zone", operator: "Like", values: ["a"] }), ok: false },
])("$spec fits: $ok", ({ spec, ok }) => {
  expect(fits(spec, node(), { daemon: false })).toBe(ok);
});

const CONTROL_PLANE = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" };
const UNREADY = { key: "node.kubernetes.io/not-ready", effect: "NoExecute" };

test.each([
  { taint: CONTROL_PLANE, tolerations: [], daemon: false, ok: false },
  { taint: CONTROL_PLANE, tolerations: [], daemon: true, ok: false },
  { taint: CONTROL_PLANE, tolerations: [{ ...CONTROL_PLANE, operator: "Exists" }], daemon: false, ok: true },
  { taint: CONTROL_PLANE, tolerations: [{ operator: "Exists" }], daemon: false, ok: true },
  {
    taint: { ...CONTROL_PLANE, value: "x" },
    tolerations: [{ key: CONTROL_PLANE.key, value: "x" }],
    daemon: false,
    ok: true,
  },
  {
    taint: { ...CONTROL_PLANE, value: "x" },
    tolerations: [{ key: CONTROL_PLANE.key, value: "y" }],
    daemon: false,
    ok: false,
  },
  { taint: { ...CONTROL_PLANE, effect: "PreferNoSchedule" }, tolerations: [], daemon: false, ok: true },
  { taint: UNREADY, tolerations: [], daemon: false, ok: false },
  { taint: UNREADY, tolerations: [], daemon: true, ok: true },
])("taint $taint with $tolerations, daemon $daemon: $ok", ({ taint, tolerations, daemon, ok }) => {
  expect(fits({ tolerations }, node({ taints: [taint] }), { daemon })).toBe(ok);
});

test("a cordoned node gets daemons only", () => {
  expect(fits({}, node({ unschedulable: true }), { daemon: false })).toBe(false);
  expect(fits({}, node({ unschedulable: true }), { daemon: true })).toBe(true);
});
