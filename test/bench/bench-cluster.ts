import { once } from "node:events";
import { Agent, get } from "node:https";
import type { IncomingMessage } from "node:http";
import type { RawApiClient } from "../support/raw-api-client.ts";
import type { ServerProcess } from "./server-process.ts";

const COLLECTION = "/api/v1/namespaces/default/services";
const POOLS = "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools";
/** Requests under way at a time: enough to keep the server busy, few enough to need no queue in it. */
const CONCURRENCY = 16;

/** What the objects looked like at one moment. */
interface Versions {
  changed(later: Versions): { readonly servicesWritten: number; readonly poolsWritten: number };
  readonly services: ReadonlyMap<string, string>;
  readonly pools: ReadonlyMap<string, string>;
}

/** A cluster for benchmarks: many Services of one kind, and a pool for all of them. */
export class BenchCluster {
  readonly server: ServerProcess;
  readonly #api: RawApiClient;

  constructor(server: ServerProcess, api: RawApiClient) {
    this.server = server;
    this.#api = api;
  }

  async prepare(): Promise<void> {
    await this.#post("/api/v1/namespaces", { metadata: { name: "metallb-system" } });
    await this.#post(POOLS, {
      ...kind("IPAddressPool"),
      metadata: { name: "bench" },
      spec: { addresses: ["10.16.0.0/12"] },
    });
  }

  async createServices(from: number, to: number): Promise<void> {
    let next = from;
    const client = async (): Promise<void> => {
      while (next < to) await this.createService(`app-${next++}`);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, client));
  }

  /** Resolves to when the answer was there. */
  async createService(name: string): Promise<number> {
    await this.#post(COLLECTION, service(name));
    return performance.now();
  }

  /**
   * Watches Services from now on; `complete` resolves to the times at which the first `count` of them (or the one of
   * that name) had an address.
   */
  async watchAddresses(count: number, name?: string): Promise<{ readonly complete: Promise<readonly number[]> }> {
    const selector = name === undefined ? "" : `&fieldSelector=metadata.name%3D${name}`;
    const list = await this.#api.get(`${COLLECTION}?limit=1${selector}`);
    const { url, caCertificate, adminToken } = this.server.reached;
    const path = `${COLLECTION}?watch=1&resourceVersion=${list.json.metadata.resourceVersion}${selector}`;
    const request = get(new URL(path, url), {
      agent: new Agent({ ca: caCertificate }),
      headers: { authorization: `Bearer ${adminToken}` },
    });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return { complete: addressTimes(response, count).finally(() => request.destroy()) };
  }

  async versions(): Promise<Versions> {
    const [services, pools] = await Promise.all([this.#versionsOf(COLLECTION), this.#versionsOf(POOLS)]);
    const differing = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>) =>
      [...after].filter(([name, version]) => before.get(name) !== version).length;
    return {
      services,
      pools,
      changed: (later) => ({
        servicesWritten: differing(services, later.services),
        poolsWritten: differing(pools, later.pools),
      }),
    };
  }

  async #versionsOf(path: string): Promise<ReadonlyMap<string, string>> {
    const { json } = await this.#api.get(path);
    const items = json.items as readonly {
      readonly metadata: { readonly name: string; readonly resourceVersion: string };
    }[];
    return new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
  }

  async #post(path: string, body: unknown): Promise<void> {
    const { code, text } = await this.#api.post(path, body);
    if (code >= 300) throw new Error(`the API server answered ${code}: ${text}`);
  }
}

/** Looks for the address in the text of an event: parsing would make the bench slower than what it measures. */
async function addressTimes(response: IncomingMessage, count: number): Promise<readonly number[]> {
  const seen = new Map<string, number>();
  let rest = "";
  response.setEncoding("utf8");
  if (count === 0) return [];
  for await (const chunk of response as AsyncIterable<string>) {
    const now = performance.now();
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (!line.includes(`"ingress":[{"ip":"`)) continue;
      const uid = /"uid":"([^"]+)"/.exec(line)![1]!;
      if (!seen.has(uid)) seen.set(uid, now);
    }
    if (seen.size >= count) return [...seen.values()];
  }
  throw new Error(`the watch ended after ${seen.size} of ${count} Services had an address`);
}

function kind(name: string) {
  return { apiVersion: "metallb.io/v1beta1", kind: name };
}

function service(name: string) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      labels: { app: name },
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "x".repeat(500) },
    },
    spec: {
      type: "LoadBalancer",
      allocateLoadBalancerNodePorts: false,
      selector: { app: name },
      ports: [{ name: "http", port: 80, targetPort: 8080 }],
    },
  };
}
