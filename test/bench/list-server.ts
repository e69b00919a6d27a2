/**
 * `list-server.ts COUNT`: an API server that knows nothing but streaming lists of COUNT Services, and of COUNT EndpointSlices
 * of ten endpoints. Prints a kubeconfig on one line.
 */
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { KubeObject } from "../../src/ports/kube.ts";
import { selfSignedCertificate } from "../../src/tls/self-signed.ts";

const COUNT = Number(process.argv[2]);
const ENDPOINTS = 10;

await serve();

async function serve(): Promise<void> {
  const [services, slices] = [list(service), list(endpointSlice)];
  const { cert, key } = await selfSignedCertificate({ commonName: "bench", ips: ["127.0.0.1"] });
  const server: Server = createServer({ cert, key }, (request, response) => {
    response.write(request.url?.includes("endpointslices") ? slices : services);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    "certificate-authority-data": Buffer.from(cert).toString("base64"),
  };
  const config = {
    "current-context": "bench",
    clusters: [{ name: "bench", cluster }],
    users: [{ name: "bench", user: { token: "bench" } }],
    contexts: [{ name: "bench", context: { cluster: "bench", user: "bench" } }],
  };
  process.stdout.write(`${JSON.stringify(config)}\n`);
}

/** What a real server adds to every object, and nobody here needs. */
function metadata(name: string, i: number) {
  return {
    name,
    namespace: `team-${i % 50}`,
    uid: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
    resourceVersion: String(i + 1),
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels: { app: `app-${i}`, "kubernetes.io/service-name": `app-${i}` },
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": "x".repeat(500) },
    managedFields: [
      { manager: "kubectl", operation: "Update", fieldsV1: { "f:spec": { "f:ports": "x".repeat(300) } } },
    ],
  };
}

function service(i: number): KubeObject {
  return {
    metadata: metadata(`app-${i}`, i),
    spec: {
      type: "LoadBalancer",
      selector: { app: `app-${i}` },
      clusterIP: `10.96.${(i >> 8) & 255}.${i & 255}`,
      clusterIPs: [`10.96.${(i >> 8) & 255}.${i & 255}`],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      externalTrafficPolicy: "Cluster",
      ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: 8080, nodePort: 30_000 + (i % 2768) }],
    },
    status: { loadBalancer: { ingress: [{ ip: `192.168.${(i >> 8) & 255}.${i & 255}`, ipMode: "VIP" }] } },
  };
}

function endpointSlice(i: number): KubeObject {
  return {
    metadata: metadata(`app-${i}-abcde`, i),
    addressType: "IPv4",
    ports: [{ name: "http", protocol: "TCP", port: 8080 }],
    endpoints: Array.from({ length: ENDPOINTS }, (_, n) => ({
      addresses: [`10.${n}.${(i >> 8) & 255}.${i & 255}`],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${n}`,
      targetRef: { kind: "Pod", namespace: `team-${i % 50}`, name: `app-${i}-${n}`, uid: `${i}-${n}` },
    })),
  };
}

/** A streaming list to its end; made once, so that the server has little to do while its clients are measured. */
function list(make: (i: number) => KubeObject): string {
  const end = { metadata: { resourceVersion: "1", annotations: { "k8s.io/initial-events-end": "true" } } };
  const lines = Array.from({ length: COUNT }, (_, i) => JSON.stringify({ type: "ADDED", object: make(i) }));
  return `${lines.join("\n")}\n${JSON.stringify({ type: "BOOKMARK", object: end })}\n`;
}
