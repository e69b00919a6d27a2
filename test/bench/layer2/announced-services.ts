import type { RawApiClient } from "../../support/raw-api-client.ts";

const SERVICES = "/api/v1/namespaces/default/services";
const SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
const OURS = "/apis/metallb.io/v1beta1/namespaces/metallb-system";
const CONCURRENCY = 16;

/** A node, a speaker's Pod on it, and a pool for all Services. */
export async function prepareCluster(api: RawApiClient, address: string): Promise<void> {
  await post(api, "/api/v1/namespaces", { metadata: { name: "metallb-system" } });
  await post(api, "/api/v1/nodes", { metadata: { name: "bench" } });
  const addresses = [{ type: "InternalIP", address }];
  const conditions = [{ type: "Ready", status: "True" }];
  await patchStatus(api, "/api/v1/nodes/bench", { addresses, conditions });
  const labels = { app: "metallb", component: "speaker" };
  const containers = [{ name: "speaker", image: "metallb" }];
  await post(api, "/api/v1/namespaces/metallb-system/pods", {
    metadata: { name: "speaker-bench", labels },
    spec: { nodeName: "bench", hostNetwork: true, containers },
  });
  const pod = "/api/v1/namespaces/metallb-system/pods/speaker-bench";
  await patchStatus(api, pod, { phase: "Running", podIP: address, podIPs: [{ ip: address }] });
  const spec = { addresses: ["10.16.0.0/13"] };
  await post(api, `${OURS}/ipaddresspools`, { ...kind("IPAddressPool"), metadata: { name: "bench" }, spec });
  await post(api, `${OURS}/l2advertisements`, { ...kind("L2Advertisement"), metadata: { name: "bench" }, spec: {} });
}

/** Creates Services `from` up to `to`, as if a controller had given each an address, with a ready endpoint. */
export async function announcedServices(api: RawApiClient, from: number, to: number): Promise<void> {
  let next = from;
  const client = async (): Promise<void> => {
    while (next < to) await announcedService(api, next++);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, client));
}

async function announcedService(api: RawApiClient, i: number): Promise<void> {
  const name = `app-${i}`;
  const ports = [{ name: "http", port: 80 }];
  const spec = { type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports };
  await post(api, SERVICES, { metadata: { name, labels: { app: name } }, spec });
  const ip = `10.16.${i >> 8}.${i & 255}`;
  await patchStatus(api, `${SERVICES}/${name}`, { loadBalancer: { ingress: [{ ip }] } });
  await post(api, SLICES, {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports,
    endpoints: [{ addresses: [`10.200.${i >> 8}.${i & 255}`], conditions: { ready: true }, nodeName: "bench" }],
  });
}

async function post(api: RawApiClient, path: string, body: unknown): Promise<void> {
  const { code, text } = await api.post(path, body);
  if (code >= 300) throw new Error(`POST ${path}: ${code} ${text}`);
}

async function patchStatus(api: RawApiClient, path: string, status: object): Promise<void> {
  const { code, text } = await api.patch(`${path}/status`, "merge", { status });
  if (code >= 300) throw new Error(`PATCH ${path}/status: ${code} ${text}`);
}

function kind(name: string) {
  return { apiVersion: "metallb.io/v1beta1", kind: name };
}
