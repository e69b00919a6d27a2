import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, startApiServerLab } from "../support/api-server-lab.ts";
import type { ApiServerLab } from "../support/api-server-lab.ts";
import { POOLS, SERVICES, pool, service } from "../support/golden-probes.ts";
import type { RawAnswer, RawApiClient } from "../support/raw-api-client.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const PODS = "/api/v1/namespaces/default/pods";
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";

let directory: string;
let lab: ApiServerLab;
let api: RawApiClient;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "api-server-"));
  lab = await startApiServerLab({ logDir: join(directory, "logs") });
  api = lab.api;
});

afterAll(async () => {
  await lab.close();
  rmSync(directory, { recursive: true });
});

const is = (code: number) => (answer: RawAnswer) => answer.code === code;

async function owned(name: string, owner: { name: string; uid: string }, finalizers?: string[]): Promise<string> {
  const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", ...owner }];
  return (await api.post(CONFIG_MAPS, { metadata: { name, ownerReferences, finalizers } })).json.metadata.uid;
}

async function owner(name: string): Promise<{ name: string; uid: string }> {
  return { name, uid: (await api.post(CONFIG_MAPS, { metadata: { name } })).json.metadata.uid };
}

describe("garbage collection", () => {
  test("takes dependents with their last owner, and theirs", async () => {
    const top = await owner("top");
    const uid = await owned("middle", top);
    await owned("bottom", { name: "middle", uid });
    await api.delete(`${CONFIG_MAPS}/top`);
    await eventually(() => api.get(`${CONFIG_MAPS}/bottom`), is(404));
    expect((await api.get(`${CONFIG_MAPS}/middle`)).code).toBe(404);
  });

  test("orphans when asked to", async () => {
    const top = await owner("orphaning");
    await owned("orphan", top);
    await api.delete(`${CONFIG_MAPS}/orphaning`, { propagationPolicy: "Orphan" });
    await eventually(() => api.get(`${CONFIG_MAPS}/orphaning`), is(404));
    const { code, json } = await api.get(`${CONFIG_MAPS}/orphan`);
    expect(code).toBe(200);
    expect(json.metadata.ownerReferences).toBeUndefined();
  });

  test("in the foreground waits for dependents", async () => {
    const top = await owner("waiting");
    await owned("slow", top, ["example.com/hold"]);
    const { json } = await api.delete(`${CONFIG_MAPS}/waiting`, { propagationPolicy: "Foreground" });
    expect(json.metadata.finalizers).toEqual(["foregroundDeletion"]);
    await eventually(
      () => api.get(`${CONFIG_MAPS}/slow`),
      ({ json }) => json.metadata.deletionTimestamp !== undefined,
    );
    expect((await api.get(`${CONFIG_MAPS}/waiting`)).code).toBe(200);
    await api.patch(`${CONFIG_MAPS}/slow`, "merge", { metadata: { finalizers: null } });
    await eventually(() => api.get(`${CONFIG_MAPS}/waiting`), is(404));
  });

  test("takes what never had a living owner", async () => {
    await owned("foundling", { name: "nobody", uid: "00000000-0000-0000-0000-000000000000" });
    const answer = await eventually(() => api.get(`${CONFIG_MAPS}/foundling`), is(404));
    expect(answer.json.reason).toBe("NotFound");
  });
});

test("a namespace goes with all it holds, after what has finalizers", async () => {
  await api.post("/api/v1/namespaces", { metadata: { name: "doomed" } });
  const services = "/api/v1/namespaces/doomed/services";
  await api.post(services, service("held", {}, { finalizers: ["example.com/hold"] }));
  await api.post(services, service("free"));
  expect((await api.delete("/api/v1/namespaces/doomed")).json.status.phase).toBe("Terminating");
  await eventually(() => api.get(`${services}/free`), is(404));
  expect((await api.get("/api/v1/namespaces/doomed")).code).toBe(200);
  expect((await api.post(services, service("late"))).json).toMatchObject({ code: 403, reason: "Forbidden" });
  await api.patch(`${services}/held`, "merge", { metadata: { finalizers: null } });
  await eventually(() => api.get("/api/v1/namespaces/doomed"), is(404));
});

describe("CustomResourceDefinitions", () => {
  const crd = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "things", kind: "Thing" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", properties: { size: { type: "integer", maximum: 9 } } } },
            },
          },
        },
        {
          name: "v1beta1",
          served: true,
          storage: false,
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      ],
    },
  };
  const things = "/apis/example.com/v1/namespaces/default/things";

  test("are served from the moment they are created, until they are gone with all their objects", async () => {
    expect((await api.get(things)).code).toBe(404);
    expect((await api.post(CRDS, crd)).code).toBe(201);
    const { json } = await api.get(`${CRDS}/things.example.com`);
    const conditions = json.status.conditions.map(
      ({ type, status }: { type: string; status: string }) => `${type} ${status}`,
    );
    expect(conditions).toEqual(["NamesAccepted True", "Established True"]);
    expect((await api.get("/apis/example.com")).json.preferredVersion.version).toBe("v1");
    const thing = { apiVersion: "example.com/v1", kind: "Thing", metadata: { name: "t" }, spec: { size: 3, other: 1 } };
    expect((await api.post(things, thing)).json.spec).toEqual({ size: 3 });
    expect((await api.post(things, { ...thing, spec: { size: 10 } })).json.code).toBe(422);
    const older = await api.get(things.replace("v1", "v1beta1"));
    expect(older.json.items[0]).toMatchObject({ apiVersion: "example.com/v1beta1", spec: { size: 3 } });
    await api.delete(`${CRDS}/things.example.com`);
    await eventually(() => api.get(`${CRDS}/things.example.com`), is(404));
    expect((await api.get(things)).code).toBe(404);
  });

  test.each([
    {
      why: "a name that doesn't fit",
      change: { metadata: { name: "other.example.com" } },
      message: "must be spec.names.plural",
    },
    {
      why: "no schema",
      change: { spec: { ...crd.spec, versions: [{ name: "v1", served: true, storage: true }] } },
      message: "schemas are required",
    },
    { why: "no scope", change: { spec: { ...crd.spec, scope: undefined } }, message: "spec.scope: Required value" },
  ])("with $why are refused", async ({ change, message }) => {
    const { json } = await api.post(CRDS, { ...crd, ...change });
    expect(json).toMatchObject({ code: 422, reason: "Invalid" });
    expect(json.message).toContain(message);
  });
});

describe("endpoints follow pods", () => {
  const podStatus = (ips: readonly string[], ready: boolean): object => ({
    phase: "Running",
    podIP: ips[0],
    podIPs: ips.map((ip) => ({ ip })),
    conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
  });

  async function createPod(name: string, ips: readonly string[], ready: boolean): Promise<void> {
    const containers = [{ name: "c", image: "i", ports: [{ name: "web", containerPort: 8080 }] }];
    const metadata = { name, labels: { app: "web" }, finalizers: ["example.com/hold"] };
    await api.post(PODS, { metadata, spec: { nodeName: "node-1", containers } });
    await api.patch(`${PODS}/${name}/status`, "merge", { status: podStatus(ips, ready) });
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- slices are looked into
  async function slices(): Promise<any[]> {
    const { json } = await api.get(`${SLICES}?labelSelector=kubernetes.io/service-name%3Dweb`);
    return json.items.sort((a: { addressType: string }, b: { addressType: string }) =>
      a.addressType < b.addressType ? -1 : 1,
    );
  }

  test("in both families, with node, readiness and named ports", async () => {
    const spec = {
      selector: { app: "web" },
      ipFamilyPolicy: "RequireDualStack",
      ports: [{ name: "http", port: 80, targetPort: "web" }],
    };
    await api.post(SERVICES, service("web", spec));
    await createPod("pod-1", ["10.0.0.1", "fd00::1"], true);
    await createPod("pod-2", ["10.0.0.2", "fd00::2"], false);
    const [v4, v6] = await eventually(slices, (all) => all.length === 2 && all[0].endpoints.length === 2);
    expect(v4.ports).toEqual([{ name: "http", port: 8080, protocol: "TCP" }]);
    expect(v4.endpoints).toMatchObject([
      { addresses: ["10.0.0.1"], nodeName: "node-1", conditions: { ready: true, serving: true, terminating: false } },
      { addresses: ["10.0.0.2"], nodeName: "node-1", conditions: { ready: false, serving: false, terminating: false } },
    ]);
    expect(v6.endpoints[0].addresses).toEqual(["fd00::1"]);
    const { json } = await api.get("/api/v1/namespaces/default/endpoints/web");
    expect(json.subsets[0].addresses.map(({ ip }: { ip: string }) => ip)).toEqual(["10.0.0.1"]);
    expect(json.subsets[0].notReadyAddresses.map(({ ip }: { ip: string }) => ip)).toEqual(["10.0.0.2"]);
  });

  test("that are being deleted as serving, but not ready", async () => {
    await api.delete(`${PODS}/pod-1`);
    const [v4] = await eventually(slices, (all) => all[0].endpoints[0].conditions.terminating);
    expect(v4.endpoints[0].conditions).toEqual({ ready: false, serving: true, terminating: true });
  });

  test("and go with their Service", async () => {
    await api.delete(`${SERVICES}/web`);
    await eventually(slices, (all) => all.length === 0);
    expect((await api.get("/api/v1/namespaces/default/endpoints/web")).code).toBe(404);
  });
});

describe("pod logs", () => {
  const log = `${PODS}/talker/log`;

  beforeAll(async () => {
    await api.post(PODS, { metadata: { name: "talker" }, spec: { containers: [{ name: "c", image: "i" }] } });
    mkdirSync(join(directory, "logs", "default"), { recursive: true });
    const lines = [1, 2, 3].map((n) => `{"time":${Date.UTC(2026, 0, n)},"line":${n}}\n`);
    writeFileSync(join(directory, "logs", "default", "talker.log"), lines.join(""));
  });

  test.each([
    { query: "", lines: [1, 2, 3] },
    { query: "?tailLines=1", lines: [3] },
    { query: "?tailLines=0", lines: [] },
    { query: "?sinceTime=2026-01-02T00:00:00Z", lines: [2, 3] },
  ])("with '$query' has lines $lines", async ({ query, lines }) => {
    const { text } = await api.get(log + query);
    const found = text.split("\n").filter((line) => line !== "");
    expect(found.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual(lines);
  });

  test("of no pod is not found", async () => {
    expect((await api.get(`${PODS}/nobody/log`)).code).toBe(404);
    expect((await api.get(`${log}?tailLines=x`)).code).toBe(400);
  });
});

describe("with a data directory", () => {
  test("everything is there after a restart: objects, versions, identity; also after a torn write", async () => {
    const dataDir = join(directory, "data");
    const first = await startApiServerLab({ dataDir });
    await first.api.post(POOLS, pool("kept", { addresses: ["10.0.0.0/24"] }));
    await first.api.post(SERVICES, service("gone"));
    const { clusterIP } = (await first.api.post(SERVICES, service("kept"))).json.spec;
    await first.api.delete(`${SERVICES}/gone`);
    const before = (await first.api.get(SERVICES)).json;
    await first.close();
    appendFileSync(join(dataDir, "journal.ndjson"), '{"revision":99,"table":"ser');
    const second = await startApiServerLab({ dataDir });
    const after = (await second.api.get(SERVICES)).json;
    expect(after.items).toEqual(before.items);
    expect(Number(after.metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(before.metadata.resourceVersion));
    expect(second.server.adminToken).toBe(first.server.adminToken);
    expect(second.server.caCertificate).toBe(first.server.caCertificate);
    expect((await second.api.get(`${POOLS}/kept`)).json.spec.addresses).toEqual(["10.0.0.0/24"]);
    expect((await second.api.post(SERVICES, service("thief", { clusterIP }))).json.code).toBe(422);
    const old = await second.api.watch(`${SERVICES}?watch=1&resourceVersion=2&timeoutSeconds=1`);
    expect(old.events).toMatchObject([{ type: "ERROR", object: { code: 410 } }]);
    await second.close();
  });
});
