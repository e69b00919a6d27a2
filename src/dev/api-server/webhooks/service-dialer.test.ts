import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { Storage } from "../storage.ts";
import { serviceDialer } from "./service-dialer.ts";

const NAMESPACE = "system";

/** A Service with port 443, and a slice of it with one endpoint. */
function dial(endpoint: { readonly ready: boolean } | undefined, { port = 443 } = {}): Promise<string> {
  const storage = new Storage();
  const metadata = { name: "hook", namespace: NAMESPACE };
  storage.put("services", {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { ports: [{ name: "tls", port: 443 }] },
  });
  if (endpoint !== undefined) {
    storage.put("endpointslices.discovery.k8s.io", {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "hook-1", namespace: NAMESPACE, labels: { "kubernetes.io/service-name": "hook" } },
      ports: [{ name: "tls", port: 9443 }],
      endpoints: [{ addresses: ["10.0.0.2"], conditions: endpoint }],
    });
  }
  let dialled = "";
  const dialService = serviceDialer(storage, async (where) => {
    dialled = `${where.host}:${where.port}`;
    return new PassThrough();
  });
  return dialService({ namespace: NAMESPACE, name: "hook", port }).then(() => dialled);
}

test("a Service's port leads to the target port of a ready endpoint", async () => {
  expect(await dial({ ready: true })).toBe("10.0.0.2:9443");
});

test.each([
  { why: "no endpoint", call: () => dial(undefined) },
  { why: "none that is ready", call: () => dial({ ready: false }) },
  { why: "another port", call: () => dial({ ready: true }, { port: 80 }) },
])("$why", async ({ call }) => {
  await expect(call()).rejects.toThrow('no endpoints available for service "hook"');
});

test("no Service", async () => {
  const dialService = serviceDialer(new Storage(), () => Promise.reject(new Error("dialled")));
  await expect(dialService({ namespace: NAMESPACE, name: "none", port: 443 })).rejects.toThrow(
    'service "none" not found',
  );
});
