import { expect, test } from "vitest";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { RecordingKube } from "../../../test/support/recording-kube.ts";
import { RecordingLog } from "../../../test/support/recording-log.ts";
import { settle } from "../../../test/support/settle.ts";
import { KINDS } from "../../config/kinds.ts";
import type { KubeObject } from "../../ports/kube.ts";
import { Kubelet } from "./kubelet.ts";
import { projectLabPod } from "./pod-view.ts";
import { NODES } from "./topology.ts";

function pod(name: string, spec: object = {}): KubeObject {
  return {
    metadata: { name, namespace: "webapp" },
    spec: { nodeName: "node-1", containers: [{ name: "app" }], ...spec },
  };
}

/** A kubelet of node-1 that sees all Pods of an API server in memory. */
function setUp(...pods: readonly KubeObject[]): { kube: RecordingKube; statusOf: (name: string) => unknown } {
  const kube = new RecordingKube();
  for (const object of pods) kube.apply(KINDS.Pod, object);
  const kubelet = new Kubelet(NODES[0]!, { client: kube, clock: new ManualClock(), log: new RecordingLog() });
  kube.watch(
    { resource: KINDS.Pod, project: projectLabPod },
    { set: (key, value) => kubelet.set(key, value), delete: (key) => kubelet.delete(key), synced: () => undefined },
  );
  return { kube, statusOf: (name) => kube.get(KINDS.Pod, { namespace: "webapp", name }) };
}

const READY = {
  conditions: expect.arrayContaining([expect.objectContaining({ type: "Ready", status: "True" })]) as unknown,
};

test.each([
  { kind: "a Pod", spec: {}, podIP: "10.244.1.2", podIPs: [{ ip: "10.244.1.2" }, { ip: "fd00:10:244:1::2" }] },
  {
    kind: "a Pod on the host's network",
    spec: { hostNetwork: true },
    podIP: "192.168.1.11",
    podIPs: [{ ip: "192.168.1.11" }, { ip: "fd00:192:168:1::11" }],
  },
])("$kind gets its addresses and is ready", async ({ spec, podIP, podIPs }) => {
  const { statusOf } = setUp(pod("web", spec));
  await settle();
  const status = { ...READY, phase: "Running", hostIP: "192.168.1.11", podIP, podIPs };
  expect(await statusOf("web")).toMatchObject({ value: { status } });
});

test("Pods that come together get different addresses", async () => {
  const { statusOf } = setUp(pod("a"), pod("b"));
  await settle();
  expect(await statusOf("a")).toMatchObject({ value: { status: { podIP: "10.244.1.2" } } });
  expect(await statusOf("b")).toMatchObject({ value: { status: { podIP: "10.244.1.3" } } });
});

test("Pods of other nodes, and of none, are left alone", async () => {
  const { kube } = setUp(pod("a", { nodeName: "node-2" }), pod("b", { nodeName: undefined }));
  await settle();
  expect(kube.requests).toEqual([]);
});
