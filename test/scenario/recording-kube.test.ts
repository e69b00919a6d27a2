import { expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { kubeError, RecordingKube } from "../support/recording-kube.ts";
import { settle } from "../support/settle.ts";

const WEB = { metadata: { namespace: "default", name: "web" }, spec: { type: "LoadBalancer" } };
const NAME = { namespace: "default", name: "web" };

function watchInto(kube: RecordingKube, seen: string[], options: { labelSelector?: string } = {}) {
  return kube.watch(
    { resource: KINDS.Service, project: (object) => object.metadata.resourceVersion, ...options },
    {
      set: (key, version) => seen.push(`set ${key} ${version}`),
      delete: (key) => seen.push(`delete ${key}`),
      synced: () => seen.push("synced"),
    },
  );
}

test("a watch lists, then tells changes in order, and nothing after it is closed", async () => {
  const kube = new RecordingKube();
  const seen: string[] = [];
  kube.apply(KINDS.Service, WEB);
  const watch = watchInto(kube, seen);
  await settle();
  kube.edit(KINDS.Service, "default/web", { spec: { type: "ClusterIP" } });
  kube.edit(KINDS.Service, "default/web", { spec: { type: "ClusterIP" } });
  kube.remove(KINDS.Service, "default/web");
  await settle();
  watch.close();
  kube.apply(KINDS.Service, WEB);
  await settle();
  expect(seen).toEqual(["set default/web 1", "synced", "set default/web 2", "delete default/web"]);
});

test("an object that leaves a selector is deleted for the watch", async () => {
  const kube = new RecordingKube();
  const seen: string[] = [];
  kube.apply(KINDS.Service, { ...WEB, metadata: { ...WEB.metadata, labels: { app: "web" } } });
  watchInto(kube, seen, { labelSelector: "app=web" });
  await settle();
  kube.edit(KINDS.Service, "default/web", { metadata: { labels: { app: null } } });
  await settle();
  expect(seen).toEqual(["set default/web 1", "synced", "delete default/web"]);
});

test("a stale version is a conflict, a fresh one is not", async () => {
  const kube = new RecordingKube();
  const old = kube.apply(KINDS.Service, WEB).metadata.resourceVersion;
  const fresh = kube.edit(KINDS.Service, "default/web", { spec: { x: 1 } }).metadata.resourceVersion;
  const patch = (resourceVersion: string | undefined) =>
    kube.patch(KINDS.Service, NAME, { type: "merge", body: { metadata: { resourceVersion }, spec: { x: 2 } } });
  expect(await patch(old)).toMatchObject({ ok: false, error: { code: 409, reason: "Conflict", retryable: true } });
  expect(await patch(fresh)).toMatchObject({ ok: true, value: { spec: { type: "LoadBalancer", x: 2 } } });
});

test("a status write leaves the spec alone; annotations pass for core kinds only", async () => {
  const kube = new RecordingKube();
  const body = { metadata: { annotations: { a: "b" } }, spec: { type: "x" }, status: { loadBalancer: {} } };
  for (const kind of [KINDS.Service, KINDS.IPAddressPool]) {
    kube.apply(kind, WEB);
    await kube.patch(kind, NAME, { type: "merge", body }, { subresource: "status" });
  }
  expect(kube.object(KINDS.Service, "default/web")).toMatchObject({
    spec: WEB.spec,
    metadata: { annotations: { a: "b" }, generation: 1 },
    status: { loadBalancer: {} },
  });
  expect(kube.object(KINDS.IPAddressPool, "default/web")?.metadata.annotations).toBeUndefined();
});

test("a write to the object leaves its status alone", async () => {
  const kube = new RecordingKube();
  kube.apply(KINDS.Service, { ...WEB, status: { loadBalancer: {} } });
  await kube.replace(KINDS.Service, NAME, { ...WEB, status: { other: 1 } });
  expect(kube.object(KINDS.Service, "default/web")).toMatchObject({ status: { loadBalancer: {} } });
});

test("injected failures hit the requests they name, as often as asked", async () => {
  const kube = new RecordingKube();
  kube.apply(KINDS.Service, WEB);
  kube.fail(kubeError(500, "InternalError"), 1, (request) => request.verb === "get");
  expect((await kube.list(KINDS.Service)).ok).toBe(true);
  expect((await kube.get(KINDS.Service, NAME)).ok).toBe(false);
  expect((await kube.get(KINDS.Service, NAME)).ok).toBe(true);
  expect(kube.requests.map((request) => request.outcome)).toEqual(["ok", "InternalError", "ok"]);
});

test("what happens while watches are paused arrives afterwards, in order", async () => {
  const kube = new RecordingKube();
  const seen: string[] = [];
  watchInto(kube, seen);
  await settle();
  kube.pauseWatches();
  kube.apply(KINDS.Service, WEB);
  kube.remove(KINDS.Service, "default/web");
  await settle();
  expect(seen).toEqual(["synced"]);
  kube.resumeWatches();
  await settle();
  expect(seen).toEqual(["synced", "set default/web 1", "delete default/web"]);
});
