/** The workload controllers of the embedded API server, with a test in place of the kubelets. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiServerLab, eventually, startApiServerLab } from "../support/api-server-lab.ts";

const APPS = "/apis/apps/v1/namespaces/default";
const PODS = "/api/v1/namespaces/default/pods";
const NODES = ["node-1", "node-2", "node-3"];

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly ownerReferences: readonly { readonly kind: string; readonly name: string; readonly controller: boolean }[];
  };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly image: string }[] };
}

let lab: ApiServerLab;

beforeAll(async () => {
  lab = await startApiServerLab({ kubelets: true });
  for (const name of NODES) await lab.api.post("/api/v1/nodes", { metadata: { name } });
});
afterAll(() => lab?.close());

const pods = async (): Promise<Pod[]> => (await lab.api.get(PODS)).json.items as Pod[];
const merge = (path: string, body: object) => lab.api.patch(path, "merge", body);

/** A kubelet's part: Pods become ready, and those that are deleted go. */
async function play(ready = true): Promise<void> {
  const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
  for (const { metadata } of await pods()) {
    const path = `${PODS}/${metadata.name}`;
    if (metadata.deletionTimestamp !== undefined) await lab.api.delete(`${path}?gracePeriodSeconds=0`);
    else await merge(`${path}/status`, { status: { phase: "Running", conditions } });
  }
}

/** Plays until so many Pods are left. */
async function playedDownTo(count: number): Promise<readonly Pod[]> {
  return await eventually(
    async () => {
      await play();
      return await pods();
    },
    (all) => all.length === count,
  );
}

/** Plays until the status of a workload has these fields. */
async function until(path: string, want: object): Promise<void> {
  await eventually(
    async () => {
      await play();
      return (await lab.api.get(path)).json.status as Record<string, unknown>;
    },
    (status) => Object.entries(want).every(([field, value]) => status[field] === value),
  );
}

function workload(name: string, image: string, more: object = {}): object {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: "main", image }] } };
  return { metadata: { name }, spec: { selector: { matchLabels: labels }, template, ...more } };
}

describe("a Deployment", () => {
  const path = `${APPS}/deployments/web`;

  test("has Pods through a ReplicaSet, one on each node", async () => {
    await lab.api.post(`${APPS}/deployments`, workload("web", "one", { replicas: 3 }));
    await until(path, { observedGeneration: 1, readyReplicas: 3, updatedReplicas: 3, replicas: 3 });
    const all = await pods();
    expect(new Set(all.map(({ spec }) => spec.nodeName))).toEqual(new Set(NODES));
    const set = (await lab.api.get(`${APPS}/replicasets`)).json.items[0];
    expect(set.metadata).toMatchObject({ ownerReferences: [{ kind: "Deployment", name: "web", controller: true }] });
    for (const { metadata } of all) {
      expect(metadata.name).toMatch(/^web-[a-z0-9]{10}-[a-z0-9]{5}$/);
      expect(metadata.ownerReferences).toMatchObject([
        { kind: "ReplicaSet", name: set.metadata.name, controller: true },
      ]);
    }
  });

  test("rolls a changed template out, and keeps enough Pods on the way", async () => {
    await merge(path, { spec: { template: { metadata: { annotations: { changed: "yes" } } } } });
    let fewest = Number.POSITIVE_INFINITY;
    await eventually(
      async () => {
        await play();
        const { status } = (await lab.api.get(path)).json;
        fewest = Math.min(fewest, status.availableReplicas as number);
        return status;
      },
      ({ updatedReplicas, replicas, observedGeneration }) =>
        updatedReplicas === 3 && replicas === 3 && observedGeneration === 2,
    );
    expect(fewest).toBe(3);
    const sets = (await lab.api.get(`${APPS}/replicasets`)).json.items as { spec: { replicas: number } }[];
    expect(sets.map(({ spec }) => spec.replicas).toSorted((a, b) => a - b)).toEqual([0, 3]);
  });

  test("does not replace Pods by such as do not get ready", async () => {
    const template = { spec: { containers: [{ name: "main", image: "broken" }] } };
    await merge(path, { spec: { template } });
    await eventually(pods, (all) => all.some(({ spec }) => spec.containers[0]!.image === "broken"));
    const kept = (await pods()).filter(
      ({ spec, metadata }) => spec.containers[0]!.image === "one" && metadata.deletionTimestamp === undefined,
    );
    expect(kept).toHaveLength(3);
    const { conditions } = (await lab.api.get(path)).json.status;
    expect(conditions).toMatchObject([
      { type: "Available", status: "True" },
      { type: "Progressing", reason: "ReplicaSetUpdated" },
    ]);
  });

  test("is scaled, and takes its Pods with it when it is deleted", async () => {
    await merge(`${path}/scale`, { spec: { replicas: 1 } });
    await until(path, { replicas: 1, readyReplicas: 1 });
    const [only] = await playedDownTo(1);
    await lab.api.delete(path);
    expect(only!.metadata.name).toMatch(/^web-/);
    await playedDownTo(0);
  });
});

describe("a DaemonSet", () => {
  const path = `${APPS}/daemonsets/agent`;

  test("has a Pod on every node, and on one that comes later", async () => {
    await lab.api.post(`${APPS}/daemonsets`, workload("agent", "one"));
    await until(path, { numberReady: 3, desiredNumberScheduled: 3, updatedNumberScheduled: 3 });
    await lab.api.post("/api/v1/nodes", { metadata: { name: "node-4" } });
    await until(path, { numberReady: 4 });
    expect(new Set((await pods()).map(({ spec }) => spec.nodeName))).toEqual(new Set([...NODES, "node-4"]));
  });

  test("loses the Pods of a Node that is deleted, without its kubelet", async () => {
    await lab.api.delete("/api/v1/nodes/node-4");
    const left = await eventually(pods, (all) => all.length === 3);
    expect(left.map(({ spec }) => spec.nodeName)).not.toContain("node-4");
    await until(path, { numberReady: 3, desiredNumberScheduled: 3 });
  });

  test("rolls a changed template out node by node: a successor waits until the one before is gone", async () => {
    const before = new Set((await pods()).map(({ metadata }) => metadata.name));
    await merge(path, { spec: { template: { metadata: { annotations: { changed: "yes" } } } } });
    const [going] = await eventually(
      async () => (await pods()).filter(({ metadata }) => metadata.deletionTimestamp !== undefined),
      (all) => all.length > 0,
    );
    expect(await pods()).toHaveLength(3);
    await lab.api.delete(`${PODS}/${going!.metadata.name}?gracePeriodSeconds=0`);
    const fresh = await eventually(
      async () => (await pods()).filter(({ metadata }) => !before.has(metadata.name)),
      (all) => all.length === 1,
    );
    expect(fresh[0]!.spec.nodeName).toBe(going!.spec.nodeName);
    await until(path, { updatedNumberScheduled: 3, numberReady: 3 });
  });
});

test("a Pod that no node fits says so", async () => {
  const spec = { nodeSelector: { zone: "moon" }, containers: [{ name: "main", image: "one" }] };
  await lab.api.post(PODS, { metadata: { name: "lost" }, spec });
  const status = await eventually(
    async () => (await lab.api.get(`${PODS}/lost`)).json.status,
    ({ conditions }) => conditions !== undefined,
  );
  expect(status).toMatchObject({ phase: "Pending", conditions: [{ type: "PodScheduled", reason: "Unschedulable" }] });
  expect((await lab.api.delete(`${PODS}/lost`)).code).toBe(200);
  expect((await lab.api.get(`${PODS}/lost`)).code).toBe(404);
});

test("every namespace has the service account that Pods have by default", async () => {
  await lab.api.post("/api/v1/namespaces", { metadata: { name: "later" } });
  for (const namespace of ["default", "later"]) {
    expect((await lab.api.get(`/api/v1/namespaces/${namespace}/serviceaccounts/default`)).code).toBe(200);
  }
});
