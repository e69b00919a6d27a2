import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { type ApiServer, startApiServer } from "../../src/dev/api-server/server.ts";
import { createKubeClient } from "../../src/k8s/client.ts";
import { type KubeEndpoint, loadEndpoint } from "../../src/k8s/endpoint.ts";
import { createEventRecorder } from "../../src/k8s/event-recorder.ts";
import { createKubeWatcher } from "../../src/k8s/reflector.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import type { KubeClient } from "../../src/ports/kube.ts";
import { RecordingLog } from "../support/recording-log.ts";
import { silentLog } from "../support/silent-log.ts";

const SOON = { timeout: 10_000, interval: 10 };

let folder: string;
let server: ApiServer;
let endpoint: KubeEndpoint;
let client: KubeClient;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "metallb-k8s-"));
  server = await startApiServer();
  const file = join(folder, "kubeconfig");
  writeFileSync(file, server.kubeconfig());
  endpoint = await loadEndpoint({ kubeconfig: file, env: {} });
  client = createKubeClient(endpoint);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const service = (name: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { type: "LoadBalancer", selector: { app: name }, ports: [{ port: 80 }] },
});

async function createService(name: string) {
  const created = await client.create(KINDS.Service, service(name), { namespace: "default" });
  if (!created.ok) throw new Error(created.error.message);
  return created.value;
}

function watchServices(log = new RecordingLog()) {
  const store = new Map<string, string | undefined>();
  const told: string[] = [];
  const watcher = createKubeWatcher(endpoint, { clock: systemClock, random: systemRandom, log });
  const handle = watcher.watch(
    {
      resource: KINDS.Service,
      namespace: "default",
      labelSelector: "component!=apiserver",
      project: (object) => object.metadata.resourceVersion,
    },
    {
      set: (key, version) => {
        told.push(`set ${key}`);
        store.set(key, version);
      },
      delete: (key) => {
        told.push(`delete ${key}`);
        store.delete(key);
      },
      synced: () => told.push("synced"),
    },
  );
  return { store, told, log, close: () => handle.close() };
}

describe("against the embedded API server", () => {
  test("the client creates, reads, changes and deletes; errors carry the server's words", async () => {
    const created = await createService("crud");
    const name = { namespace: "default", name: "crud" };
    expect(await client.create(KINDS.Service, service("crud"), { namespace: "default" })).toMatchObject({
      ok: false,
      error: { code: 409, reason: "AlreadyExists", retryable: false },
    });
    const status = { loadBalancer: { ingress: [{ ip: "192.168.1.200" }] } };
    const replaced = await client.replace(KINDS.Service, name, { ...created, status }, { subresource: "status" });
    expect(replaced).toMatchObject({
      ok: true,
      value: { status: { loadBalancer: { ingress: [{ ip: "192.168.1.200" }] } } },
    });
    expect(await client.replace(KINDS.Service, name, { ...created, status }, { subresource: "status" })).toMatchObject({
      ok: false,
      error: { code: 409, reason: "Conflict", retryable: true },
    });
    expect(
      await client.patch(KINDS.Service, name, { type: "merge", body: { metadata: { annotations: { a: "b" } } } }),
    ).toMatchObject({ ok: true, value: { metadata: { annotations: { a: "b" } } } });
    expect(
      await client.patch(KINDS.Service, name, { type: "merge", body: { spec: { ports: [{ port: 99_999 }] } } }),
    ).toMatchObject({ ok: false, error: { code: 422, reason: "Invalid", message: expect.stringContaining("99999") } });
    expect(await client.delete(KINDS.Service, name, { uid: "another" })).toMatchObject({
      ok: false,
      error: { code: 409 },
    });
    expect(await client.delete(KINDS.Service, name, { uid: created.metadata.uid! })).toMatchObject({ ok: true });
    expect(await client.get(KINDS.Service, name)).toMatchObject({
      ok: false,
      error: { code: 404, reason: "NotFound" },
    });
  });

  test("a list of several pages is complete", async () => {
    const names = Array.from({ length: 620 }, (_, i) => `page-${i}`);
    await Promise.all(
      names.map((name) =>
        client.create({ ...KINDS.Event, plural: "configmaps", kind: "ConfigMap" }, configMap(name), {
          namespace: "default",
        }),
      ),
    );
    const listed = await client.list(
      { ...KINDS.Event, plural: "configmaps", kind: "ConfigMap" },
      { namespace: "default" },
    );
    expect(
      listed.ok && listed.value.map((item) => item.metadata.name).filter((name) => name.startsWith("page-")).length,
    ).toBe(620);
  });

  test("a watch tells what is there, then every change, through breaks and expired versions", async () => {
    await createService("first");
    const { store, told, log, close } = watchServices();
    await expect.poll(() => told, SOON).toEqual(["set default/first", "synced"]);
    await createService("second");
    await expect.poll(() => [...store.keys()], SOON).toEqual(["default/first", "default/second"]);

    server.testing.dropWatches();
    await client.delete(KINDS.Service, { namespace: "default", name: "first" });
    await expect.poll(() => [...store.keys()], SOON).toEqual(["default/second"]);

    told.length = 0;
    server.testing.expireWatches();
    await createService("third");
    await expect.poll(() => told, SOON).toEqual(["set default/third"]);
    expect(log.messages("error")).toEqual([]);
    close();
  });

  test("requests that the server refuses for a while cost nothing but time", async () => {
    server.testing.failNext((request) => request.verb === "watch", 503);
    server.testing.failNext((request) => request.verb === "watch", 429);
    const { told, log, close } = watchServices();
    await expect.poll(() => told.includes("synced"), SOON).toBe(true);
    expect(log.messages("warn")).toEqual(Array(2).fill("watch failed; retrying until it works"));
    expect(log.messages("info")).toEqual(["watch works again"]);
    close();
  });

  test("an event can be found by the object it is about, and repeats are counted", async () => {
    const { metadata } = await createService("noisy");
    const recorder = createEventRecorder(client, {
      component: "metallb-speaker",
      host: "node-a",
      clock: systemClock,
      log: silentLog,
    });
    const event = {
      regarding: { apiVersion: "v1", kind: "Service", namespace: "default", name: "noisy", uid: metadata.uid! },
      type: "Normal",
      reason: "nodeAssigned",
      message: 'announcing from node "node-a" with protocol "layer2"',
    } as const;
    recorder.record(event);
    const find = async () => {
      const listed = await client.list(KINDS.Event, { namespace: "default" });
      return listed.ok ? listed.value.filter((each) => each["reason"] === "nodeAssigned") : [];
    };
    await expect.poll(find, SOON).toHaveLength(1);
    recorder.record(event);
    await recorder.close();
    expect(await find()).toMatchObject([
      {
        count: 2,
        type: "Normal",
        source: { component: "metallb-speaker", host: "node-a" },
        involvedObject: event.regarding,
      },
    ]);
  });

  test("who has no valid token is told so", async () => {
    const anonymous: KubeEndpoint = {
      ...endpoint,
      credentials: async () => ({ ...(await endpoint.credentials()), headers: { Authorization: "Bearer nobody" } }),
    };
    const answer = await createKubeClient(anonymous).get(KINDS.Node, { namespace: "", name: "a" });
    expect(answer).toMatchObject({ ok: false, error: { code: 401, reason: "Unauthorized" } });
  });
});

function configMap(name: string) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name } };
}
