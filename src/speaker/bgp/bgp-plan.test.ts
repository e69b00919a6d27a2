import { describe, expect, test } from "vitest";
import { BgpLab } from "../../../test/support/bgp-lab.ts";

const EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers";

interface Obstacle {
  readonly reason: string;
  /** The object that has it; it can have one of them only. */
  readonly of: "service" | "advertisements" | "node";
  readonly obstruct: (lab: BgpLab, ips: readonly string[]) => unknown;
}

/** What is wrong with a world in which everything else is right, in the order in which it is looked at. */
const OBSTACLES: readonly Obstacle[] = [
  { reason: "noIPAllocated", of: "service", obstruct: (lab) => lab.service("web", []) },
  { reason: "invalidIP", of: "service", obstruct: (lab, ips) => lab.service("web", [...ips, ""]) },
  { reason: "ipNotAllowed", of: "service", obstruct: (lab, ips) => lab.service("web", [...ips, "198.51.100.1"]) },
  {
    reason: "noAdvertisementForNode",
    of: "advertisements",
    obstruct: (lab) => lab.advertisement("bgp", { nodeSelectors: [{ matchLabels: { rack: "9" } }] }),
  },
  {
    reason: "noMatchingAdvertisement",
    of: "advertisements",
    obstruct: (lab) => lab.advertisement("bgp", { serviceSelectors: [{ matchLabels: { app: "db" } }] }),
  },
  {
    reason: "conflictingAdvertisements",
    of: "advertisements",
    obstruct: (lab) =>
      lab.advertisement("bgp", { localPref: 200 }).advertisement("other", { localPref: 300, serviceSelectors: [{}] }),
  },
  {
    reason: "nodeNetworkUnavailable",
    of: "node",
    obstruct: (lab) => lab.node("node-1", { networkUnavailable: true }),
  },
  {
    reason: "nodeLabeledExcludeBalancers",
    of: "node",
    obstruct: (lab) => lab.node("node-1", { labels: { [EXCLUDE]: "" } }),
  },
];

const PAIRS = OBSTACLES.flatMap((first, i) =>
  OBSTACLES.slice(i + 1)
    .filter((second) => second.of !== first.of)
    .map((second) => ({ first, second })),
);

const FAMILIES = [
  ["IPv4", ["10.0.0.1"]],
  ["IPv6", ["2001:db8::1"]],
  ["dual stack", ["10.0.0.1", "2001:db8::1"]],
] as const;

const POLICIES = ["Cluster", "Local"] as const;

const worlds = FAMILIES.flatMap(([family, ips]) => POLICIES.map((policy) => ({ family, ips, policy })));

function world(ips: readonly string[], policy: "Cluster" | "Local", on: readonly string[] = ["node-1"]): BgpLab {
  return new BgpLab()
    .pool("pool", "10.0.0.0/24", "2001:db8::/64")
    .advertisement("bgp")
    .peer("router")
    .service("web", ips, { policy, on, labels: { app: "web" } });
}

describe.each(worlds)("$family, policy $policy", ({ ips, policy }) => {
  test("announced when nothing stands in the way", () => {
    const lab = world(ips, policy).settle();
    expect(lab.outcome("web")).toBe("announced");
    expect(lab.last.changes).toMatchObject([{ key: "shop/web", before: undefined, after: { peers: ["router"] } }]);
  });

  test.each(OBSTACLES)("$reason", ({ reason, obstruct }) => {
    const lab = world(ips, policy);
    obstruct(lab, ips);
    expect(lab.settle().outcome("web")).toBe(reason);
  });

  test("the node's conditions come before its endpoints", () => {
    const lab = world(ips, policy, [])
      .node("node-1", { networkUnavailable: true, labels: { [EXCLUDE]: "" } })
      .settle();
    expect(lab.outcome("web")).toBe("nodeNetworkUnavailable");
    expect(
      lab
        .node("node-1", { labels: { [EXCLUDE]: "" } })
        .settle()
        .outcome("web"),
    ).toBe("nodeLabeledExcludeBalancers");
  });

  test.each<[string, string[], string, string]>([
    ["none", [], "noEndpoints", "noLocalEndpoints"],
    ["only one that is not ready", ["!node-1"], "noEndpoints", "noLocalEndpoints"],
    ["one elsewhere", ["node-2"], "announced", "noLocalEndpoints"],
    ["one elsewhere, and one here that is not ready", ["node-2", "!node-1"], "announced", "noLocalEndpoints"],
    ["one here", ["node-1"], "announced", "announced"],
    ["one here that terminates and still serves", ["~node-1"], "announced", "announced"],
    ["one twice, of which one is not ready", ["!node-1", "node-1"], "announced", "announced"],
  ])("endpoints: %s", (_, on, cluster, local) => {
    const want = policy === "Cluster" ? cluster : local;
    expect(world(ips, policy, on).settle().outcome("web")).toBe(want);
  });
});

test.each(PAIRS)("$first.reason is said before $second.reason", ({ first, second }) => {
  const lab = world(["10.0.0.1"], "Local", []);
  first.obstruct(lab, ["10.0.0.1"]);
  second.obstruct(lab, ["10.0.0.1"]);
  expect(lab.endpoints("web", []).settle().outcome("web")).toBe(first.reason);
});

test("a Service that is not ours, or no longer, has no decision; what was announced ends with the reason", () => {
  const lab = world(["10.0.0.1"], "Cluster").settle();
  lab.service("web", ["10.0.0.1"], { spec: { type: "ClusterIP" } }).settle();
  expect(lab.last.changes).toMatchObject([{ service: undefined, after: { reason: "notLoadBalancer" } }]);
  lab.service("web", ["10.0.0.1"], { spec: { loadBalancerClass: "other" } }).settle();
  expect(lab.last.changes).toEqual([]);
  lab.service("web", ["10.0.0.1"]).settle();
  expect(lab.deleteService("web").settle().last.changes).toMatchObject([{ after: { reason: "serviceDeleted" } }]);
  expect(lab.outcome("web")).toBeUndefined();
});

test("before there is a configuration nothing is decided", () => {
  const lab = new BgpLab().service("web", ["10.0.0.1"]);
  expect(lab.state.replan(0 as never)).toEqual({ changes: [], routes: new Map(), again: undefined });
  expect(lab.outcome("web")).toBeUndefined();
});

test("the exclude label counts unless it is to be ignored", () => {
  const lab = new BgpLab("node-1", { ignoreExcludeLabel: true });
  lab.pool("pool", "10.0.0.0/24").advertisement("bgp").service("web", ["10.0.0.1"]);
  expect(
    lab
      .node("node-1", { labels: { [EXCLUDE]: "true" } })
      .settle()
      .outcome("web"),
  ).toBe("announced");
});

test("a node that is not known is taken to be available, and to have no labels", () => {
  const lab = world(["10.0.0.1"], "Cluster");
  lab.objects.deleteNode("node-1");
  expect(lab.settle().outcome("web")).toBe("announced");
});

describe("advertisements of which families", () => {
  const told = (ips: readonly string[], ...families: string[]) => {
    const lab = new BgpLab()
      .pool("pool", "10.0.0.0/24", "2001:db8::/64")
      .peer("router", { dualStackAddressFamily: true });
    lab.advertisement("bgp", { ipFamilies: families }).service("web", ips).settle();
    return [lab.outcome("web"), ...Object.keys(lab.told("router"))];
  };

  test.each([
    [[], ["announced", "10.0.0.1/32", "2001:db8::1/128"]],
    [["IPv4"], ["announced", "10.0.0.1/32"]],
    [["IPv6"], ["announced", "2001:db8::1/128"]],
    [
      ["IPv4", "IPv6"],
      ["announced", "10.0.0.1/32", "2001:db8::1/128"],
    ],
  ])("ipFamilies %j", (families, want) => {
    expect(told(["10.0.0.1", "2001:db8::1"], ...families)).toEqual(want);
  });

  test("none for the only family that a Service has", () => {
    expect(told(["10.0.0.1"], "IPv6")).toEqual(["noMatchingAdvertisement"]);
    expect(told(["2001:db8::1"], "IPv4")).toEqual(["noMatchingAdvertisement"]);
  });
});

describe("local preferences of advertisements that are for a Service", () => {
  const outcome = (ips: readonly string[], a: object, b: object) => {
    const lab = new BgpLab().pool("pool", "10.0.0.0/24", "2001:db8::/64").peer("x").peer("y").service("web", ips);
    lab
      .advertisement("a", { localPref: 100, ...a })
      .advertisement("b", { localPref: 200, ...b })
      .settle();
    expect(lab.refusals).toEqual([]);
    return lab.decision("web");
  };
  const some = { serviceSelectors: [{}] };
  const BOTH = ["10.0.0.1", "2001:db8::1"];

  test.each<[string, string[], object, object]>([
    ["of every peer", BOTH, some, {}],
    ["both by selectors", BOTH, some, some],
    ["given and not given", BOTH, some, { localPref: undefined }],
    ["every peer and one", BOTH, { ...some, peers: ["x"] }, {}],
    ["a common peer", BOTH, { ...some, peers: ["x"] }, { peers: ["x", "y"] }],
    ["IPv4 routes alike, of an IPv4 Service", ["10.0.0.1"], some, { aggregationLengthV6: 64 }],
    ["IPv6 routes alike, of a dual-stack Service", BOTH, some, { aggregationLength: 24 }],
  ])("conflict: %s", (_, ips, a, b) => {
    expect(outcome(ips, a, b)).toEqual({ announce: false, reason: "conflictingAdvertisements", conflict: ["a", "b"] });
  });

  test.each<[string, string[], object, object]>([
    ["equal ones", BOTH, some, { localPref: 100 }],
    ["of different peers", BOTH, { ...some, peers: ["x"] }, { peers: ["y"] }],
    ["other routes", BOTH, some, { aggregationLength: 24, aggregationLengthV6: 64 }],
    ["other routes of the only family that the Service has", ["10.0.0.1"], some, { aggregationLength: 24 }],
    ["of different families", BOTH, { ...some, ipFamilies: ["IPv4"] }, { ipFamilies: ["IPv6"] }],
    ["one is for other Services", BOTH, { serviceSelectors: [{ matchLabels: { app: "db" } }] }, {}],
  ])("none: %s", (_, ips, a, b) => {
    expect(outcome(ips, a, b)).toMatchObject({ announce: true });
  });
});
