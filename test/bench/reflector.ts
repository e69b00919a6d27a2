import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectEndpointSlice } from "../../src/config/endpoint-slice.ts";
import { KINDS } from "../../src/config/kinds.ts";
import { projectService } from "../../src/config/service.ts";
import { loadEndpoint } from "../../src/k8s/endpoint.ts";
import { createKubeWatcher } from "../../src/k8s/reflector.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import type { KubeObject, WatchOptions } from "../../src/ports/kube.ts";
import { selfSignedCertificate } from "../../src/tls/self-signed.ts";
import { silentLog } from "../support/silent-log.ts";

/**
 * Memory and time that the stores of a large cluster cost: `node --expose-gc test/bench/reflector.ts [COUNT]`.
 * A child process serves COUNT Services and COUNT EndpointSlices of ten endpoints as streaming lists; this process
 * watches them and prints one line of JSON.
 */
const COUNT = Number(process.argv.at(-1)) || 10_000;
const ENDPOINTS = 10;
const MIB = 1024 * 1024;

if (process.argv.includes("serve")) await serve();
else await measure();

async function measure(): Promise<void> {
  const child = spawn(process.execPath, [import.meta.filename, "serve", String(COUNT)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const folder = mkdtempSync(join(tmpdir(), "metallb-bench-"));
  try {
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(kubeconfig, await firstLine(child));
    const before = rss();
    const started = performance.now();
    const cpu = process.cpuUsage();
    const watcher = createKubeWatcher(await loadEndpoint({ kubeconfig, env: {} }), {
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
    });
    const stores = await Promise.all([
      fill({ resource: KINDS.Service, project: projectService }),
      fill({ resource: KINDS.EndpointSlice, project: projectEndpointSlice }),
    ]);
    const milliseconds = Math.round(performance.now() - started);
    const { user, system } = process.cpuUsage(cpu);
    const peak = process.resourceUsage().maxRSS / 1024;
    globalThis.gc?.();
    const report = {
      services: stores[0].size,
      endpointSlices: stores[1].size,
      milliseconds,
      cpuMilliseconds: Math.round((user + system) / 1000),
      rssBeforeMiB: before,
      rssMiB: rss(),
      peakRssMiB: Math.round(peak),
      heapMiB: Math.round(process.memoryUsage().heapUsed / MIB),
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);

    function fill<T>(options: WatchOptions<T>): Promise<ReadonlyMap<string, T>> {
      const store = new Map<string, T>();
      return new Promise((resolve) => {
        const handle = watcher.watch(options, {
          set: (key, value) => void store.set(key, value),
          delete: (key) => void store.delete(key),
          synced: () => {
            handle.close();
            resolve(store);
          },
        });
      });
    }
  } finally {
    child.kill();
    rmSync(folder, { recursive: true });
  }
}

function rss(): number {
  return Math.round(process.memoryUsage.rss() / MIB);
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.stdout?.once("data", (chunk: Buffer) => resolve(chunk.toString())));
}

/** Streaming lists and nothing else. Prints a kubeconfig on one line. */
async function serve(): Promise<void> {
  const { cert, key } = await selfSignedCertificate({ commonName: "bench", ips: ["127.0.0.1"] });
  const server: Server = createServer({ cert, key }, (request, response) => {
    const make = request.url?.includes("endpointslices") ? endpointSlice : service;
    const end = { metadata: { resourceVersion: "1", annotations: { "k8s.io/initial-events-end": "true" } } };
    const lines = Array.from({ length: COUNT }, (_, i) => JSON.stringify({ type: "ADDED", object: make(i) }));
    response.write(`${lines.join("\n")}\n${JSON.stringify({ type: "BOOKMARK", object: end })}\n`);
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
