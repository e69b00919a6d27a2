import { afterEach, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { customResourceDefinitions } from "../../src/config/crds.ts";
import { type Controller, startController } from "../../src/controller/run.ts";
import { type ApiServer, startApiServer } from "../../src/dev/api-server/server.ts";
import { createKubeClient } from "../../src/k8s/client.ts";
import { createEventRecorder } from "../../src/k8s/event-recorder.ts";
import { loadEndpoint } from "../../src/k8s/endpoint.ts";
import { createKubeWatcher } from "../../src/k8s/reflector.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import type { KubeClient } from "../../src/ports/kube.ts";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RecordingLog } from "../support/recording-log.ts";
import { RecordingMetrics } from "../support/recording-metrics.ts";

const NAMESPACE = "metallb-system";
const directory = mkdtempSync(join(tmpdir(), "metallb-controller-"));
let server: ApiServer | undefined;
let controller: Controller | undefined;

afterEach(async () => {
  await controller?.stop();
  await server?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<KubeClient> {
  server = await startApiServer({ crds: customResourceDefinitions() });
  const kubeconfig = join(directory, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig());
  const endpoint = await loadEndpoint({ kubeconfig, env: {} });
  const client = createKubeClient(endpoint);
  const deps = { clock: systemClock, random: systemRandom, log: new RecordingLog() };
  const events = createEventRecorder(client, { component: "metallb-controller", host: "test", ...deps });
  const watcher = createKubeWatcher(endpoint, deps);
  await client.create(KINDS.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  const metrics = new RecordingMetrics();
  const options = { namespace: NAMESPACE, loadBalancerClass: "", podName: undefined, memberlistSecret: undefined };
  controller = startController({ ...deps, watcher, client, events, metrics }, options);
  controller.lead("orderly");
  return client;
}

function service(name: string, port: number): object {
  const annotations = { "metallb.universe.tf/allow-shared-ip": "webapp-production" };
  const spec = { type: "LoadBalancer", loadBalancerIP: "192.168.1.200", selector: { app: "webapp" } };
  const metadata = { name, namespace: "default", annotations };
  return { apiVersion: "v1", kind: "Service", metadata, spec: { ...spec, ports: [{ port, protocol: "TCP" }] } };
}

test("through the real client: sharing, a refused port, the status with ipMode, events, and the pool's counts", async () => {
  const client = await start();
  const pool = {
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { name: "p", namespace: NAMESPACE },
  };
  await client.create(
    KINDS.IPAddressPool,
    { ...pool, spec: { addresses: ["192.168.1.200-192.168.1.210"] } },
    { namespace: NAMESPACE },
  );
  const poolStatus = async () => {
    const got = await client.get(KINDS.IPAddressPool, { namespace: NAMESPACE, name: "p" });
    return got.ok ? got.value["status"] : got.error;
  };
  // From here on Services are served as they come; what waits together is served by age and name.
  await expect.poll(poolStatus, { timeout: 10_000 }).toMatchObject({ availableIPv4: 11 });
  for (const [name, port] of [
    ["web-http", 80],
    ["web-https", 443],
    ["web-copy", 80],
  ] as const) {
    const created = await client.create(KINDS.Service, service(name, port), { namespace: "default" });
    expect(created.ok).toBe(true);
  }
  const statusOf = async (name: string) => {
    const got = await client.get(KINDS.Service, { namespace: "default", name });
    return got.ok ? got.value["status"] : got.error;
  };
  for (const name of ["web-http", "web-https"]) {
    await expect
      .poll(() => statusOf(name), { timeout: 10_000 })
      .toMatchObject({
        loadBalancer: { ingress: [{ ip: "192.168.1.200", ipMode: "VIP" }] },
        conditions: [{ type: "metallb.io/Allocated", status: "True" }],
      });
  }
  await expect
    .poll(() => statusOf("web-copy"))
    .toMatchObject({
      loadBalancer: {},
      conditions: [{ type: "metallb.io/Allocated", status: "False", reason: "PortConflict" }],
    });
  const eventReasons = async () => {
    const events = await client.list(KINDS.Event, { namespace: "default" });
    return events.ok ? events.value.map((event) => String(event["reason"])).sort() : [];
  };
  const deprecated = "deprecatedAnnotation";
  await expect
    .poll(eventReasons, { timeout: 10_000 })
    .toEqual(["AllocationFailed", "IPAllocated", "IPAllocated", deprecated, deprecated, deprecated]);
  await expect.poll(poolStatus, { timeout: 10_000 }).toMatchObject({ assignedIPv4: 1, availableIPv4: 10 });
});
