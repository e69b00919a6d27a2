import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { L2Advertisement } from "../config/model.ts";
import type { NodeView } from "../config/node.ts";
import { EXCLUDE_LABEL } from "../config/node.ts";
import type { LabelSelector } from "../config/selector.ts";
import type { ServiceView } from "../config/service.ts";
import { projectService } from "../config/service.ts";
import { formatAddress, parseAddress } from "../ip/address.ts";
import { parsePrefix, prefixRange } from "../ip/prefix.ts";
import { ownerOrder } from "../layer2/election.ts";
import type { Decision } from "./announce-plan.ts";
import type { AnnounceOptions } from "./announce-state.ts";
import { AnnounceState } from "./announce-state.ts";
import { SpeakerObjects } from "./speaker-objects.ts";

const ADDRESSES = {
  IPv4: ["10.0.0.1"],
  IPv6: ["fd00::1"],
  dual: ["10.0.0.1", "fd00::1"],
} as const;

const ANY: LabelSelector = { requirements: [] };

function labelled(key: string, value: string): LabelSelector {
  return { requirements: [{ key, operator: "In", values: [value] }] };
}

function advertisement(more: Partial<L2Advertisement> = {}): L2Advertisement {
  return {
    name: "l2",
    pools: ["pool"],
    nodeSelectors: [],
    interfaces: [],
    serviceSelectors: [],
    preferredNodes: [],
    ...more,
  };
}

function node(name: string, more: Partial<NodeView> = {}): NodeView {
  return { name, labels: { name }, networkUnavailable: false, ...more };
}

interface World {
  readonly service?: Partial<ServiceView>;
  readonly ips?: readonly string[];
  /** Nodes with a usable endpoint; "none": there is no usable endpoint. */
  readonly endpoints?: readonly string[] | "none";
  readonly nodes?: readonly NodeView[];
  readonly advertisements?: readonly L2Advertisement[];
  readonly options?: Partial<AnnounceOptions>;
}

const BASE = projectService({
  metadata: { namespace: "shop", name: "web", uid: "u", labels: { app: "web" } },
  spec: { type: "LoadBalancer", externalTrafficPolicy: "Cluster" },
});

/** What the speaker on `self` decides in a world, but for what is said when nobody can announce. */
function decideOn(self: string, world: World): Decision {
  const decision = planOn(self, world);
  if (decision.announce) return decision;
  const { nobody: _, ...rest } = decision;
  return rest;
}

function planOn(self: string, world: World): Decision {
  const { ips = ["10.0.0.1"], endpoints = ["a"], nodes = [node("a")], advertisements = [advertisement()] } = world;
  const options = { node: self, loadBalancerClass: "", ignoreExcludeLabel: false, ...world.options };
  const objects = new SpeakerObjects(options);
  const state = new AnnounceState(options, objects);
  const range = (text: string) => prefixRange(parsePrefix(text)!);
  const common = { autoAssign: true, avoidBuggyIPs: true, serviceAllocation: undefined };
  for (const view of nodes) objects.setNode(view);
  state.setConfig({
    pools: [
      { name: "pool", ranges: [range("10.0.0.0/24"), range("fd00::/64")], ...common },
      { name: "other", ranges: [range("10.0.1.0/24")], ...common },
    ],
    advertisements,
  });
  const on = endpoints === "none" ? [] : endpoints;
  objects.setSlice("shop/web-1", {
    service: "shop/web",
    usable: endpoints !== "none",
    nodes: on,
    ready: on.map(() => 1),
    family: "IPv4",
  });
  objects.setService("shop/web", { ...BASE, ingress: ips.map((ip) => ({ ip, hostname: "" })), ...world.service });
  state.replan();
  return state.decisionOf("shop/web") ?? { announce: false, reason: "serviceDeleted" };
}

const preferring = (name: string, weight: number) => ({ weight, selector: labelled("name", name) });

describe.each(Object.entries(ADDRESSES))("%s", (_, ips) => {
  test("a Service with everything in place is announced on all interfaces", () => {
    expect(decideOn("a", { ips })).toEqual({
      announce: true,
      addresses: ips.map((ip) => parseAddress(ip)),
      interfaces: "all",
    });
  });

  test.each<[string, World, Decision]>([
    ["no ingress", { service: { ingress: [] } }, { announce: false, reason: "noIPAllocated" }],
    ["no usable endpoint", { ips, endpoints: "none" }, { announce: false, reason: "noEndpoints" }],
    ["no advertisement at all", { ips, advertisements: [] }, { announce: false, reason: "noMatchingAdvertisement" }],
    [
      "an advertisement of another pool",
      { ips, advertisements: [advertisement({ pools: ["other"] })] },
      { announce: false, reason: "noMatchingAdvertisement" },
    ],
    [
      "an advertisement for other Services",
      { ips, advertisements: [advertisement({ serviceSelectors: [labelled("app", "db")] })] },
      { announce: false, reason: "noMatchingAdvertisement" },
    ],
    [
      "an advertisement for other nodes",
      {
        ips,
        nodes: [node("a"), node("b")],
        advertisements: [advertisement({ nodeSelectors: [labelled("name", "b")] })],
      },
      { announce: false, reason: "noMatchingAdvertisement", owner: "b" },
    ],
    [
      "our Node is not known",
      { ips, nodes: [node("b")] },
      { announce: false, reason: "noMatchingAdvertisement", owner: "b" },
    ],
    [
      "NetworkUnavailable, nobody else",
      { ips, nodes: [node("a", { networkUnavailable: true })] },
      { announce: false, reason: "nodeNetworkUnavailable" },
    ],
    [
      "NetworkUnavailable, another node takes it",
      { ips, nodes: [node("a", { networkUnavailable: true }), node("b")] },
      { announce: false, reason: "nodeNetworkUnavailable", owner: "b" },
    ],
    [
      "excluded by label, whatever its value",
      { ips, nodes: [node("a", { labels: { [EXCLUDE_LABEL]: "false" } }), node("b")] },
      { announce: false, reason: "nodeLabeledExcludeBalancers", owner: "b" },
    ],
    [
      "Local, endpoints elsewhere",
      { ips, service: { externalTrafficPolicy: "Local" }, endpoints: ["b"], nodes: [node("a"), node("b")] },
      { announce: false, reason: "noLocalEndpoints", owner: "b" },
    ],
    [
      "Local, endpoints on no known node",
      { ips, service: { externalTrafficPolicy: "Local" }, endpoints: [] },
      { announce: false, reason: "noLocalEndpoints" },
    ],
    [
      "Local, endpoints only on nodes that may not",
      {
        ips,
        service: { externalTrafficPolicy: "Local" },
        endpoints: ["a"],
        nodes: [node("a", { networkUnavailable: true }), node("b")],
      },
      { announce: false, reason: "nodeNetworkUnavailable" },
    ],
    [
      "a sharing key together with a service selector",
      {
        ips,
        service: { annotations: { "metallb.universe.tf/allow-shared-ip": "" } },
        advertisements: [advertisement({ serviceSelectors: [labelled("app", "web")] })],
      },
      { announce: false, reason: "sharedIPWithServiceSelector" },
    ],
    [
      "a preferred node",
      { ips, nodes: [node("a"), node("b")], advertisements: [advertisement({ preferredNodes: [preferring("b", 1)] })] },
      { announce: false, reason: "notOwner", owner: "b" },
    ],
  ])("not announced: %s", (_, world, want) => {
    expect(decideOn("a", world)).toEqual(want);
  });
});

describe("not announced, whatever the family", () => {
  test.each<[string, World, Decision]>([
    [
      "a hostname only",
      { service: { ingress: [{ ip: "", hostname: "x" }] } },
      { announce: false, reason: "invalidIP" },
    ],
    ["one bad address", { ips: ["10.0.0.1", "10.0.0.300"] }, { announce: false, reason: "invalidIP" }],
    ["outside of all pools", { ips: ["10.0.2.1"] }, { announce: false, reason: "ipNotAllowed" }],
    ["outside of all pools, IPv6", { ips: ["fd01::1"] }, { announce: false, reason: "ipNotAllowed" }],
    ["in two pools", { ips: ["10.0.0.1", "10.0.1.1"] }, { announce: false, reason: "ipNotAllowed" }],
    ["half outside", { ips: ["10.0.0.1", "fd01::1"] }, { announce: false, reason: "ipNotAllowed" }],
  ])("%s", (_, world, want) => {
    expect(decideOn("a", world)).toEqual(want);
  });

  test.each<[Partial<ServiceView>, string]>([
    [{ type: "ClusterIP" }, ""],
    [{ loadBalancerClass: "x" }, ""],
    [{}, "x"],
    [{ loadBalancerClass: "y" }, "x"],
  ])("a Service like %j is not planned for with --lb-class %j", (service, loadBalancerClass) => {
    expect(decideOn("a", { service, options: { loadBalancerClass } })).toEqual({
      announce: false,
      reason: "serviceDeleted",
    });
  });
});

describe("announced nevertheless", () => {
  test.each<[string, World]>([
    ["addresses that a pool avoids", { ips: ["10.0.0.255"] }],
    ["a sharing key without service selectors", { service: { annotations: { "metallb.io/allow-shared-ip": "k" } } }],
    ["our class", { service: { loadBalancerClass: "x" }, options: { loadBalancerClass: "x" } }],
    [
      "the exclude label is ignored when told so",
      { nodes: [node("a", { labels: { [EXCLUDE_LABEL]: "" } })], options: { ignoreExcludeLabel: true } },
    ],
    ["Cluster, endpoints elsewhere", { endpoints: ["b"] }],
    ["Cluster, endpoints on no node", { endpoints: [] }],
    ["Local, endpoint here", { service: { externalTrafficPolicy: "Local" }, endpoints: ["a"] }],
    [
      "only some advertisements are for this node",
      { advertisements: [advertisement({ nodeSelectors: [labelled("name", "b")] }), advertisement()] },
    ],
  ])("%s", (_, world) => {
    expect(decideOn("a", world).announce).toBe(true);
  });
});

describe("interfaces", () => {
  test.each<[string, readonly L2Advertisement[], unknown]>([
    ["of one advertisement", [advertisement({ interfaces: ["eth1", "eth0"] })], ["eth0", "eth1"]],
    [
      "the union of several",
      [advertisement({ interfaces: ["eth1", "eth2"] }), advertisement({ interfaces: ["eth0", "eth1"] })],
      ["eth0", "eth1", "eth2"],
    ],
    ["all, as soon as one has no limit", [advertisement({ interfaces: ["eth1"] }), advertisement()], "all"],
    [
      "advertisements of other nodes and Services don't count",
      [
        advertisement({ interfaces: ["eth1"] }),
        advertisement({ nodeSelectors: [labelled("name", "b")] }),
        advertisement({ serviceSelectors: [labelled("app", "db")] }),
      ],
      ["eth1"],
    ],
  ])("%s", (_, advertisements, interfaces) => {
    expect(decideOn("a", { advertisements })).toMatchObject({ announce: true, interfaces });
  });
});

describe("preferences", () => {
  const nodes = ["a", "b", "c"].map((name) => node(name));
  const ownerIn = (advertisements: readonly L2Advertisement[], ips = ["10.0.0.1"]) =>
    nodes.map(({ name }) => name).filter((name) => decideOn(name, { advertisements, nodes, ips }).announce);

  test("weights are summed over all preferences of all advertisements", () => {
    const advertisements = [
      advertisement({ preferredNodes: [preferring("a", 60), preferring("b", 30)] }),
      advertisement({ preferredNodes: [preferring("b", 20), preferring("b", 11)] }),
    ];
    expect(ownerIn(advertisements)).toEqual(["b"]);
  });

  test("a preference counts only for nodes that its advertisement selects", () => {
    const onlyB = { nodeSelectors: [labelled("name", "b")] };
    const advertisements = [
      advertisement({ ...onlyB, preferredNodes: [preferring("a", 100), { weight: 1, selector: ANY }] }),
      advertisement(),
    ];
    expect(ownerIn(advertisements)).toEqual(["b"]);
  });

  test.each(["10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2"])("equals are in hash order for %s", (ip) => {
    const equal = [advertisement({ preferredNodes: [{ weight: 5, selector: ANY }] })];
    expect(ownerIn(equal, [ip])).toEqual([ownerOrder(["a", "b", "c"], ip)[0]]);
  });
});

test("equal objects make every speaker see the same single owner, or none", () => {
  const names = ["a", "b", "c", "d"];
  const subset = fc.subarray(names);
  const world = fc.record({
    ip: fc.oneof(
      fc.nat(255).map((n) => `10.0.0.${n}`),
      fc.nat(0xffff).map((n) => formatAddress(parseAddress(`fd00::${n.toString(16)}`)!)),
    ),
    local: fc.boolean(),
    endpoints: subset,
    broken: subset,
    selected: fc.option(subset),
    preferred: fc.array(fc.tuple(fc.constantFrom(...names), fc.integer({ min: 1, max: 100 }))),
  });
  fc.assert(
    fc.property(world, ({ ip, local, endpoints, broken, selected, preferred }) => {
      const shared: World = {
        ips: [ip],
        endpoints,
        service: { externalTrafficPolicy: local ? "Local" : "Cluster" },
        nodes: names.map((name) => node(name, { networkUnavailable: broken.includes(name) })),
        advertisements: [
          advertisement({
            nodeSelectors:
              selected === null ? [] : [{ requirements: [{ key: "name", operator: "In", values: selected }] }],
            preferredNodes: preferred.map(([name, weight]) => preferring(name, weight)),
          }),
        ],
      };
      const decisions = names.map((name) => decideOn(name, shared));
      const announcing = names.filter((_, i) => decisions[i]!.announce);
      const able = names.filter(
        (name) => !broken.includes(name) && (selected?.includes(name) ?? true) && (!local || endpoints.includes(name)),
      );
      expect(announcing).toHaveLength(able.length > 0 ? 1 : 0);
      expect(able).toEqual(expect.arrayContaining(announcing));
      const named = new Set(decisions.map((decision) => (decision.announce ? undefined : decision.owner)));
      named.delete(undefined);
      for (const owner of named) expect(announcing).toEqual([owner]);
    }),
    { numRuns: 300 },
  );
});

describe("when no node can announce", () => {
  const excluded = (name: string) => node(name, { labels: { name, [EXCLUDE_LABEL]: "" } });
  const offline = (name: string) => node(name, { networkUnavailable: true });
  const local = { externalTrafficPolicy: "Local" };
  const toB = advertisement({ nodeSelectors: [labelled("name", "b")] });

  const nobodyOn = (self: string, world: World) => {
    const decision = planOn(self, world);
    return decision.announce ? undefined : decision.nobody;
  };

  describe.each(Object.entries(ADDRESSES))("%s", (_, ips) => {
    test.each<{ why: string; world: World; reason: string; message: string }>([
      {
        why: "a label",
        world: { nodes: [excluded("b"), excluded("a")] },
        reason: "nodeLabeledExcludeBalancers",
        message: `label ${EXCLUDE_LABEL} on a, b; remove it or start the speaker with --ignore-exclude-lb`,
      },
      {
        why: "a node condition",
        world: { nodes: [offline("a")] },
        reason: "nodeNetworkUnavailable",
        message: "condition NetworkUnavailable is True on a; see why the node's network is not set up",
      },
      {
        why: "an advertisement that selects no node",
        world: { nodes: [node("a")], advertisements: [toB] },
        reason: "noMatchingAdvertisement",
        message: "nodeSelectors of L2Advertisement l2 match no node; change them or the nodes' labels",
      },
      {
        why: "an advertisement that selects a labelled node only",
        world: { nodes: [node("a"), excluded("b")], advertisements: [toB] },
        reason: "nodeLabeledExcludeBalancers",
        message: `label ${EXCLUDE_LABEL} on b; remove it or start the speaker with --ignore-exclude-lb`,
      },
      {
        why: "endpoints on no selected node",
        world: { nodes: [node("a"), node("b")], advertisements: [toB], service: local, endpoints: ["a"] },
        reason: "noLocalEndpoints",
        message:
          "externalTrafficPolicy is Local and no endpoint is ready on b; run a Pod of the Service there or set externalTrafficPolicy to Cluster",
      },
      {
        why: "endpoints on a labelled node only",
        world: { nodes: [excluded("a"), node("b")], service: local, endpoints: ["a"] },
        reason: "nodeLabeledExcludeBalancers",
        message: `label ${EXCLUDE_LABEL} on a; remove it or start the speaker with --ignore-exclude-lb`,
      },
      {
        why: "different things on different nodes, of which five are named",
        world: { nodes: [offline("a"), ..."hgfedcb".split("").map(excluded)] },
        reason: "noCandidates",
        message: `label ${EXCLUDE_LABEL} on b, c, d, e, f and 2 more; condition NetworkUnavailable is True on a; (1) remove it or start the speaker with --ignore-exclude-lb (2) see why the node's network is not set up`,
      },
      {
        why: "an address that may be shared under an advertisement for selected Services",
        world: {
          service: { annotations: { "metallb.io/allow-shared-ip": "key" } },
          advertisements: [advertisement({ serviceSelectors: [ANY] }), advertisement({ name: "open" })],
        },
        reason: "sharedIPWithServiceSelector",
        message:
          "it may share its address, and L2Advertisement l2 has serviceSelectors; remove the annotation metallb.io/allow-shared-ip or the serviceSelectors",
      },
    ])("$why is told, in the same words by every node", ({ world, reason, message }) => {
      const told = { reason, message: `no node can announce ${ips.join(" and ")} on layer 2: ${message}` };
      for (const self of ["a", "b"]) expect(nobodyOn(self, { ips, ...world })).toEqual(told);
    });
  });

  test.each<[string, World]>([
    ["some node can", { nodes: [excluded("a"), node("b")] }],
    ["there are no endpoints", { nodes: [excluded("a")], endpoints: "none" }],
    ["no advertisement is for the pool", { advertisements: [] }],
    [
      "advertisements are for other Services",
      { advertisements: [advertisement({ serviceSelectors: [labelled("app", "db")] })] },
    ],
    ["there is no address", { nodes: [excluded("a")], ips: [] }],
    ["the label is ignored", { nodes: [excluded("a")], options: { ignoreExcludeLabel: true } }],
  ])("nothing is told when %s", (_, world) => {
    for (const self of ["a", "b"]) expect(nobodyOn(self, world)).toBeUndefined();
  });
});
