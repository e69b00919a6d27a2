import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ROWS } from "../../scripts/generate-dashboard.ts";
import type { Manifest } from "../support/helm.ts";
import { MonitoredCluster } from "../support/monitored-cluster.ts";
import { type FiringAlert, Prometheus } from "../support/prometheus.ts";
import type { RuleGroups } from "../support/promtool.ts";
import { requireOrSkip } from "../support/requirements.ts";

const NAMESPACE = "metallb-system";
const PATIENCE = { timeout: 20_000, interval: 100 };

/** A port of loopback where nobody listens: tcpmux, which nothing speaks. */
const NOBODY = 1;

let cluster: MonitoredCluster;
let prometheus: Prometheus;

function pool(name: string, ...addresses: readonly string[]): Manifest {
  return {
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { name, namespace: NAMESPACE },
    spec: { addresses },
  };
}

/** Of both families, from the pool that has one address of each. */
function service(name: string): Manifest {
  const annotations = { "metallb.io/address-pool": "full" };
  const spec = { type: "LoadBalancer", ipFamilyPolicy: "RequireDualStack", ports: [{ port: 80 }] };
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default", annotations }, spec };
}

/** On the only node. */
function endpoint(service: string): Manifest {
  const labels = { "kubernetes.io/service-name": service };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${service}-1`, namespace: "default", labels },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.244.0.1"], nodeName: "node-1", conditions: { ready: true } }],
    ports: [{ port: 80 }],
  };
}

function advertisement(name: string): Manifest {
  return { apiVersion: "metallb.io/v1beta1", kind: "L2Advertisement", metadata: { name, namespace: NAMESPACE } };
}

function peer(name: string, peerAddress: string, peerPort: number): Manifest {
  const spec = { myASN: 64500, peerASN: 64501, peerAddress, peerPort };
  return { apiVersion: "metallb.io/v1beta2", kind: "BGPPeer", metadata: { name, namespace: NAMESPACE }, spec };
}

/** The same alerts, which don't wait. */
function impatient({ groups }: RuleGroups): object {
  return { groups: groups.map(({ name, rules }) => ({ name, rules: rules.map((rule) => ({ ...rule, for: "0s" })) })) };
}

function firing(alerts: readonly FiringAlert[]): readonly string[] {
  return alerts
    .filter(({ state }) => state === "firing")
    .map(({ labels: { alertname, pod, pool, peer, reason } }) => [alertname, pod, pool, peer, reason])
    .map((words) => words.filter((word) => word !== undefined).join(" "))
    .sort();
}

describe.skipIf(requireOrSkip(["bin:prometheus"]).skip)("a real Prometheus", () => {
  beforeAll(async () => {
    cluster = await MonitoredCluster.install();
    await cluster.create(pool("full", "192.0.2.1/32", "2001:db8::1/128"));
    await cluster.create(pool("roomy", "198.51.100.0/24", "2001:db8:1::/64"));
    await cluster.create(service("web"));
    await cluster.create(peer("four", "127.0.0.1", NOBODY));
    await cluster.create(peer("six", "::1", NOBODY));
    // Prometheus takes five seconds until it scrapes for the first time.
    prometheus = await Prometheus.start(await cluster.scrapeConfigs(), impatient(cluster.rules));
    await cluster.run();
  });

  afterAll(async () => {
    await prometheus?.stop();
    await cluster?.close();
  });

  test("finds controller and speaker by both kinds of monitors, and reads them with the token that it was given", async () => {
    const targets = await vi.waitFor(async () => {
      const up = await prometheus.query("up == 1");
      expect(up).toHaveLength(4);
      return up.map(({ labels }) => labels);
    }, PATIENCE);
    const common = { namespace: NAMESPACE, endpoint: "metricshttps", node: "node-1" };
    for (const of of ["controller", "speaker"] as const) {
      const ours = { ...common, container: of, pod: `metallb-${of}-1` };
      const service = `metallb-${of}-monitor-service`;
      const address = { __name__: "up", instance: new URL(cluster.metricsUrl(of)).host };
      expect(targets).toContainEqual({ ...ours, ...address, job: "metallb" });
      expect(targets).toContainEqual({ ...ours, ...address, service, job: service });
    }
    expect(prometheus.output).not.toMatch(/level=error|Evaluating rule failed/);
  });

  test.each(["controller", "speaker"] as const)("the %s shows its metrics to nobody else", async (of) => {
    const url = cluster.metricsUrl(of);
    expect(await statusOf(url)).toBe(401);
    expect(await statusOf(url, await cluster.tokenOf("finds-pods", "monitoring"))).toBe(403);
    expect(await statusOf(url, await cluster.tokenOf("metallb-metrics-reader"))).toBe(200);
  });

  test("can evaluate every query of the dashboard, and draws what this cluster has", async () => {
    const drawn = async (): Promise<readonly string[]> => {
      const titles: string[] = [];
      for (const { title, queries } of ROWS.flatMap(({ panels }) => panels)) {
        const filled = queries.map(({ expr }) => expr.replaceAll("$__rate_interval", "10s").replaceAll(/\$\w+/g, ".*"));
        const samples = await Promise.all(filled.map((expr) => prometheus.query(expr)));
        if (samples.some(({ length }) => length > 0)) titles.push(title);
      }
      return titles;
    };
    const pools = ["How full the pools are", "Addresses in use", "From decision to status"];
    const others = ["BGP sessions down", "Sessions", "Ends of sessions", "Configuration", "Memory", "Processor"];
    await vi.waitFor(
      async () => expect(await drawn()).toEqual(expect.arrayContaining([...pools, ...others])),
      PATIENCE,
    );
    await expect(prometheus.query("sum(")).rejects.toThrow("parse error");
  });

  test("raises the chart's alerts for what really happens, and takes them back", async () => {
    const soon = (expected: readonly string[]) =>
      vi.waitFor(async () => expect(firing(await prometheus.alerts())).toEqual(expected.toSorted()), PATIENCE);
    const full = ["Exhausted", "Usage75Percent", "Usage85Percent", "Usage95Percent"].map(
      (what) => `MetalLBAddressPool${what} metallb-controller-1 full`,
    );
    const down = [`127.0.0.1:${NOBODY}`, `[::1]:${NOBODY}`].map(
      (address) => `MetalLBBGPSessionDown metallb-speaker-1 ${address}`,
    );
    await soon([...full, ...down]);

    await cluster.create(service("late"));
    await cluster.create(endpoint("web"));
    await cluster.create(advertisement("everything"));
    const waiting = "MetalLBServicesPending pool-exhausted";
    const unannounced = "MetalLBServiceNotAnnounced nodeLabeledExcludeBalancers";
    await soon([...full, ...down, waiting, unannounced]);

    await cluster.create(pool("overlapping", "192.0.2.1/32"));
    const stale = ["controller", "speaker"].map((of) => `MetalLBStaleConfig metallb-${of}-1`);
    await soon([...full, ...down, waiting, unannounced, ...stale]);
    for (const { annotations } of await prometheus.alerts())
      expect(Object.values(annotations).join()).not.toMatch(/<no value>|<error/);

    await cluster.delete(pool("overlapping"));
    for (const name of ["four", "six"]) await cluster.delete(peer(name, "", NOBODY));
    await cluster.delete(service("late"));
    await cluster.delete(advertisement("everything"));
    await soon(full);

    await cluster.stop("controller");
    await soon(["MetalLBNoLeader"]);
  });
});

function statusOf(url: string, token?: string): Promise<number | undefined> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    request(url, { headers, rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on("error", reject)
      .end();
  });
}
