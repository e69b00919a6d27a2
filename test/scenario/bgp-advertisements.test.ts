/**
 * What the reference's end-to-end suites assert of advertisements, up to what each peer is told. The same with real
 * routers is in `test/interop`.
 */
import { describe, expect, test } from "vitest";
import { BgpLab } from "../support/bgp-lab.ts";

const V4 = ["192.168.10.0/24"];
const V6 = ["fc00:f853:ccd:e799::/124"];

describe("bgp.go", () => {
  const announced = (addresses: readonly string[], ips: readonly string[]) =>
    new BgpLab()
      .pool("pool", ...addresses)
      .advertisement("bgp")
      .peer("r", { dualStackAddressFamily: true })
      .service("web", ips)
      .settle()
      .told("r");

  test.each([
    ["IPv4 by prefix", V4, ["192.168.10.7"], ["192.168.10.7/32"]],
    ["IPv4 by range", ["192.168.10.0-192.168.10.18"], ["192.168.10.18"], ["192.168.10.18/32"]],
    ["IPv6 by prefix", V6, ["fc00:f853:ccd:e799::3"], ["fc00:f853:ccd:e799::3/128"]],
    [
      "IPv6 by range",
      ["fc00:f853:ccd:e799::-fc00:f853:ccd:e799::9"],
      ["fc00:f853:ccd:e799::9"],
      ["fc00:f853:ccd:e799::9/128"],
    ],
    [
      "dual stack",
      [...V4, ...V6],
      ["192.168.10.7", "fc00:f853:ccd:e799::3"],
      ["192.168.10.7/32", "fc00:f853:ccd:e799::3/128"],
    ],
  ])("a service of protocol load balancer should work with pools: %s", (_, addresses, ips, want) => {
    expect(Object.keys(announced(addresses, ips))).toEqual(want);
  });

  test.each([
    ["IPv4", V4, ["192.168.10.7"]],
    ["IPv6", V6, ["fc00:f853:ccd:e799::3"]],
    ["dual stack", [...V4, ...V6], ["192.168.10.7", "fc00:f853:ccd:e799::3"]],
  ])("ExternalTrafficPolicy of %s: Cluster from every node, Local from those with endpoints", (_, addresses, ips) => {
    const nodes = ["node-1", "node-2"].map((node) =>
      new BgpLab(node)
        .pool("pool", ...addresses)
        .advertisement("bgp")
        .peer("r", { dualStackAddressFamily: true }),
    );
    const told = (policy: "Cluster" | "Local") =>
      nodes.map(
        (lab) =>
          Object.keys(
            lab
              .service("web", ips, { policy, on: ["node-2"] })
              .settle()
              .told("r"),
          ).length,
      );
    expect(told("Cluster")).toEqual([ips.length, ips.length]);
    expect(told("Local")).toEqual([0, ips.length]);
  });

  test("speaker of a node whose network is unavailable withdraws, and announces again", () => {
    const lab = new BgpLab()
      .pool("pool", ...V4)
      .advertisement("bgp")
      .peer("r")
      .service("web", ["192.168.10.7"])
      .settle();
    expect(lab.node("node-1", { networkUnavailable: true }).settle().told("r")).toEqual({});
    expect(lab.node("node-1").settle().told("r")).toEqual({ "192.168.10.7/32": "" });
  });

  test("services with overlapping IPs: endpoints of one don't count for another", () => {
    const lab = new BgpLab()
      .pool("pool", ...V4)
      .advertisement("bgp")
      .peer("r");
    lab.service("one", ["192.168.10.100"], { policy: "Local", on: ["node-1"] });
    lab.service("two", ["192.168.10.100"], { policy: "Local", on: ["node-2"] }).settle();
    expect(lab.outcome("two")).toBe("noLocalEndpoints");
    expect(lab.told("r")).toEqual({ "192.168.10.100/32": "" });
  });

  const internal = { myASN: 64_512, peerASN: 64_512, dualStackAddressFamily: true };
  const attributes = (spec: object, ip: string): string | undefined => {
    const lab = new BgpLab().pool("pool", ...V4, ...V6).peer("r", internal);
    lab.apply("Community", "community1", { communities: [{ name: "NO_ADVERTISE", value: "65535:65282" }] });
    lab.apply("IPAddressPool", "pool", { addresses: [...V4, ...V6] }, { pool: "gold" });
    lab.advertisement("bgp", spec).service("web", [ip]).settle();
    return Object.values(lab.told("r"))[0];
  };

  test.each([
    ["communities", { communities: ["65535:65282"] }, "65535:65282"],
    ["a large community", { communities: ["large:123:456:7890"] }, "large:123:456:7890"],
    ["a community by its alias", { communities: ["NO_ADVERTISE"] }, "65535:65282"],
    ["several communities", { communities: ["large:123:456:7890", "65535:65281"] }, "65535:65281 large:123:456:7890"],
    ["localPref", { localPref: 150 }, "pref 150"],
    ["a pool by its name", { ipAddressPools: ["pool"] }, ""],
    ["a pool by its labels", { ipAddressPoolSelectors: [{ matchLabels: { pool: "gold" } }] }, ""],
    ["another pool by its labels", { ipAddressPoolSelectors: [{ matchLabels: { pool: "silver" } }] }, undefined],
  ])("configure peers with advertisement attributes: %s", (_, spec, want) => {
    expect(attributes(spec, "192.168.10.7")).toBe(want);
    expect(attributes(spec, "fc00:f853:ccd:e799::3")).toBe(want);
  });

  test("communities of overlapping advertisements unite, for those they are meant for", () => {
    const lab = new BgpLab()
      .pool("pool", ...V4)
      .peer("x")
      .peer("y")
      .service("web", ["192.168.10.7"]);
    lab.advertisement("all", { communities: ["65535:65282"] });
    lab.advertisement("x", { communities: ["65535:65281", "large:1:2:3"], peers: ["x"] }).settle();
    expect(lab.told("x")).toEqual({ "192.168.10.7/32": "65535:65281 65535:65282 large:1:2:3" });
    expect(lab.told("y")).toEqual({ "192.168.10.7/32": "65535:65282" });
  });

  test("updated attributes are told of the prefixes that have them, and of no others", () => {
    const lab = new BgpLab().pool("gold", "192.168.10.0/25").pool("iron", "192.168.10.128/25").peer("r");
    lab.advertisement("gold", { ipAddressPools: ["gold"] }).advertisement("iron", { ipAddressPools: ["iron"] });
    lab.service("a", ["192.168.10.1"]).service("b", ["192.168.10.2"]).service("c", ["192.168.10.200"]).settle();
    const before = lab.heard("r");
    lab.advertisement("gold", { ipAddressPools: ["gold"], communities: ["65535:65282"] }).settle();
    expect(lab.heard("r") - before).toBe(2);
    expect(lab.told("r")).toEqual({
      "192.168.10.1/32": "65535:65282",
      "192.168.10.2/32": "65535:65282",
      "192.168.10.200/32": "",
    });
  });

  test("another aggregation length replaces the prefixes", () => {
    const lab = new BgpLab()
      .pool("pool", ...V4)
      .peer("r")
      .advertisement("bgp");
    lab.service("a", ["192.168.10.1"]).service("b", ["192.168.10.2"]).settle();
    lab.advertisement("bgp", { aggregationLength: 26 }).settle();
    expect(lab.told("r")).toEqual({ "192.168.10.0/26": "" });
  });

  test("peers that are added one by one get everything, and the others hear nothing of it", () => {
    const lab = new BgpLab()
      .pool("pool", ...V4)
      .advertisement("bgp")
      .peer("x")
      .service("web", ["192.168.10.7"])
      .settle();
    for (const name of ["y", "z"]) {
      expect(lab.peer(name).settle().told(name)).toEqual({ "192.168.10.7/32": "" });
      expect(lab.heard("x")).toBe(1);
    }
    expect(lab.remove("BGPPeer", "y").settle().peers()).toEqual(["x", "z"]);
    expect(lab.heard("z")).toBe(1);
  });

  test("configuration that comes and goes in any order ends where it began", () => {
    const lab = new BgpLab().service("web", ["192.168.10.7"]);
    const steps: (() => unknown)[] = [
      () => lab.pool("pool", ...V4),
      () => lab.advertisement("bgp", { communities: ["1:1"] }),
      () => lab.peer("r"),
    ];
    for (const order of [steps, steps.toReversed()]) {
      for (const step of order) {
        step();
        lab.settle();
      }
      expect(lab.told("r")).toEqual({ "192.168.10.7/32": "1:1" });
      lab.remove("BGPAdvertisement", "bgp").settle();
      expect(lab.told("r")).toEqual({});
      lab.remove("BGPPeer", "r").remove("IPAddressPool", "pool").settle();
      expect(lab.outcome("web")).toBe("ipNotAllowed");
    }
  });
});

test("bgp_multiprotocol.go: a dual-stack service over one session, of either family, that carries both", () => {
  for (const peerAddress of ["192.0.2.200", "2001:db8::200"]) {
    const lab = new BgpLab().pool("pool", ...V4, ...V6).advertisement("bgp");
    lab.service("web", ["192.168.10.7", "fc00:f853:ccd:e799::3"]);
    lab.peer("r", { peerAddress, dualStackAddressFamily: true }).settle();
    expect(lab.sessions.nextHops("r")).toEqual({
      "192.168.10.7/32": "192.0.2.1",
      "fc00:f853:ccd:e799::3/128": "2001:db8::1",
    });
    lab.peer("r", { peerAddress }).settle();
    const ipv4 = peerAddress.includes(".");
    expect(Object.keys(lab.told("r"))).toEqual([ipv4 ? "192.168.10.7/32" : "fc00:f853:ccd:e799::3/128"]);
    expect(lab.sessions.counts("r")[ipv4 ? "IPv6" : "IPv4"]).toEqual({
      wanted: 1,
      told: 0,
      unsent: { familyNotNegotiated: 1 },
    });
  }
});

describe("bgppeer_selector.go", () => {
  const lab = () =>
    new BgpLab()
      .pool("one", "192.168.10.0/25")
      .pool("two", "192.168.10.128/25")
      .peer("x")
      .peer("y")
      .service("a", ["192.168.10.1"])
      .service("b", ["192.168.10.129"]);

  test("different pools to different peers", () => {
    const world = lab().advertisement("one", { ipAddressPools: ["one"], peers: ["x"] });
    world.advertisement("two", { ipAddressPools: ["two"], peers: ["y"] }).settle();
    expect([world.told("x"), world.told("y")]).toEqual([{ "192.168.10.1/32": "" }, { "192.168.10.129/32": "" }]);
  });

  test("one pool to every peer, another to one", () => {
    const world = lab().advertisement("one", { ipAddressPools: ["one"] });
    world.advertisement("two", { ipAddressPools: ["two"], peers: ["y"] }).settle();
    expect(Object.keys(world.told("x"))).toEqual(["192.168.10.1/32"]);
    expect(Object.keys(world.told("y"))).toEqual(["192.168.10.1/32", "192.168.10.129/32"]);
  });

  test("a peer that is taken off the list loses the routes, and the other keeps them", () => {
    const world = lab()
      .advertisement("bgp", { peers: ["x", "y"] })
      .settle();
    world.advertisement("bgp", { peers: ["y"] }).settle();
    expect([Object.keys(world.told("x")).length, Object.keys(world.told("y")).length]).toEqual([0, 2]);
    expect(world.heard("y")).toBe(2);
  });

  test("the same routes with different attributes to different peers", () => {
    const world = lab().advertisement("x", {
      peers: ["x"],
      ipAddressPools: ["one"],
      communities: ["1:1"],
      localPref: 100,
    });
    world.advertisement("y", { peers: ["y"], ipAddressPools: ["one"], communities: ["2:2"], localPref: 200 }).settle();
    expect([world.told("x"), world.told("y")]).toEqual([{ "192.168.10.1/32": "1:1" }, { "192.168.10.1/32": "2:2" }]);
  });
});

describe("node_selector.go", () => {
  const on = (node: string) => ({ nodeSelectors: [{ matchLabels: { "kubernetes.io/hostname": node } }] });
  const named = (node: string) => ({ labels: { "kubernetes.io/hostname": node } });
  const lab = (node: string) =>
    new BgpLab(node)
      .node(node, named(node))
      .pool("pool", ...V4)
      .service("web", ["192.168.10.7"]);

  test("only selected nodes announce", () => {
    const told = ["node-1", "node-2"].map((node) =>
      lab(node).advertisement("bgp", on("node-1")).peer("r").settle().told("r"),
    );
    expect(told).toEqual([{ "192.168.10.7/32": "" }, {}]);
  });

  test("only selected nodes have the session", () => {
    const peers = ["node-1", "node-2"].map((node) => lab(node).peer("r", on("node-2")).settle().peers());
    expect(peers).toEqual([[], ["r"]]);
  });

  test("a node that is labelled later begins to announce, and ends when the label goes", () => {
    const world = lab("node-1")
      .advertisement("bgp", { nodeSelectors: [{ matchLabels: { bgp: "yes" } }] })
      .peer("r")
      .settle();
    expect(world.told("r")).toEqual({});
    expect(
      world
        .node("node-1", { labels: { bgp: "yes" } })
        .settle()
        .told("r"),
    ).toEqual({ "192.168.10.7/32": "" });
    expect(world.node("node-1").settle().told("r")).toEqual({});
  });

  test("taking back one advertisement leaves the routes of others alone", () => {
    const world = lab("node-1").pool("other", "192.168.20.0/24").service("db", ["192.168.20.1"]).peer("r");
    world.advertisement("one", { ipAddressPools: ["pool"], ...on("node-1") });
    world.advertisement("two", { ipAddressPools: ["other"], ...on("node-1") }).settle();
    world.advertisement("one", { ipAddressPools: ["pool"], ...on("node-2") }).settle();
    expect([world.told("r"), world.heard("r")]).toEqual([{ "192.168.20.1/32": "" }, 3]);
  });

  test("nodes have AS numbers of their own", () => {
    const paths = ["node-1", "node-2"].map((node) => {
      const world = lab(node).advertisement("bgp", { asPathPrepend: 1 });
      world
        .peer("a", { myASN: 64_600, ...on("node-1") })
        .peer("b", { myASN: 64_700, ...on("node-2") })
        .settle();
      return world.told(world.peers()[0]!);
    });
    expect(paths).toEqual([{ "192.168.10.7/32": "path 64600 64600" }, { "192.168.10.7/32": "path 64700 64700" }]);
  });
});

describe("service_selector.go", () => {
  const forApp = (app: string, more: object = {}) => ({ serviceSelectors: [{ matchLabels: { app } }], ...more });
  const lab = () =>
    new BgpLab()
      .pool("pool", ...V4)
      .peer("x")
      .peer("y");
  const web = { labels: { app: "web" } };

  test("Services that no selector matches are not announced", () => {
    const world = lab().advertisement("bgp", forApp("web")).service("web", ["192.168.10.1"], web);
    world.service("db", ["192.168.10.2"], { labels: { app: "db" } }).settle();
    expect([world.outcome("web"), world.outcome("db")]).toEqual(["announced", "noMatchingAdvertisement"]);
    expect(world.told("x")).toEqual({ "192.168.10.1/32": "" });
  });

  test("one of several selectors is enough, all of its labels must match", () => {
    const two = { matchLabels: { app: "db", tier: "gold" } };
    const world = lab().advertisement("bgp", { serviceSelectors: [{ matchLabels: { app: "web" } }, two] });
    world.service("web", ["192.168.10.1"], web).service("db", ["192.168.10.2"], { labels: { app: "db" } });
    world.service("gold", ["192.168.10.3"], { labels: { app: "db", tier: "gold" } }).settle();
    expect(Object.keys(world.told("x"))).toEqual(["192.168.10.1/32", "192.168.10.3/32"]);
  });

  test("a changed selector and a changed label decide at once", () => {
    const world = lab().advertisement("bgp", forApp("db")).service("web", ["192.168.10.1"], web).settle();
    expect(world.told("x")).toEqual({});
    expect(Object.keys(world.advertisement("bgp", forApp("web")).settle().told("x"))).toEqual(["192.168.10.1/32"]);
    expect(
      world
        .service("web", ["192.168.10.1"], { labels: { app: "db" } })
        .settle()
        .told("x"),
    ).toEqual({});
  });

  test("an aggregate for all, and single addresses for some", () => {
    const world = lab().advertisement("net", { aggregationLength: 24, communities: ["1:1"] });
    world.advertisement("host", forApp("web", { communities: ["2:2"], peers: ["y"] }));
    world.service("web", ["192.168.10.1"], web).service("db", ["192.168.10.2"]).settle();
    expect(world.told("x")).toEqual({ "192.168.10.0/24": "1:1" });
    expect(world.told("y")).toEqual({ "192.168.10.0/24": "1:1", "192.168.10.1/32": "2:2" });
  });

  test.each([
    ["overlapping", ["1:1", "2:2"], ["2:2", "3:3"], "1:1 2:2 3:3"],
    ["not overlapping", ["1:1"], ["2:2"], "1:1 2:2"],
  ])("communities of a selector's advertisement and of a general one, %s", (_, all, some, want) => {
    const world = lab()
      .advertisement("all", { communities: all })
      .advertisement("some", forApp("web", { communities: some }));
    world.service("web", ["192.168.10.1"], web).service("db", ["192.168.10.2"]).settle();
    expect(world.told("x")).toEqual({ "192.168.10.1/32": want, "192.168.10.2/32": all.join(" ") });
  });

  test("serviceSelectors and aggregation together are refused, and the last good configuration stays", () => {
    const world = lab().advertisement("bgp", forApp("web")).service("web", ["192.168.10.1"], web).settle();
    world.advertisement("bgp", forApp("web", { aggregationLength: 24 })).settle();
    expect(world.refusals[0]).toContain("serviceSelectors and aggregationLength are mutually exclusive");
    expect(world.told("x")).toEqual({ "192.168.10.1/32": "" });
  });
});
