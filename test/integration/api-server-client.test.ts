import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  Watch,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApiServer } from "../../src/dev/api-server/server.ts";
import { startApiServerLab } from "../support/api-server-lab.ts";
import type { ApiServerLab } from "../support/api-server-lab.ts";
import { pool, service } from "../support/golden-probes.ts";

let lab: ApiServerLab;
let config: KubeConfig;

beforeAll(async () => {
  lab = await startApiServerLab();
  config = new KubeConfig();
  config.loadFromString(lab.server.kubeconfig());
});

afterAll(() => lab.close());

test("the kubeconfig lets the official client create, read, patch and delete", async () => {
  const core = config.makeApiClient(CoreV1Api);
  const namespace = "default";
  const created = await core.createNamespacedService({ namespace, body: service("typed") });
  expect(created.spec?.clusterIP).toMatch(/^10\.96\./);
  expect(created.metadata?.creationTimestamp).toBeInstanceOf(Date);
  const patched = await core.patchNamespacedService(
    { namespace, name: "typed", body: { spec: { externalTrafficPolicy: "Local" } } },
    setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
  );
  expect(patched.spec?.externalTrafficPolicy).toBe("Local");
  expect(patched.spec?.healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
  const all = await core.listServiceForAllNamespaces();
  expect(all.items.map((item) => item.metadata?.name)).toEqual(["kubernetes", "typed"]);
  await core.deleteNamespacedService({ namespace, name: "typed" });
  await expect(core.readNamespacedService({ namespace, name: "typed" })).rejects.toMatchObject({ code: 404 });
});

test("it replaces the status of custom resources, and conflicts are told", async () => {
  const custom = config.makeApiClient(CustomObjectsApi);
  const where = { group: "metallb.io", version: "v1beta1", namespace: "metallb-system", plural: "ipaddresspools" };
  const body = await custom.createNamespacedCustomObject({
    ...where,
    body: pool("typed", { addresses: ["10.0.0.0/24"] }),
  });
  const stale = structuredClone(body);
  body.status = { assignedIPv4: 1, assignedIPv6: 0, availableIPv4: 255, availableIPv6: 0 };
  const updated = await custom.replaceNamespacedCustomObjectStatus({ ...where, name: "typed", body });
  expect(updated.status.assignedIPv4).toBe(1);
  stale.spec.autoAssign = false;
  await expect(custom.replaceNamespacedCustomObject({ ...where, name: "typed", body: stale })).rejects.toMatchObject({
    code: 409,
  });
});

test("it discovers resources and applies by the server", async () => {
  const objects = KubernetesObjectApi.makeApiClient(config);
  const spec = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "applied", namespace: "default" },
    data: { a: "b" },
  };
  const applied = await objects.patch(spec, undefined, undefined, "tests", true, PatchStrategy.ServerSideApply);
  expect(applied).toMatchObject({ metadata: { managedFields: [{ manager: "tests", operation: "Apply" }] } });
});

test("it watches", async () => {
  const events: string[] = [];
  const done = new Promise<void>((resolve, reject) => {
    const onEvent = (type: string, object: { metadata: { name: string } }): void => {
      events.push(`${type} ${object.metadata.name}`);
      if (events.length === 3) resolve();
    };
    const query = { fieldSelector: "metadata.name=watched", timeoutSeconds: 10 };
    new Watch(config).watch("/api/v1/namespaces/default/services", query, onEvent, reject).catch(reject);
  });
  const core = config.makeApiClient(CoreV1Api);
  while (lab.server.requestCounts["watch services"] === undefined) await core.listNamespace();
  await core.createNamespacedService({ namespace: "default", body: service("watched") });
  const patch = { metadata: { labels: { a: "b" } } };
  const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
  await core.patchNamespacedService({ namespace: "default", name: "watched", body: patch }, merge);
  await core.deleteNamespacedService({ namespace: "default", name: "watched" });
  await done;
  expect(events).toEqual(["ADDED watched", "MODIFIED watched", "DELETED watched"]);
});

test("a unix socket serves the same, under every name that was asked for", async () => {
  const directory = mkdtempSync(join(tmpdir(), "api-socket-"));
  const socketPath = join(directory, "api.sock");
  const server = await startApiServer({ socketPath, extraNames: ["api.example.net", "192.0.2.7", "2001:db8::7"] });
  const ask = (servername: string, headers: object = {}): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const options = {
        socketPath,
        servername,
        path: "/api/v1/namespaces",
        ca: server.caCertificate,
        headers: { ...headers },
      };
      const request = httpsRequest(options, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.once("error", reject);
      request.end();
    });
  const authorization = `Bearer ${server.adminToken}`;
  try {
    expect(await ask("api.example.net", { authorization })).toBe(200);
    expect(await ask("kubernetes.default.svc")).toBe(403);
    await expect(ask("elsewhere.example.net")).rejects.toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
    expect(new X509Certificate(await certificateOf(server.port)).checkIP("2001:db8::7")).toBe("2001:db8::7");
  } finally {
    await server.close();
    rmSync(directory, { recursive: true });
  }
});

function certificateOf(port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().raw);
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

test("users that were added are known by their names", async () => {
  const token = lab.server.addUser("system:serviceaccount:metallb-system:speaker", ["system:serviceaccounts"]);
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const { json } = await lab.api.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", body, { token });
  expect(json.status.userInfo).toEqual({
    username: "system:serviceaccount:metallb-system:speaker",
    groups: ["system:serviceaccounts", "system:authenticated"],
  });
});
