import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Layer2Cluster } from "../support/layer2-cluster.ts";
import { V4, V6 } from "../support/stacks.ts";

const EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers";

let cluster: Layer2Cluster;

beforeEach(async () => {
  cluster = await Layer2Cluster.start();
});

afterEach(() => cluster.close());

describe.each([V4, V6])("$name", (stack) => {
  const family = stack.families[0]!;
  const service = (name: string, more: Parameters<Layer2Cluster["service"]>[1] = {}) =>
    cluster.service(name, { ...stack.service, ...more });
  const pool = () => cluster.pool("pool", stack.ranges(0, 1, 9));

  /** The owner answers, and nobody else does. */
  function reachable(name: string): string {
    const node = cluster.announcer(name);
    if (node === undefined) throw new Error(`nobody announces ${name}`);
    expect(cluster.lab.ips(name).flatMap((ip) => cluster.ask(ip))).toEqual([`${node}/eth0`]);
    return node;
  }

  describe("with one pool and an advertisement for everything", () => {
    beforeEach(() => {
      pool();
      cluster.advertise("empty");
    });

    test("l2.go: externalTrafficPolicy Cluster is reachable", async () => {
      await service("web", { spec: { externalTrafficPolicy: "Cluster" }, on: ["node-c"] });
      expect(cluster.nodes).toContain(reachable("web"));
    });

    test("l2.go: externalTrafficPolicy Local is reachable on a node with an endpoint", async () => {
      for (const node of cluster.nodes) {
        await service(node, { spec: { externalTrafficPolicy: "Local" }, on: [node] });
        expect(reachable(node)).toBe(node);
      }
    });

    test("l2.go: ServiceL2Status names the announcing node, and goes with the Service", async () => {
      await service("web");
      const node = reachable("web");
      expect(cluster.status("web").map((object) => object["status"])).toEqual([
        { node, serviceName: "web", serviceNamespace: "default" },
      ]);
      cluster.lab.remove("web");
      await cluster.quiet();
      expect(cluster.status("web")).toEqual([]);
    });

    test.each([
      {
        name: "l2.go: a node with NetworkUnavailable loses the address, and gets it back",
        set: (node: string, harmed: boolean) => cluster.setNetworkUnavailable(node, harmed),
      },
      {
        name: "l2.go: a node with the exclude label loses the address, and gets it back",
        set: (node: string, harmed: boolean) => cluster.label(node, { [EXCLUDE]: harmed ? "" : undefined }),
      },
    ])("$name", async ({ set }) => {
      await service("web");
      const first = reachable("web");
      set(first, true);
      await cluster.quiet();
      const second = reachable("web");
      expect(second).not.toBe(first);
      set(first, false);
      await cluster.quiet();
      expect(reachable("web")).toBe(first);
    });

    test("l2.go: Services that share an address are announced from one node", async () => {
      const annotations = { "metallb.io/allow-shared-ip": "foo", "metallb.io/loadBalancerIPs": stack.ips(0, 1)[0]! };
      await service("a", { annotations, ports: ["TCP/80"], on: ["node-a"] });
      await service("b", { annotations, ports: ["TCP/81"], on: ["node-b"] });
      expect(cluster.lab.ips("a")).toEqual(cluster.lab.ips("b"));
      expect(reachable("a")).toBe(reachable("b"));
    });

    test("l2.go: the controller's metrics count the pool and its use", async () => {
      const { values } = cluster.lab.metrics;
      const total = (what: string) => values.get(`metallb_allocator_${what}{pool="pool"}`);
      const counts = () => ["addresses_total", "addresses_in_use_total"].map(total);
      await cluster.quiet();
      expect(counts()).toEqual([9, 0]);
      expect(total(`${family.toLowerCase()}_addresses_total`)).toBe(9);
      await service("web");
      expect(counts()).toEqual([9, 1]);
    });

    test("l2.go: the owner's metrics count, the other speakers' don't, and they end with the Service", async () => {
      await service("web");
      const owner = reachable("web");
      const [ip] = cluster.lab.ips("web");
      await cluster.quiet();
      const values = (node: string, name: string) =>
        [...cluster.metricsOf(node).values].filter(([series]) => series.startsWith(name));
      for (const counter of ["requests_received", "responses_sent", "gratuitous_sent"]) {
        const [[series, count] = ["", 0]] = values(owner, `metallb_layer2_${counter}`);
        expect(series).toContain(`ip="${ip}"`);
        expect(count).toBeGreaterThanOrEqual(1);
      }
      const announced = `metallb_speaker_announced{ip="${ip}",node="${owner}",protocol="layer2",service="default/web"}`;
      expect(values(owner, "metallb_speaker_announced")).toEqual([[announced, 1]]);
      for (const node of cluster.nodes.filter((other) => other !== owner)) {
        expect(values(node, "metallb_speaker_announced")).toEqual([]);
        expect(values(node, "metallb_layer2_")).toEqual([]);
      }
      cluster.lab.remove("web");
      await cluster.quiet();
      expect(values(owner, "metallb_speaker_announced")).toEqual([]);
    });
  });

  describe("with different pools", () => {
    beforeEach(() => cluster.advertise("empty"));

    test.each([
      {
        name: "l2.go: a pool given as a range is announced",
        addresses: stack.ranges(0, 3, 4),
        first: stack.ips(0, 3),
      },
      {
        name: "l2.go: a pool given as prefixes is announced",
        addresses: stack.ips(0, 2).map((ip) => (family === "IPv4" ? `${ip}/31` : `${ip}/127`)),
        first: stack.ips(0, 2),
      },
    ])("$name", async ({ addresses, first }) => {
      cluster.pool("pool", addresses);
      await service("web");
      expect(cluster.lab.ips("web")).toEqual(first);
      reachable("web");
    });

    test.each([
      { name: "l2.go: an explicitly requested pool is used, with autoAssign true", autoAssign: true },
      { name: "l2.go: an explicitly requested pool is used, with autoAssign false", autoAssign: false },
    ])("$name", async ({ autoAssign }) => {
      for (const n of [1, 2]) {
        cluster.pool(`pool-${n}`, stack.ranges(0, n, n), { spec: { autoAssign } });
        await service(`web-${n}`, { annotations: { "metallb.io/address-pool": `pool-${n}` } });
        for (let earlier = 1; earlier <= n; earlier++) {
          expect(cluster.lab.shown(`web-${earlier}`)).toMatchObject({
            ips: stack.ips(0, earlier),
            pool: `pool-${earlier}`,
          });
          reachable(`web-${earlier}`);
        }
      }
    });
  });
});
