import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApiServerLab } from "../support/api-server-lab.ts";
import type { ApiServerLab } from "../support/api-server-lab.ts";
import { POOLS, SERVICES, pool, service, summary } from "../support/golden-probes.ts";
import type { RawApiClient } from "../support/raw-api-client.ts";

let lab: ApiServerLab;
let api: RawApiClient;

beforeAll(async () => {
  lab = await startApiServerLab();
  api = lab.api;
});

afterAll(() => lab.close());

describe("bad input gets the answer of a real API server", () => {
  test.each([
    { why: "malformed JSON", body: "{bad", code: 400, message: /json parse error: invalid character 'b' looking for/ },
    { why: "cut JSON", body: `{"kind":"Service"`, code: 400, message: /unexpected end of JSON input/ },
    { why: "no body", body: "", code: 400, message: /<empty>/ },
    { why: "JSON that is no object", body: "[]", code: 400, message: /must be of type Service/ },
    { why: "another kind", body: { apiVersion: "v1", kind: "Pod" }, code: 400, message: /unknown conversion/ },
    {
      why: "an unknown kind",
      body: { apiVersion: "v1", kind: "Foo" },
      code: 400,
      message: /no kind "Foo" is registered/,
    },
    {
      why: "another version",
      body: { apiVersion: "v2", kind: "Service" },
      code: 400,
      message: /API version in the data/,
    },
    { why: "a number for a name", body: { metadata: { name: 1 } }, code: 400, message: /cannot unmarshal number/ },
    { why: "a list for labels", body: { metadata: { labels: [] } }, code: 400, message: /cannot unmarshal array/ },
    {
      why: "a number for a label",
      body: { metadata: { labels: { a: 1 } } },
      code: 400,
      message: /cannot unmarshal number/,
    },
    { why: "text for metadata", body: { metadata: "x" }, code: 400, message: /cannot unmarshal string/ },
    {
      why: "another namespace",
      body: { metadata: { name: "x", namespace: "b" } },
      code: 400,
      message: /does not match/,
    },
    {
      why: "text for ports",
      body: { metadata: { name: "x" }, spec: { ports: "a" } },
      code: 400,
      message: /cannot unmarshal/,
    },
    {
      why: "no name",
      body: { spec: { ports: [{ port: 1 }] } },
      code: 422,
      message: /name or generateName is required/,
    },
    { why: "a bad label", body: service("x", {}, { labels: { "a b": "c" } }), code: 422, message: /metadata\.labels/ },
    { why: "a bad finalizer", body: service("x", {}, { finalizers: ["a b"] }), code: 422, message: /finalizers\[0\]/ },
    {
      why: "an owner without uid",
      body: service("x", {}, { ownerReferences: [{}] }),
      code: 422,
      message: /uid must not/,
    },
    {
      why: "a version on create",
      body: service("x", {}, { resourceVersion: "1" }),
      code: 500,
      message: /should not be set/,
    },
  ])("POST with $why", async ({ body, code, message }) => {
    const answer = await api.post(SERVICES, body);
    expect(answer.json).toMatchObject({ kind: "Status", status: "Failure", code });
    expect(answer.code).toBe(code);
    expect(answer.json.message).toMatch(message);
  });

  test("a body above 3 MiB is refused, and the connection stays usable", async () => {
    const body = service("big", {}, { annotations: { a: "x".repeat(3 * 1024 * 1024) } });
    expect(summary(await api.post(SERVICES, body))).toMatch(/^413 RequestEntityTooLarge .*limit is 3145728/);
    expect((await api.get(SERVICES)).code).toBe(200);
  });

  test("annotations above 256 KiB are refused", async () => {
    const body = service("big", {}, { annotations: { a: "x".repeat(257 * 1024) } });
    expect(summary(await api.post(SERVICES, body))).toMatch(/^422 Invalid .*metadata\.annotations: Too long/);
  });

  test.each([
    { method: "POST", path: `${SERVICES}/x`, code: 405 },
    { method: "PUT", path: SERVICES, code: 405 },
    { method: "PATCH", path: SERVICES, code: 405 },
    { method: "POST", path: "/api/v1/services", code: 405 },
    { method: "DELETE", path: "/api/v1/services", code: 405 },
    { method: "GET", path: "/apis/authorization.k8s.io/v1/subjectaccessreviews", code: 405 },
    { method: "GET", path: `${SERVICES}/kubernetes/nonsense`, code: 404 },
    { method: "GET", path: "/apis/metallb.io/v9/ipaddresspools", code: 404 },
    { method: "GET", path: "/nonsense", code: 404 },
    { method: "GET", path: "/api/v1/namespaces/%zz/services", code: 400 },
    { method: "GET", path: `${SERVICES}?limit=x`, code: 400 },
    { method: "GET", path: `${SERVICES}?resourceVersion=x`, code: 400 },
    { method: "GET", path: `${SERVICES}?resourceVersionMatch=Exact`, code: 422 },
    { method: "POST", path: `${SERVICES}?dryRun=Some`, code: 400 },
    { method: "POST", path: `${SERVICES}?fieldValidation=Some`, code: 422 },
    { method: "PATCH", path: `${SERVICES}/kubernetes`, code: 415 },
  ])("$method $path is $code", async ({ method, path, code }) => {
    const answer = await api.send(method, path, method === "GET" ? {} : { body: {} });
    expect(answer.code).toBe(code);
  });

  test("protobuf that is none", async () => {
    const contentType = "application/vnd.kubernetes.protobuf";
    expect((await api.post(SERVICES, Buffer.from("k8s\0nonsense"), { contentType })).code).toBe(400);
  });
});

describe("Services are validated as by a real API server", () => {
  test.each([
    { why: "no ports", spec: { ports: [] }, message: "spec.ports: Required value" },
    { why: "port 0", spec: { ports: [{ port: 0 }] }, message: "spec.ports[0].port: Invalid value: 0: must be between" },
    {
      why: "two ports without names",
      spec: { ports: [{ port: 1 }, { port: 2 }] },
      message: "[spec.ports[0].name: Required value, spec.ports[1].name: Required value]",
    },
    {
      why: "a name twice",
      spec: {
        ports: [
          { name: "a", port: 1 },
          { name: "a", port: 2 },
        ],
      },
      message: 'spec.ports[1].name: Duplicate value: "a"',
    },
    {
      why: "a port twice",
      spec: {
        ports: [
          { name: "a", port: 1 },
          { name: "b", port: 1 },
        ],
      },
      message: "spec.ports[1]: Duplicate value",
    },
    {
      why: "an unknown protocol",
      spec: { ports: [{ port: 1, protocol: "X" }] },
      message: 'supported values: "SCTP", "TCP", "UDP"',
    },
    { why: "a bad target", spec: { ports: [{ port: 1, targetPort: "A_B" }] }, message: "spec.ports[0].targetPort" },
    { why: "an unknown type", spec: { type: "X" }, message: 'spec.type: Unsupported value: "X"' },
    { why: "headless", spec: { clusterIP: "None" }, message: "may not be set to 'None' for LoadBalancer services" },
    { why: "a taken address", spec: { clusterIP: "10.96.0.1" }, message: "provided IP is already allocated" },
    { why: "an address of elsewhere", spec: { clusterIP: "10.1.0.1" }, message: "does not match the current range" },
    {
      why: "a node port out of range",
      spec: { ports: [{ port: 1, nodePort: 80 }] },
      message: "The range of valid ports is 30000-32767",
    },
    {
      why: "a policy inside",
      spec: { type: "ClusterIP", externalTrafficPolicy: "Local" },
      message: "externally-accessible",
    },
    {
      why: "a class inside",
      spec: { type: "ClusterIP", loadBalancerClass: "a/b" },
      message: "may only be used when `type` is 'LoadBalancer'",
    },
    {
      why: "affinity config",
      spec: { sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } } },
      message: "must not be set when session affinity is None",
    },
    {
      why: "an affinity of days",
      spec: { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 90000 } } },
      message: "less than 86400",
    },
    {
      why: "a bad source range",
      spec: { loadBalancerSourceRanges: ["10.0.0.0/99"] },
      message: "must be a valid CIDR value",
    },
    {
      why: "two families, one stack",
      spec: { ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy: "SingleStack" },
      message: "spec.ipFamilyPolicy",
    },
    { why: "an unknown family", spec: { ipFamilies: ["IPv5"] }, message: "spec.ipFamilies" },
  ])("$why", async ({ spec, message }) => {
    const { json } = await api.post(SERVICES, service("refused", spec));
    expect(json).toMatchObject({ code: 422, reason: "Invalid" });
    expect(json.message).toContain(message);
  });

  test.each([
    { policy: undefined, families: undefined, got: ["IPv4"] },
    { policy: undefined, families: ["IPv6"], got: ["IPv6"] },
    { policy: "PreferDualStack", families: undefined, got: ["IPv4", "IPv6"] },
    { policy: "RequireDualStack", families: ["IPv6", "IPv4"], got: ["IPv6", "IPv4"] },
  ])("families $families with $policy become $got", async ({ policy, families, got }) => {
    const { json } = await api.post(SERVICES, service("dual", { ipFamilyPolicy: policy, ipFamilies: families }));
    await api.delete(`${SERVICES}/dual`);
    expect(json.spec.ipFamilies).toEqual(got);
    const kinds = json.spec.clusterIPs.map((ip: string) => (ip.startsWith("fd96::") ? "IPv6" : "IPv4"));
    expect(kinds).toEqual(got);
    expect(json.spec.clusterIP).toBe(json.spec.clusterIPs[0]);
  });

  test("allocateLoadBalancerNodePorts is honoured", async () => {
    const { json } = await api.post(SERVICES, service("plain", { allocateLoadBalancerNodePorts: false }));
    await api.delete(`${SERVICES}/plain`);
    expect(json.spec.ports[0].nodePort).toBeUndefined();
  });

  test("a dry run takes nothing", async () => {
    const wanted = { clusterIP: "10.96.0.77" };
    expect((await api.post(`${SERVICES}?dryRun=All`, service("dry", wanted))).code).toBe(201);
    expect((await api.get(`${SERVICES}/dry`)).code).toBe(404);
    expect((await api.post(SERVICES, service("wet", wanted))).code).toBe(201);
    await api.delete(`${SERVICES}/wet`);
  });

  test("what a Service held is free again after it is deleted", async () => {
    const wanted = { clusterIP: "10.96.0.78", ports: [{ port: 80, nodePort: 31999 }] };
    for (const name of ["first", "second"]) {
      expect((await api.post(SERVICES, service(name, wanted))).code).toBe(201);
      expect((await api.post(SERVICES, service("third", wanted))).code).toBe(422);
      await api.delete(`${SERVICES}/${name}`);
    }
  });
});

describe("preconditions", () => {
  test("a deletion with another uid is refused", async () => {
    await api.post(SERVICES, service("kept"));
    const answer = await api.delete(`${SERVICES}/kept`, { preconditions: { uid: "other" } });
    expect(summary(answer)).toMatch(/^409 Conflict .*Precondition failed: UID in precondition: other/);
    expect((await api.delete(`${SERVICES}/kept`)).code).toBe(200);
  });

  test("a custom resource can't be replaced without its version", async () => {
    await api.post(POOLS, pool("p", { addresses: ["10.0.0.0/8"] }));
    const answer = await api.put(`${POOLS}/p`, pool("p", { addresses: ["11.0.0.0/8"] }));
    expect(summary(answer)).toContain("metadata.resourceVersion: Invalid value: 0x0: must be specified for an update");
  });

  test("names in path and body must agree", async () => {
    const answer = await api.put(`${SERVICES}/kubernetes`, service("other"));
    expect(summary(answer)).toContain("the name of the object (other) does not match the name on the URL (kubernetes)");
  });
});

describe("lists", () => {
  const names = Array.from({ length: 7 }, (_, i) => `page-${i}`);

  beforeAll(async () => {
    for (const name of names) await api.post(SERVICES, service(name, {}, { labels: { page: name, all: "yes" } }));
  });

  test("pages show the state of the first page", async () => {
    const path = `${SERVICES}?labelSelector=all%3Dyes&limit=3`;
    const first = (await api.get(path)).json;
    await api.delete(`${SERVICES}/page-6`);
    await api.post(SERVICES, service("page-9", {}, { labels: { all: "yes" } }));
    const found = first.items.map((item: { metadata: { name: string } }) => item.metadata.name);
    let next = first.metadata.continue;
    while (next !== undefined) {
      const { json } = await api.get(`${path}&continue=${next}`);
      found.push(...json.items.map((item: { metadata: { name: string } }) => item.metadata.name));
      expect(json.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      next = json.metadata.continue;
    }
    expect(found).toEqual(names);
  });

  test("a continue token outlives its history no longer than that", async () => {
    const first = (await api.get(`${SERVICES}?limit=1`)).json;
    await api.post(SERVICES, service("later"));
    lab.server.testing.expireWatches("services");
    const answer = await api.get(`${SERVICES}?limit=1&continue=${first.metadata.continue}`);
    expect(summary(answer)).toMatch(/^410 Expired The provided continue parameter is too old/);
  });

  test("resourceVersion=0 ignores the limit", async () => {
    const { json } = await api.get(`${SERVICES}?limit=1&resourceVersion=0`);
    expect(json.items.length).toBeGreaterThan(1);
    expect(json.metadata.continue).toBeUndefined();
  });

  test.each([
    { selector: "page in (page-0,page-1)", count: 2 },
    { selector: "page notin (page-0),all", count: 6 },
    { selector: "!all,page", count: 0 },
    { selector: "page!=page-0,all=yes,page", count: 5 },
    { selector: "page==page-2", count: 1 },
  ])("labelSelector $selector", async ({ selector, count }) => {
    const { json } = await api.get(`${SERVICES}?labelSelector=${encodeURIComponent(selector)}`);
    expect(json.items).toHaveLength(count);
  });
});

describe("tests can make it fail", () => {
  test("the next matching request, once", async () => {
    lab.server.testing.failNext(({ verb, resource }) => verb === "list" && resource === "nodes", 503, "Busy");
    expect((await api.get(SERVICES)).code).toBe(200);
    expect((await api.get("/api/v1/nodes")).json).toMatchObject({ code: 503, reason: "Busy" });
    expect((await api.get("/api/v1/nodes")).code).toBe(200);
    expect(lab.server.requestCounts["list nodes"]).toBe(2);
  });
});
