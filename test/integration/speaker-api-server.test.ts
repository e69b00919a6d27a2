import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { customResourceDefinitions } from "../../src/config/crds.ts";
import { KINDS } from "../../src/config/kinds.ts";
import type { ApiServer } from "../../src/dev/api-server/server.ts";
import { startApiServer } from "../../src/dev/api-server/server.ts";
import { createKubeClient } from "../../src/k8s/client.ts";
import { loadEndpoint } from "../../src/k8s/endpoint.ts";
import { createEventRecorder } from "../../src/k8s/event-recorder.ts";
import { createKubeWatcher } from "../../src/k8s/reflector.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import type { KubeClient, KubeObject, KubeResult, ResourceType } from "../../src/ports/kube.ts";
import { Speaker } from "../../src/speaker/run.ts";
import { FakeWorker } from "../support/fake-worker.ts";
import { RecordingLog } from "../support/recording-log.ts";
import { RecordingMetrics } from "../support/recording-metrics.ts";

const NAMESPACE = "metallb-system";
const SOON = { timeout: 10_000, interval: 20 };

let server: ApiServer;
let client: KubeClient;
let speaker: Speaker;
let directory: string;
const worker = new FakeWorker();
const log = new RecordingLog();

async function value<T>(result: Promise<KubeResult<T>>): Promise<T> {
  const answer = await result;
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value;
}

function create(kind: ResourceType, namespace: string, name: string, rest: object = {}): Promise<KubeObject> {
  const apiVersion = kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
  const metadata = { name, ...(kind.namespaced ? { namespace } : {}) };
  const body = { apiVersion, kind: kind.kind, metadata, ...rest };
  return value(client.create(kind, body, kind.namespaced ? { namespace } : {}));
}

beforeAll(async () => {
  server = await startApiServer({ crds: customResourceDefinitions() });
  directory = mkdtempSync(join(tmpdir(), "speaker-test-"));
  const kubeconfig = join(directory, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig());
  const endpoint = await loadEndpoint({ kubeconfig, env: {} });
  client = createKubeClient(endpoint);
  const common = { clock: systemClock, random: systemRandom, log };
  for (const name of [NAMESPACE, "shop"]) await create(KINDS.Namespace, "", name);
  await create(KINDS.Node, "", "node-1");
  speaker = new Speaker(
    { node: "node-1", namespace: NAMESPACE, podName: undefined, loadBalancerClass: "", ignoreExcludeLabel: false },
    {
      ...common,
      client,
      worker,
      watcher: createKubeWatcher(endpoint, common),
      events: createEventRecorder(client, { ...common, component: "metallb-speaker", host: "node-1" }),
      metrics: new RecordingMetrics(),
    },
  );
  speaker.start();
});

afterAll(async () => {
  await speaker.stop();
  await server.close();
  rmSync(directory, { recursive: true });
});

test("the API server refuses what the schemas refuse, and fills in their defaults", async () => {
  const bad = await client.create(
    KINDS.L2Advertisement,
    {
      apiVersion: "metallb.io/v1beta1",
      kind: "L2Advertisement",
      metadata: { name: "bad", namespace: NAMESPACE },
      spec: { preferredNodeSelectors: [{ weight: 101, preference: {} }] },
    },
    { namespace: NAMESPACE },
  );
  expect(bad).toMatchObject({ ok: false, error: { code: 422 } });
  const pool = await create(KINDS.IPAddressPool, NAMESPACE, "webapp-pool", {
    spec: { addresses: ["192.168.1.200-192.168.1.210"] },
  });
  expect(pool["spec"]).toMatchObject({ autoAssign: true, avoidBuggyIPs: false });
});

test("a Service with an address is announced and reported, and nothing is left when it goes", async () => {
  await create(KINDS.L2Advertisement, NAMESPACE, "webapp-l2", { spec: { interfaces: ["eth1", "eth0"] } });
  await create(KINDS.EndpointSlice, "shop", "web-1", {
    metadata: { name: "web-1", namespace: "shop", labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.244.0.5"], nodeName: "node-1", conditions: { ready: true } }],
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  });
  await create(KINDS.Service, "shop", "web", {
    spec: { type: "LoadBalancer", ports: [{ name: "http", port: 80 }], selector: { app: "web" } },
  });
  const status = { loadBalancer: { ingress: [{ ip: "192.168.1.200" }] } };
  const web = { namespace: "shop", name: "web" };
  await value(client.patch(KINDS.Service, web, { type: "merge", body: { status } }, { subresource: "status" }));

  const statuses = () => value(client.list(KINDS.ServiceL2Status, { namespace: NAMESPACE }));
  await vi.waitFor(async () => expect((await statuses())[0]).toHaveProperty("status.node", "node-1"), SOON);
  const [announced] = await statuses();
  expect(announced).toMatchObject({
    metadata: { labels: { "metallb.io/node": "node-1", "metallb.io/service-name": "web" } },
    status: { serviceName: "web", serviceNamespace: "shop", interfaces: [{ name: "eth0" }, { name: "eth1" }] },
  });
  expect([...worker.answered.values()]).toEqual([["eth0", "eth1"]]);
  const events = async () =>
    (await value(client.list(KINDS.Event, { namespace: "shop" }))).map((event) => event["reason"]);
  await vi.waitFor(async () => expect(await events()).toContain("nodeAssigned"), SOON);

  await value(
    client.patch(
      KINDS.L2Advertisement,
      { namespace: NAMESPACE, name: "webapp-l2" },
      {
        type: "merge",
        body: { spec: { interfaces: null } },
      },
    ),
  );
  await vi.waitFor(async () => expect((await statuses())[0]).not.toHaveProperty("status.interfaces"), SOON);

  await value(client.delete(KINDS.Service, web));
  await vi.waitFor(async () => expect(await statuses()).toEqual([]), SOON);
  expect(worker.answered.size).toBe(0);
  const writes = Object.entries(server.requestCounts).filter(([request]) =>
    request.endsWith("servicel2statuses.metallb.io"),
  );
  expect(Object.fromEntries(writes)).toMatchObject({
    "create servicel2statuses.metallb.io": 1,
    "delete servicel2statuses.metallb.io": 1,
  });
  expect(log.messages("error")).toEqual([]);
});

test("the ConfigurationState says that the configuration is in force", async () => {
  const name = { namespace: NAMESPACE, name: "speaker-node-1" };
  await vi.waitFor(
    async () =>
      expect(await value(client.get(KINDS.ConfigurationState, name))).toHaveProperty("status.result", "Valid"),
    SOON,
  );
});
