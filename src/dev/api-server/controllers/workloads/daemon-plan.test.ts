import { expect, test } from "vitest";
import type { ApiObject } from "../../objects.ts";
import { planDaemons, REVISION_LABEL } from "./daemon-plan.ts";

function object(kind: string, name: string, fields: object): ApiObject {
  const { metadata = {}, ...rest } = fields as { metadata?: object };
  return { apiVersion: "v1", kind, metadata: { name, ...metadata }, ...rest };
}

const NODES = ["a", "b", "c"].map((name) => object("Node", name, { metadata: { labels: { zone: name } } }));

interface PodFields {
  readonly revision?: string;
  readonly ready?: boolean;
  readonly deleted?: boolean;
  readonly phase?: string;
}

function pod(
  node: string,
  { revision = "new", ready = true, deleted = false, phase = "Running" }: PodFields = {},
): ApiObject {
  const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
  return object("Pod", `pod-${node}-${revision}`, {
    metadata: { labels: { [REVISION_LABEL]: revision }, ...(deleted ? { deletionTimestamp: "now" } : {}) },
    spec: { nodeName: node },
    status: { phase, conditions },
  });
}

function plan(pods: readonly ApiObject[], spec: object = {}, nodes: readonly ApiObject[] = NODES): object {
  const { strategy = {}, ...template } = spec as { strategy?: object };
  const set = object("DaemonSet", "set", { spec: { updateStrategy: strategy, template: { spec: template } } });
  const { create, remove, status } = planDaemons(set, { nodes, pods, revision: "new" });
  return { create, remove: remove.map(({ metadata }) => metadata.name), status };
}

test("every node gets a Pod", () => {
  expect(plan([])).toMatchObject({ create: ["a", "b", "c"], remove: [], status: { desiredNumberScheduled: 3 } });
  expect(plan([pod("a"), pod("b"), pod("c")])).toMatchObject({ create: [], remove: [], status: { numberReady: 3 } });
});

test("only nodes that it fits, and Pods elsewhere go", () => {
  expect(plan([pod("a")], { nodeSelector: { zone: "b" } })).toMatchObject({ create: ["b"], remove: ["pod-a-new"] });
});

test("a Pod that is going holds its node's place, because its successor wants the same ports", () => {
  expect(plan([pod("a", { deleted: true })])).toMatchObject({ create: ["b", "c"], remove: [] });
});

test("a Pod that has ended is replaced", () => {
  expect(plan([pod("a", { phase: "Failed" }), pod("b"), pod("c")])).toMatchObject({
    create: ["a"],
    remove: ["pod-a-new"],
  });
});

test("a changed template goes from node to node, one at a time", () => {
  const old = ["a", "b", "c"].map((node) => pod(node, { revision: "old" }));
  expect(plan(old)).toMatchObject({ remove: ["pod-a-old"], status: { updatedNumberScheduled: 0 } });
  expect(plan([pod("a", { ready: false }), ...old.slice(1)])).toMatchObject({ remove: [] });
  expect(plan([pod("a"), ...old.slice(1)])).toMatchObject({
    remove: ["pod-b-old"],
    status: { updatedNumberScheduled: 1 },
  });
});

test("an old Pod that is not ready goes at once: nobody misses it", () => {
  const pods = [pod("a", { revision: "old", ready: false }), pod("b", { revision: "old" }), pod("c", { ready: false })];
  expect(plan(pods)).toMatchObject({ remove: ["pod-a-old"] });
});

test("OnDelete leaves old Pods to whoever deletes them", () => {
  expect(plan([pod("a", { revision: "old" })], { strategy: { type: "OnDelete" } })).toMatchObject({ remove: [] });
});
