/**
 * Every rule on peers, advertisements, communities and BFD profiles, broken while a speaker runs: it names object and
 * field, sessions and routes stay as they are, Services go on changing, and what is mended takes force.
 */
import { expect, test } from "vitest";
import type { ConfigKind } from "../../src/speaker/config-source.ts";
import { BgpLab } from "../support/bgp-lab.ts";

type Edit = readonly [kind: ConfigKind, name: string, spec: object];

interface Row {
  readonly rule: string;
  readonly edits: readonly Edit[];
  /** Object and field that are named. */
  readonly object: string;
  readonly field: string;
}

const PEER = { myASN: 64_512, peerASN: 64_500, peerAddress: "192.0.2.9", bfdProfile: "fast" };

/** What is there before, and again in the end. */
const GOOD: readonly Edit[] = [
  ["IPAddressPool", "pool", { addresses: ["10.0.0.0/24", "2001:db8::/120"] }],
  ["BGPAdvertisement", "bgp", { communities: ["near"] }],
  ["BGPPeer", "router", PEER],
  ["BFDProfile", "fast", { receiveInterval: 100 }],
  ["Community", "names", { communities: [{ name: "near", value: "65000:1" }] }],
];

const advertisement = (rule: string, spec: object, field: string): Row => ({
  rule,
  edits: [["BGPAdvertisement", "bgp", spec]],
  object: "BGPAdvertisement metallb-system/bgp",
  field,
});

const peer = (rule: string, spec: object, field: string): Row => ({
  rule,
  edits: [["BGPPeer", "router", { ...PEER, ...spec }]],
  object: "BGPPeer metallb-system/router",
  field,
});

const selectors = (...values: string[][]) =>
  values.map((list) => ({ matchExpressions: [{ key: "app", operator: "In", values: list }] }));

const ROWS: readonly Row[] = [
  advertisement("a pool twice", { ipAddressPools: ["pool", "pool"] }, "spec.ipAddressPools[1]"),
  advertisement("a community twice", { communities: ["1:1", "1:1"] }, "spec.communities[1]"),
  advertisement("a peer twice", { peers: ["x", "x"] }, "spec.peers[1]"),
  advertisement("a pool selector twice", { ipAddressPoolSelectors: [{}, {}] }, "spec.ipAddressPoolSelectors[1]"),
  advertisement("a node selector twice", { nodeSelectors: [{}, {}] }, "spec.nodeSelectors[1]"),
  advertisement(
    "a service selector twice, its values in another order",
    { serviceSelectors: selectors(["a", "b"], ["b", "a"]) },
    "spec.serviceSelectors[1]",
  ),
  advertisement(
    "a value twice in a selector",
    { serviceSelectors: selectors(["a", "a"]) },
    "spec.serviceSelectors[0].matchExpressions[0].values",
  ),
  advertisement("selectors and aggregation", { serviceSelectors: [{}], aggregationLength: 31 }, "spec"),
  advertisement("aggregationLength above 32", { aggregationLength: 33 }, "spec.aggregationLength"),
  advertisement("aggregationLengthV6 above 128", { aggregationLengthV6: 129 }, "spec.aggregationLengthV6"),
  advertisement("wider than the pool, IPv4", { aggregationLength: 23 }, "spec.aggregationLength"),
  advertisement("wider than the pool, IPv6", { aggregationLengthV6: 119 }, "spec.aggregationLengthV6"),
  advertisement("a community with a bad value", { communities: ["65536:1"] }, "spec.communities[0]"),
  advertisement("an alias that nobody defines", { communities: ["far"] }, "spec.communities[0]"),
  {
    rule: "two local preferences for the same routes",
    edits: [["BGPAdvertisement", "other", { localPref: 200 }]],
    object: "BGPAdvertisement metallb-system/other",
    field: "spec.localPref",
  },
  {
    rule: "an alias with a bad value",
    edits: [["Community", "names", { communities: [{ name: "near", value: "a:b" }] }]],
    object: "Community metallb-system/names",
    field: "spec.communities[0].value",
  },
  {
    rule: "an alias twice",
    edits: [["Community", "too", { communities: [{ name: "near", value: "1:1" }] }]],
    object: "Community metallb-system/too",
    field: "spec.communities[0].name",
  },
  {
    rule: "a BFD timer out of range",
    edits: [["BFDProfile", "fast", { receiveInterval: 9 }]],
    object: "BFDProfile metallb-system/fast",
    field: "spec.receiveInterval",
  },
  {
    rule: "BFD echo to a peer that gets IPv6 routes",
    edits: [["BFDProfile", "fast", { echoMode: true }]],
    object: "BGPPeer metallb-system/router",
    field: "spec.bfdProfile",
  },
  {
    rule: "the same peer twice",
    edits: [["BGPPeer", "twin", { ...PEER, password: "other" }]],
    object: "BGPPeer metallb-system/twin",
    field: "spec.peerAddress",
  },
  peer("myASN 0", { myASN: 0 }, "spec.myASN"),
  peer("no peerASN and no dynamicASN", { peerASN: 0 }, "spec.peerASN"),
  peer("peerASN and dynamicASN", { dynamicASN: "internal" }, "spec.dynamicASN"),
  peer("an unknown dynamicASN", { peerASN: 0, dynamicASN: "any" }, "spec.dynamicASN"),
  peer("multihop within an AS", { peerASN: 64_512, ebgpMultiHop: true }, "spec.ebgpMultiHop"),
  peer("no address and no interface", { peerAddress: "" }, "spec.peerAddress"),
  peer("address and interface", { interface: "eth0" }, "spec.peerAddress"),
  peer("a hold time of two seconds", { holdTime: "2s" }, "spec.holdTime"),
  peer("keepalives longer than the hold time", { holdTime: "9s", keepaliveTime: "10s" }, "spec.keepaliveTime"),
  peer("an address that is none", { peerAddress: "router" }, "spec.peerAddress"),
  peer("a router ID that is none", { routerID: "1" }, "spec.routerID"),
  peer("a source that is none", { sourceAddress: "eth0" }, "spec.sourceAddress"),
  peer("a selector twice", { nodeSelectors: [{}, {}] }, "spec.nodeSelectors[1]"),
  peer("password and passwordSecret", { password: "a", passwordSecret: { name: "b" } }, "spec.passwordSecret"),
  peer("a Secret that is not there", { passwordSecret: { name: "b" } }, "spec.passwordSecret.name"),
  peer("a BFD profile that is not there", { bfdProfile: "slow" }, "spec.bfdProfile"),
  peer("TTL security over several hops", { ebgpMultiHop: true, ttlSecurity: true }, "spec.ttlSecurity"),
];

test.each(ROWS)("$rule", ({ edits, object, field }) => {
  const lab = new BgpLab().service("web", ["10.0.0.1"]);
  for (const edit of GOOD) lab.apply(...edit);
  lab.settle();
  expect([lab.refusals, lab.told("router")]).toEqual([[], { "10.0.0.1/32": "65000:1" }]);

  for (const edit of edits) lab.apply(...edit);
  lab.settle();
  expect(lab.refusals.map((text) => text.split(": ").slice(0, 2))).toContainEqual([object, field]);
  expect([lab.peers(), lab.told("router"), lab.heard("router")]).toEqual([["router"], { "10.0.0.1/32": "65000:1" }, 1]);

  lab.service("db", ["10.0.0.2"]).settle();
  expect(lab.told("router")).toEqual({ "10.0.0.1/32": "65000:1", "10.0.0.2/32": "65000:1" });

  for (const [kind, name] of edits) lab.remove(kind, name);
  for (const edit of GOOD) lab.apply(...edit);
  lab.apply("Community", "names", { communities: [{ name: "near", value: "65000:2" }] }).settle();
  expect(lab.refusals).toEqual([]);
  expect(lab.told("router")).toEqual({ "10.0.0.1/32": "65000:2", "10.0.0.2/32": "65000:2" });
});
