import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { projectService } from "../../src/config/service.ts";
import { type ApiServer, startApiServer } from "../../src/dev/api-server/server.ts";
import { createKubeClient } from "../../src/k8s/client.ts";
import { loadEndpoint } from "../../src/k8s/endpoint.ts";
import { seconds } from "../../src/lib/duration.ts";
import type { KubeClient, KubeEvent } from "../../src/ports/kube.ts";
import type { Decision } from "../../src/speaker/announce-plan.ts";
import { Layer2ConditionKeeper } from "../../src/speaker/layer2-condition-keeper.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingMetrics } from "../support/recording-metrics.ts";
import { silentLog } from "../support/silent-log.ts";

const SERVICE = { namespace: "default", name: "web" };
const ALLOCATED = {
  type: "metallb.io/Allocated",
  status: "True",
  reason: "Allocated",
  message: "",
  lastTransitionTime: "2026-01-01T00:00:00Z",
};
const NOBODY: Decision = {
  announce: false,
  reason: "nodeNotAlive",
  nobody: { reason: "nodeNotAlive", message: "no node can announce 192.0.2.10 on layer 2: no live speaker on node-1" },
};

const directory = mkdtempSync(join(tmpdir(), "layer2-condition-"));
let server: ApiServer;
let client: KubeClient;

beforeAll(async () => {
  server = await startApiServer({});
  const kubeconfig = join(directory, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig());
  client = createKubeClient(await loadEndpoint({ kubeconfig, env: {} }));
  const spec = { type: "LoadBalancer", ports: [{ port: 80 }] };
  const service = { apiVersion: "v1", kind: "Service", metadata: SERVICE, spec };
  const created = await client.create(KINDS.Service, service, { namespace: SERVICE.namespace });
  if (!created.ok) throw new Error(created.error.message);
  const body = { status: { conditions: [ALLOCATED] } };
  await client.patch(KINDS.Service, SERVICE, { type: "merge", body }, { subresource: "status" });
});

afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

async function view() {
  const got = await client.get(KINDS.Service, SERVICE);
  if (!got.ok) throw new Error(got.error.message);
  return projectService(got.value);
}

test("an API server takes the condition beside the controller's, and takes it away again", async () => {
  const clock = new ManualClock();
  const events: KubeEvent[] = [];
  const record = (event: KubeEvent): void => void events.push(event);
  const keeper = new Layer2ConditionKeeper(
    { node: "node-1", loadBalancerClass: "" },
    { client, clock, events: { record }, random: { next: () => 0 }, log: silentLog, metrics: new RecordingMetrics() },
  );
  const decide = async (after: Decision): Promise<void> => {
    const service = await view();
    keeper.set("default/web", service);
    keeper.apply([{ key: "default/web", service, before: undefined, after, takesOver: false }], ["node-1"]);
    clock.advance(seconds(5));
  };
  const types = async () => (await view()).conditions.map(({ type }) => type);

  await decide(NOBODY);
  await vi.waitFor(async () => expect(await types()).toEqual([ALLOCATED.type, "metallb.io/Layer2Announced"]));
  await vi.waitFor(() => expect(events.map(({ reason }) => reason)).toEqual(["announceFailed"]));
  expect((await view()).conditions[0]).toEqual(ALLOCATED);
  await decide({ announce: false, reason: "notOwner", owner: "node-2" });
  await vi.waitFor(async () => expect((await view()).conditions).toEqual([ALLOCATED]));
  await keeper.close();
});
