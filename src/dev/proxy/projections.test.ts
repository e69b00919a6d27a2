import { expect, test } from "vitest";
import { projectProxiedService, projectProxiedSlice } from "./projections.ts";

const METADATA = { name: "x", namespace: "web" };

test("a Service is reduced to what a proxy needs", () => {
  const service = projectProxiedService({
    metadata: METADATA,
    spec: {
      externalTrafficPolicy: "Local",
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 7200 } },
      ports: [{ port: 80 }, { name: "dns", port: 53, protocol: "UDP" }, { port: 9, protocol: "SCTP" }, { port: "x" }],
    },
    status: { loadBalancer: { ingress: [{ ip: "192.168.1.200" }, { hostname: "only-a-name" }] } },
  });
  expect(service).toEqual({
    addresses: ["192.168.1.200"],
    ports: [
      { name: "", protocol: "TCP", port: 80 },
      { name: "dns", protocol: "UDP", port: 53 },
    ],
    localOnly: true,
    affinity: 7200,
  });
});

test.each([
  { affinity: "ClientIP", seconds: 10_800 },
  { affinity: "None", seconds: 0 },
  { affinity: undefined, seconds: 0 },
])("session affinity $affinity lasts $seconds s", ({ affinity, seconds }) => {
  expect(projectProxiedService({ metadata: METADATA, spec: { sessionAffinity: affinity } }).affinity).toBe(seconds);
});

test("a slice keeps ready endpoints; unset means ready", () => {
  const slice = projectProxiedSlice({
    metadata: { ...METADATA, labels: { "kubernetes.io/service-name": "a" } },
    ports: [{ name: "http", port: 8080 }],
    endpoints: [
      { addresses: ["10.0.0.1"], nodeName: "node-1", conditions: { ready: true } },
      { addresses: ["10.0.0.2"], nodeName: "node-2", conditions: { ready: false } },
      { addresses: ["10.0.0.3"] },
      { addresses: [] },
    ],
  });
  expect(slice).toEqual({
    service: "web/a",
    ports: [{ name: "http", protocol: "TCP", port: 8080 }],
    endpoints: [
      { address: "10.0.0.1", node: "node-1" },
      { address: "10.0.0.3", node: "" },
    ],
  });
});

test.each([{}, { spec: 1, status: "x" }, { spec: { ports: {} }, status: { loadBalancer: { ingress: 7 } } }])(
  "what has the wrong shape counts as absent: %j",
  (fields) => {
    const object = { metadata: METADATA, ...fields };
    expect(projectProxiedService(object)).toEqual({ addresses: [], ports: [], localOnly: false, affinity: 0 });
    expect(projectProxiedSlice(object)).toEqual({ service: "web/", ports: [], endpoints: [] });
  },
);
