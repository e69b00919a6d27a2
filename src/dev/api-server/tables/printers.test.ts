import { describe, expect, test } from "vitest";
import type { ApiObject } from "../objects.ts";
import { customTable } from "./custom.ts";
import { EVENTS } from "./events.ts";
import { ENDPOINTS, SERVICES } from "./network.ts";
import { PODS } from "./workloads.ts";

const NOW = Date.UTC(2026, 0, 1, 0, 1, 0);
const metadata = { name: "x", creationTimestamp: "2026-01-01T00:00:00Z" };

function object(fields: object): ApiObject {
  return { apiVersion: "v1", kind: "X", metadata, ...fields };
}

describe("Services", () => {
  test.each([
    {
      why: "a pending load balancer",
      fields: {
        spec: { type: "LoadBalancer", clusterIP: "10.96.0.9", ports: [{ port: 80, nodePort: 31234, protocol: "TCP" }] },
      },
      cells: ["x", "LoadBalancer", "10.96.0.9", "<pending>", "80:31234/TCP", "60s", "<none>"],
    },
    {
      why: "two addresses and two ports",
      fields: {
        spec: {
          type: "LoadBalancer",
          clusterIP: "fd96::9",
          selector: { b: "2", a: "1" },
          ports: [
            { port: 53, protocol: "UDP" },
            { port: 53, protocol: "TCP" },
          ],
        },
        status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }, { ip: "2001:db8::1" }] } },
      },
      cells: ["x", "LoadBalancer", "fd96::9", "192.0.2.1,2001:db8::1", "53/UDP,53/TCP", "60s", "a=1,b=2"],
    },
    {
      why: "a headless one",
      fields: { spec: { type: "ClusterIP", clusterIP: "None" } },
      cells: ["x", "ClusterIP", "None", "<none>", "<none>", "60s", "<none>"],
    },
    {
      why: "an external name",
      fields: { spec: { type: "ExternalName", externalName: "example.com" } },
      cells: ["x", "ExternalName", "<none>", "example.com", "<none>", "60s", "<none>"],
    },
  ])("$why", ({ fields, cells }) => {
    expect(SERVICES.cells(object(fields), NOW)).toEqual(cells);
  });
});

test.each([
  { ips: [], text: "<none>" },
  { ips: ["10.0.0.1"], text: "10.0.0.1:80" },
  { ips: ["fd00::1"], text: "[fd00::1]:80" },
  { ips: ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"], text: "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more..." },
])("endpoints $ips", ({ ips, text }) => {
  const subsets = [{ addresses: ips.map((ip) => ({ ip })), ports: [{ port: 80 }] }];
  expect(ENDPOINTS.cells(object({ subsets }), NOW)[1]).toBe(text);
});

test.each([
  { fields: { status: { phase: "Running" } }, status: "Running" },
  { fields: { metadata: { ...metadata, deletionTimestamp: "x" } }, status: "Terminating" },
  {
    fields: { status: { phase: "Pending", containerStatuses: [{ state: { waiting: { reason: "ErrImagePull" } } }] } },
    status: "ErrImagePull",
  },
])("a pod is $status", ({ fields, status }) => {
  expect(PODS.cells(object(fields), NOW)[2]).toBe(status);
});

test("an event that was repeated says how often and since when", () => {
  const event = object({
    type: "Warning",
    reason: "AllocationFailed",
    message: "no address\n",
    involvedObject: { kind: "Service", name: "web" },
    source: { component: "controller" },
    count: 4,
    firstTimestamp: "2025-12-31T23:59:00Z",
    lastTimestamp: "2026-01-01T00:00:50Z",
  });
  expect(EVENTS.cells(event, NOW)).toEqual([
    "10s (x4 over 2m)",
    "Warning",
    "AllocationFailed",
    "service/web",
    "",
    "controller",
    "no address",
    "2m",
    4,
    "x",
  ]);
});

describe("columns of custom resources", () => {
  const pool = object({
    spec: {
      addresses: ["10.0.0.0/24", "fd00::/64"],
      autoAssign: false,
      ports: [
        { n: "a", p: 1 },
        { n: "b", p: 2 },
      ],
    },
    status: {
      conditions: [
        { type: "Ready", status: "True" },
        { type: "Other", status: "False" },
      ],
    },
    metadata: { ...metadata, annotations: { "metallb.io/pool": "p" } },
  });

  test.each([
    { jsonPath: ".spec.addresses", type: "string", cell: '["10.0.0.0/24","fd00::/64"]' },
    { jsonPath: ".spec.addresses[0]", type: "string", cell: "10.0.0.0/24" },
    { jsonPath: ".spec.ports[*].p", type: "string", cell: "1,2" },
    { jsonPath: ".spec.autoAssign", type: "boolean", cell: false },
    { jsonPath: ".spec.missing", type: "string", cell: null },
    { jsonPath: '.status.conditions[?(@.type=="Ready")].status', type: "string", cell: "True" },
    { jsonPath: String.raw`.metadata.annotations.metallb\.io/pool`, type: "string", cell: "p" },
    { jsonPath: ".metadata.creationTimestamp", type: "date", cell: "60s" },
  ])("$jsonPath", ({ jsonPath, type, cell }) => {
    expect(customTable([{ name: "X", type, jsonPath }]).cells(pool, NOW)).toEqual(["x", cell]);
  });

  test("without any are name and age", () => {
    expect(customTable(undefined).cells(pool, NOW)).toEqual(["x", "60s"]);
  });

  test.each([".spec[?(process.exit(1))]", ".spec[?(", "$$$["])("%s runs no code and breaks nothing", (jsonPath) => {
    expect(customTable([{ name: "X", type: "string", jsonPath }]).cells(pool, NOW)).toEqual(["x", null]);
  });
});
