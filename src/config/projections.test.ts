import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "../ports/kube.ts";
import { projectEndpointSlice } from "./endpoint-slice.ts";
import { projectNamespace } from "./namespace.ts";
import { projectNode } from "./node.ts";
import { projectPod } from "./pod.ts";
import { projectSecret } from "./secret.ts";
import { isOurClass, projectService, requestOf } from "./service.ts";

const DUAL: KubeObject = {
  metadata: {
    namespace: "shop",
    name: "web",
    uid: "u1",
    resourceVersion: "7",
    creationTimestamp: "2026-11-21T12:00:00Z",
    labels: { app: "web" },
    annotations: {
      "metallb.universe.tf/allow-shared-ip": "old",
      "metallb.io/allow-shared-ip": "",
      "kubectl.kubernetes.io/last-applied-configuration": "{}",
    },
  },
  spec: {
    type: "LoadBalancer",
    loadBalancerIP: "192.168.1.200",
    ports: [{ name: "http", protocol: "TCP", port: 80, nodePort: 31234 }, { port: 53 }],
    externalTrafficPolicy: "Local",
    selector: { app: "web" },
    clusterIPs: ["10.96.0.1", "fd00::1"],
    ipFamilies: ["IPv4", "IPv6"],
    ipFamilyPolicy: "PreferDualStack",
  },
  status: {
    loadBalancer: { ingress: [{ ip: "192.168.1.200", ipMode: "VIP" }, { hostname: "web.example" }] },
    conditions: [{ type: "metallb.io/Allocated", status: "False", reason: "x", message: "y", observedGeneration: 3 }],
  },
};

describe("projectService", () => {
  test("keeps what is used and nothing else", () => {
    expect(projectService(DUAL)).toEqual({
      namespace: "shop",
      name: "web",
      uid: "u1",
      resourceVersion: "7",
      creationTimestamp: "2026-11-21T12:00:00Z",
      labels: { app: "web" },
      annotations: { "metallb.universe.tf/allow-shared-ip": "old", "metallb.io/allow-shared-ip": "" },
      type: "LoadBalancer",
      loadBalancerClass: undefined,
      loadBalancerIP: "192.168.1.200",
      externalTrafficPolicy: "Local",
      selector: { app: "web" },
      ports: [
        { protocol: "TCP", port: 80 },
        { protocol: "TCP", port: 53 },
      ],
      clusterIPs: ["10.96.0.1", "fd00::1"],
      ipFamilies: ["IPv4", "IPv6"],
      ipFamilyPolicy: "PreferDualStack",
      ingress: [
        { ip: "192.168.1.200", hostname: "" },
        { ip: "", hostname: "web.example" },
      ],
      conditions: [
        {
          type: "metallb.io/Allocated",
          status: "False",
          reason: "x",
          message: "y",
          lastTransitionTime: "",
          observedGeneration: 3,
        },
      ],
    });
  });

  test("a present new key wins over the deprecated one even when it is empty", () => {
    const service = projectService(DUAL);
    expect(requestOf(service, "sharingKey")).toBe("");
    expect(requestOf(service, "pool")).toBeUndefined();
  });

  test.each([
    [undefined, "", true],
    ["x", "", false],
    [undefined, "x", false],
    ["x", "x", true],
    ["y", "x", false],
  ])("class %j is served by an installation for %j: %j", (loadBalancerClass, ours, want) => {
    const service = projectService({ metadata: { name: "a" }, spec: { loadBalancerClass } });
    expect(isOurClass(service, ours)).toBe(want);
  });
});

describe("projectEndpointSlice", () => {
  const slice = (...endpoints: object[]) =>
    projectEndpointSlice({
      metadata: { namespace: "shop", name: "web-1", labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      endpoints,
    });

  test.each([
    [{}, true, 1],
    [{ ready: true }, true, 1],
    [{ ready: null }, true, 1],
    [{ ready: false }, false, 0],
    [{ ready: false, serving: true, terminating: true }, true, 0],
    [{ ready: true, serving: false }, true, 1],
    [{ ready: false, serving: false }, false, 0],
  ])("conditions %j make an endpoint usable: %j, and count as %i", (conditions, usable, count) => {
    expect(slice({ addresses: ["10.1.1.1"], nodeName: "a", conditions })).toEqual({
      service: "shop/web",
      usable,
      nodes: usable ? ["a"] : [],
      ready: usable ? [count] : [],
      family: "IPv4",
    });
  });

  test("nodes are listed once and in order; endpoints without a node still count", () => {
    expect(slice({ nodeName: "b" }, { nodeName: "a" }, { nodeName: "b" }).nodes).toEqual(["a", "b"]);
    expect(slice({ addresses: ["fd00::5"] })).toMatchObject({ service: "shop/web", usable: true, nodes: [] });
  });

  test("ready endpoints are counted by node; terminating ones take traffic, and don't count", () => {
    const terminating = { ready: false, serving: true, terminating: true };
    const { nodes, ready } = slice(
      { nodeName: "b" },
      { nodeName: "a", conditions: terminating },
      { nodeName: "c", conditions: { ready: false } },
      { nodeName: "b", conditions: { ready: true } },
      { nodeName: "b", conditions: terminating },
      {},
    );
    expect([nodes, ready]).toEqual([
      ["a", "b"],
      [0, 2],
    ]);
  });

  test.each([
    ["IPv4", "IPv4"],
    ["IPv6", "IPv6"],
    ["FQDN", undefined],
    [undefined, undefined],
  ])("a slice of type %j has addresses of family %j", (addressType, family) => {
    expect(projectEndpointSlice({ metadata: { name: "x" }, addressType }).family).toBe(family);
  });

  test("a slice without the label belongs to no Service", () => {
    expect(projectEndpointSlice({ metadata: { name: "x" } }).service).toBeUndefined();
  });
});

test.each([
  ["True", true],
  ["False", false],
  ["Unknown", false],
])("a Node whose NetworkUnavailable is %s is unavailable: %j", (status, want) => {
  const conditions = [
    { type: "Ready", status: "True" },
    { type: "NetworkUnavailable", status },
  ];
  expect(projectNode({ metadata: { name: "n" }, status: { conditions } }).networkUnavailable).toBe(want);
});

test("any JSON is projected without throwing, and long names count as absent", () => {
  const projections = [projectService, projectNode, projectNamespace, projectPod, projectEndpointSlice];
  const object = fc.record({
    metadata: fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue())),
    spec: fc.jsonValue(),
    status: fc.record({ conditions: fc.jsonValue(), loadBalancer: fc.record({ ingress: fc.jsonValue() }) }),
    endpoints: fc.jsonValue(),
  });
  fc.assert(
    fc.property(object, (hostile) => {
      for (const project of projections) expect(project(hostile as unknown as KubeObject)).toBeTypeOf("object");
    }),
  );
  expect(projectNode({ metadata: { name: "n".repeat(1_000_000) } }).name).toBe("");
});

test("no condition of a Service is left out, however many there are: the list is written back", () => {
  const conditions = Array.from({ length: 5_000 }, (_, i) => ({
    type: `example.org/${i}`,
    status: "True",
    reason: "Reason",
    message: "",
    lastTransitionTime: "2025-01-01T00:00:00Z",
  }));
  expect(projectService({ metadata: { name: "s" }, status: { conditions } }).conditions).toEqual(conditions);
});

describe("projectSecret", () => {
  const secret = (type: unknown, password: unknown) =>
    projectSecret({ metadata: { name: "s" }, type, data: { username: "eA==", password } });

  test.each([
    ["kubernetes.io/basic-auth", "cGFzc3fDtnJk", "passwörd"],
    ["kubernetes.io/basic-auth", "", ""],
    ["kubernetes.io/basic-auth", undefined, undefined],
    ["kubernetes.io/basic-auth", 7, undefined],
    ["kubernetes.io/basic-auth", "not base64!", undefined],
    ["kubernetes.io/basic-auth", "/w==", undefined],
    ["kubernetes.io/basic-auth", "A".repeat(1_000_000), undefined],
    ["Opaque", "cGFzc3fDtnJk", undefined],
  ])("of type %s with password %.20j keeps %j", (type, password, want) => {
    expect(secret(type, password)).toEqual({ name: "s", type, password: want });
  });
});
