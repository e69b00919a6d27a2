import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Layer2Cluster, type Nic } from "../support/layer2-cluster.ts";
import { V4, V6 } from "../support/stacks.ts";

const NODES = ["node-a", "node-b", "node-c"];
const EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers";

let cluster: Layer2Cluster;

beforeEach(async () => {
  cluster = await Layer2Cluster.start({ nodes: NODES });
});

afterEach(() => cluster.close());

async function advertise(specs: Readonly<Record<string, object>>): Promise<void> {
  for (const [name, spec] of Object.entries(specs)) cluster.advertise(name, spec);
  await cluster.quiet();
}

const selecting = (...nodes: readonly string[]) => ({
  nodeSelectors: nodes.map((node) => ({ matchLabels: { "kubernetes.io/hostname": node } })),
});

describe.each([V4, V6])("$name", (stack) => {
  const web = (more: Parameters<Layer2Cluster["service"]>[1] = {}) =>
    cluster.service("web", { ...stack.service, ...more });
  const announcer = (name = "web") => cluster.announcer(name);
  const [address] = stack.ips(0, 1);
  const asked = (nic: Nic) => cluster.ask(address!, nic);

  beforeEach(() => cluster.pool("pool", stack.ranges(0, 1, 9)));

  describe("interfaces", () => {
    test("interface_selector.go: ServiceL2Status names the selected interface", async () => {
      await advertise({ "with-interfaces": { interfaces: ["eth0"] } });
      await web();
      expect(cluster.status("web")[0]!["status"]).toMatchObject({ node: announcer(), interfaces: [{ name: "eth0" }] });
    });

    test("interface_selector.go: the selected interface can be changed at runtime", async () => {
      await web();
      for (const [nic, other] of [
        ["eth0", "eth1"],
        ["eth1", "eth0"],
      ] as const) {
        await advertise({ "with-interfaces": { interfaces: [nic] } });
        expect([asked(nic), asked(other)]).toEqual([[`${announcer()}/${nic}`], []]);
      }
    });

    test("interface_selector.go: an interface that doesn't exist is not announced on, with an event", async () => {
      await advertise({ "with-interfaces": { interfaces: ["foo"] } });
      await web();
      expect([asked("eth0"), asked("eth1"), cluster.status("web")]).toEqual([[], [], []]);
      expect(cluster.lab.events("web")).toContainEqual(expect.stringMatching(/^Warning announceFailed .*foo/));
    });

    test("interface_selector.go: interfaces of two advertisements are united", async () => {
      await web();
      await advertise({ one: { interfaces: ["eth0"] }, two: { interfaces: ["eth1"] } });
      const node = announcer();
      expect([asked("eth0"), asked("eth1")]).toEqual([[`${node}/eth0`], [`${node}/eth1`]]);
    });

    test("interface_selector.go: interfaces and a node selector hold together", async () => {
      await web();
      for (const node of NODES) {
        await advertise({ "with-interfaces": { interfaces: ["eth1"], ...selecting(node) } });
        expect([asked("eth0"), asked("eth1")]).toEqual([[], [`${node}/eth1`]]);
      }
    });
  });

  describe("node selectors", () => {
    test("node_selector.go: the one selected node announces, whichever it is", async () => {
      await web();
      for (const node of NODES) {
        await advertise({ "with-selector": selecting(node) });
        expect(announcer()).toBe(node);
      }
    });

    test("node_selector.go: several advertisements select the nodes of all of them", async () => {
      await web({ spec: { externalTrafficPolicy: "Local" }, on: ["node-a"] });
      await advertise({ "with-selector": selecting("node-b") });
      expect(announcer()).toBeUndefined();
      await advertise({ "no-selector": {} });
      expect(announcer()).toBe("node-a");
    });

    test("node_selector.go: a node that is added to the selection can announce", async () => {
      await web({ spec: { externalTrafficPolicy: "Local" }, on: ["node-b"] });
      await advertise({ "with-selector": { nodeSelectors: [{ matchLabels: { zone: "edge" } }] } });
      cluster.label("node-a", { zone: "edge" });
      await cluster.quiet();
      expect(announcer()).toBeUndefined();
      cluster.label("node-b", { zone: "edge" });
      await cluster.quiet();
      expect(announcer()).toBe("node-b");
    });
  });

  describe("preferred nodes", () => {
    const preferring = (labels: Record<string, string>, weight = 100) => ({
      weight,
      preference: { matchLabels: labels },
    });
    let natural: string;
    let others: readonly string[];

    beforeEach(async () => {
      await advertise({ l2: {} });
      await web();
      natural = announcer()!;
      others = NODES.filter((node) => node !== natural);
    });

    test("preferred_node.go: the preferred node announces, and the baseline when the label goes", async () => {
      cluster.label(others[0]!, { preferred: "true" });
      await advertise({ l2: { preferredNodeSelectors: [preferring({ preferred: "true" })] } });
      expect(announcer()).toBe(others[0]);
      cluster.label(others[0]!, { preferred: undefined });
      await cluster.quiet();
      expect(announcer()).toBe(natural);
    });

    test("preferred_node.go: without a match nothing changes", async () => {
      const everybody = { weight: 10, preference: {} };
      await advertise({ l2: { preferredNodeSelectors: [preferring({ nobody: "true" }), everybody] } });
      expect(announcer()).toBe(natural);
      expect(cluster.lab.events("web").filter((text) => text.includes("nodeAssigned"))).toHaveLength(1);
    });

    test("preferred_node.go: an excluded preferred node fails over, and reclaims when it is back", async () => {
      cluster.label(others[0]!, { preferred: "true" });
      await advertise({ l2: { preferredNodeSelectors: [preferring({ preferred: "true" })] } });
      for (const [label, owner] of [
        ["", natural],
        [undefined, others[0]],
      ] as const) {
        cluster.label(others[0]!, { [EXCLUDE]: label });
        await cluster.quiet();
        expect(announcer()).toBe(owner);
      }
    });

    test("preferred_node.go: a change of the advertisement elects anew", async () => {
      for (const [i, node] of others.entries()) cluster.label(node, { turn: `${i}` });
      for (const [i, node] of others.entries()) {
        await advertise({ l2: { preferredNodeSelectors: [preferring({ turn: `${i}` })] } });
        expect(announcer()).toBe(node);
      }
      await advertise({ l2: {} });
      expect(announcer()).toBe(natural);
    });

    test("preferred_node.go: nodeSelectors filter, preferences only order what is left", async () => {
      const [preferred, eligible] = others as [string, string];
      cluster.label(preferred, { preferred: "true" });
      await advertise({
        l2: { ...selecting(preferred, eligible), preferredNodeSelectors: [preferring({ preferred: "true" })] },
      });
      expect(announcer()).toBe(preferred);
      cluster.label(preferred, { [EXCLUDE]: "" });
      await cluster.quiet();
      expect(announcer()).toBe(eligible);
    });

    test("preferred_node.go: a preferred node that is not selected does not announce", async () => {
      const [preferred, eligible] = others as [string, string];
      cluster.label(preferred, { preferred: "true" });
      await advertise({ l2: { ...selecting(eligible), preferredNodeSelectors: [preferring({ preferred: "true" })] } });
      expect(announcer()).toBe(eligible);
    });

    test("preferred_node.go: weights of several advertisements are summed", async () => {
      const [twice, once] = others as [string, string];
      cluster.label(twice, { small: "true" });
      cluster.label(once, { large: "true" });
      await advertise({
        l2: { preferredNodeSelectors: [preferring({ small: "true" }, 60)] },
        more: { preferredNodeSelectors: [preferring({ small: "true" }, 60), preferring({ large: "true" }, 100)] },
      });
      expect(announcer()).toBe(twice);
      await advertise({ l2: {} });
      expect(announcer()).toBe(once);
    });

    test("preferred_node.go: preferences of advertisements for other Services don't count", async () => {
      cluster.label(others[0]!, { preferred: "true" });
      const preferredNodeSelectors = [preferring({ preferred: "true" })];
      await advertise({ other: { serviceSelectors: [{ matchLabels: { app: "db" } }], preferredNodeSelectors } });
      expect(announcer()).toBe(natural);
      await cluster.service("db", { ...stack.service, labels: { app: "db" } });
      expect(announcer("db")).toBe(others[0]);
    });
  });

  describe("service selectors", () => {
    const forApp = (...apps: readonly string[]) => ({
      serviceSelectors: apps.map((app) => ({ matchLabels: { app } })),
    });

    test("service_selector.go: pool selectors and service selectors must both match", async () => {
      for (const name of ["a", "b"]) {
        cluster.pool(`pool-${name}`, stack.ranges(name === "a" ? 1 : 2, 1, 1), { labels: { pool: name } });
      }
      await advertise({ l2: { ipAddressPoolSelectors: [{ matchLabels: { pool: "a" } }], ...forApp("web") } });
      for (const pool of ["a", "b"]) {
        const annotations = { "metallb.io/address-pool": `pool-${pool}` };
        await cluster.service(pool, { ...stack.service, labels: { app: "web" }, annotations });
      }
      expect([announcer("a") === undefined, announcer("b")]).toEqual([false, undefined]);
    });

    test("service_selector.go: labels of a Service that change start and end the announcement", async () => {
      await advertise({ l2: forApp("web") });
      await web({ labels: { app: "web" } });
      const first = announcer();
      expect(first).toBeDefined();
      for (const [app, owner] of [
        ["db", undefined],
        ["web", first],
      ] as const) {
        cluster.lab.edit("web", { metadata: { labels: { app } } });
        await cluster.quiet();
        expect(announcer()).toBe(owner);
      }
    });

    test("service_selector.go: two advertisements for two nodes make one announcer", async () => {
      await advertise({
        a: { ...selecting("node-a"), ...forApp("web") },
        c: { ...selecting("node-c"), ...forApp("web") },
      });
      await web({ labels: { app: "web" } });
      expect(["node-a", "node-c"]).toContain(announcer());
    });

    test("service_selector.go: advertisements that match either Service or node, but not both, don't announce", async () => {
      await advertise({ wrongService: forApp("db"), wrongNode: { ...selecting("ghost"), ...forApp("web") } });
      await web({ labels: { app: "web" } });
      expect(announcer()).toBeUndefined();
    });

    test("service_selector.go: of several selectors one is enough", async () => {
      await advertise({ l2: forApp("nginx", "apache") });
      for (const app of ["nginx", "apache", "other"]) await cluster.service(app, { ...stack.service, labels: { app } });
      expect(["nginx", "apache", "other"].map((name) => announcer(name) === undefined)).toEqual([false, false, true]);
    });
  });
});
