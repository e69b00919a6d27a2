import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configObject, NO_OBJECTS } from "../../test/support/config-objects.ts";
import type { KubeObject } from "../ports/kube.ts";
import type { ConfigObjects } from "./validate.ts";
import { validateConfig } from "./validate.ts";

const pool = (name: string, ...addresses: string[]): KubeObject => configObject(name, { addresses });

const V4 = pool("v4", "192.168.10.0/28");
const V6 = pool("v6", "2001:db8::/120");
const DUAL = pool("dual", "192.168.10.0/28", "2001:db8::/120");

const on = (rack: string) => ({ nodeSelectors: [{ matchLabels: { rack } }] });
const node = (name: string, labels: { rack?: string; both?: string }) => ({ name, labels, networkUnavailable: false });
const RACKS = [node("a", { rack: "1" }), node("b", { rack: "2" }), node("c", { rack: "1", both: "2" })];
const IN_BOTH_RACKS = { nodeSelectors: [{ matchLabels: { both: "2" } }] };

/** `[object, field, message]` of each issue. */
function issuesOf(objects: Partial<ConfigObjects>): readonly (readonly string[])[] {
  return validateConfig({ ...NO_OBJECTS, ...objects }).map(({ object, field, message }) => [object, field, message]);
}

describe("aggregation and the entries of pools", () => {
  const aggregate = (ipAddressPools: readonly KubeObject[], spec: object) =>
    issuesOf({ ipAddressPools, bgpAdvertisements: [configObject("bgp", spec)] });

  test.each<[string, string[], object]>([
    ["as long as the entry", ["192.168.10.0/28"], { aggregationLength: 28 }],
    ["as long as the range", ["10.0.0.0-10.0.0.255"], { aggregationLength: 24 }],
    ["as long as the widest part of the range", ["10.0.0.3-10.0.1.130"], { aggregationLength: 25 }],
    ["IPv6, as long as the entry", ["2001:db8::/120"], { aggregationLengthV6: 120 }],
    ["IPv6, as long as the range", ["2001:db8::-2001:db8::ff"], { aggregationLengthV6: 120 }],
    ["no IPv6 entry to be shorter than", ["192.168.10.0/28"], { aggregationLengthV6: 0 }],
    ["no IPv4 entry to be shorter than", ["2001:db8::/120"], { aggregationLength: 1 }],
    ["everything", ["0.0.0.0/1"], { aggregationLength: 1 }],
    ["of a family that is not announced", ["10.0.0.0/28"], { aggregationLength: 8, ipFamilies: ["IPv6"] }],
  ])("fits: %s", (_, addresses, spec) => {
    expect(aggregate([pool("a", ...addresses)], spec)).toEqual([]);
  });

  test.each<[string, string[], object, string, string]>([
    [
      "shorter than the entry",
      ["192.168.10.0/28"],
      { aggregationLength: 26 },
      "spec.aggregationLength",
      'invalid aggregation length 26: it is wider than 192.168.10.0/28 (in 192.168.10.0-192.168.10.15) of pool "a"',
    ],
    [
      "shorter than the widest part of a range",
      ["10.0.0.3-10.0.1.130"],
      { aggregationLength: 24 },
      "spec.aggregationLength",
      'invalid aggregation length 24: it is wider than 10.0.0.128/25 (in 10.0.0.3-10.0.1.130) of pool "a"',
    ],
    [
      "shorter than an IPv6 entry",
      ["2001:db8::/120"],
      { aggregationLengthV6: 64 },
      "spec.aggregationLengthV6",
      'invalid aggregation length 64: it is wider than 2001:db8::/120 (in 2001:db8::-2001:db8::ff) of pool "a"',
    ],
    [
      "shorter than one address",
      ["2001:db8::7-2001:db8::7"],
      { aggregationLengthV6: 127 },
      "spec.aggregationLengthV6",
      'invalid aggregation length 127: it is wider than 2001:db8::7/128 (in 2001:db8::7) of pool "a"',
    ],
    [
      "negative",
      ["2001:db8::/120"],
      { aggregationLengthV6: -5 },
      "spec.aggregationLengthV6",
      'invalid aggregation length -5: it is wider than 2001:db8::/120 (in 2001:db8::-2001:db8::ff) of pool "a"',
    ],
  ])("refused: %s", (_, addresses, spec, field, message) => {
    expect(aggregate([pool("a", ...addresses)], spec)).toEqual([
      ["BGPAdvertisement metallb-system/bgp", field, message],
    ]);
  });

  test("each family and each entry is looked at, of the pools it is for only", () => {
    const lengths = { aggregationLength: 8, aggregationLengthV6: 8 };
    const spec = { ...lengths, ipAddressPools: ["dual"] };
    expect(aggregate([DUAL, pool("other", "10.0.0.0/30")], spec).map(([, field]) => field)).toEqual([
      "spec.aggregationLength",
      "spec.aggregationLengthV6",
    ]);
  });
});

describe("local preferences on the same routes", () => {
  const two = (a: object, b: object, more: Partial<ConfigObjects> = {}) =>
    issuesOf({
      ipAddressPools: [DUAL],
      nodes: RACKS,
      ...more,
      bgpAdvertisements: [configObject("b", { localPref: 200, ...b }), configObject("a", { localPref: 100, ...a })],
    });

  const lengths = (aggregationLength: number, aggregationLengthV6: number) => ({
    aggregationLength,
    aggregationLengthV6,
  });

  test.each<[string, object, object, Partial<ConfigObjects>?]>([
    ["nothing tells them apart", {}, {}],
    ["one has none", { localPref: undefined }, {}],
    ["a common peer", { peers: ["x", "y"] }, { peers: ["y", "z"] }],
    ["every peer and one", {}, { peers: ["y"] }],
    ["a common node", on("1"), IN_BOTH_RACKS],
    ["every node and some", {}, on("2")],
    ["every node of a cluster that is not known", {}, {}, { nodes: undefined } as unknown as Partial<ConfigObjects>],
    ["IPv4 routes differ, IPv6 ones don't", lengths(30, 128), lengths(32, 128)],
    ["IPv6 routes differ, IPv4 ones don't", lengths(32, 124), lengths(32, 128)],
    ["only IPv6 lengths differ, of an IPv4 pool", lengths(32, 124), lengths(32, 128), { ipAddressPools: [V4] }],
    ["only IPv4 lengths differ, of an IPv6 pool", lengths(30, 128), lengths(32, 128), { ipAddressPools: [V6] }],
    ["the same family", { ipFamilies: ["IPv6"] }, { ipFamilies: ["IPv4", "IPv6"] }],
    ["a common pool among others", { ipAddressPools: ["dual", "v9"] }, { ipAddressPools: ["dual", "v8"] }],
  ])("refused: %s", (_, a, b, more) => {
    const issues = two(a, b, more);
    expect(issues.map(([object, field]) => [object, field])).toEqual([
      ["BGPAdvertisement metallb-system/b", "spec.localPref"],
    ]);
    expect(issues[0]![2]).toMatch(/would have local preference 200 and (0|100), the latter by BGPAdvertisement "a"/);
  });

  test.each<[string, object, object, Partial<ConfigObjects>?]>([
    ["equal ones", { localPref: 200 }, {}],
    ["other peers", { peers: ["x"] }, { peers: ["y"] }],
    ["other nodes", on("1"), on("2")],
    ["no nodes at all", on("1"), on("9")],
    ["nodes that are not known", on("1"), on("1"), { nodes: undefined } as unknown as Partial<ConfigObjects>],
    ["other routes in both families", lengths(30, 124), lengths(32, 128)],
    ["other routes of an IPv4 pool", lengths(30, 128), lengths(32, 128), { ipAddressPools: [V4] }],
    ["other routes of an IPv6 pool", lengths(32, 124), lengths(32, 128), { ipAddressPools: [V6] }],
    ["other families", { ipFamilies: ["IPv4"] }, { ipFamilies: ["IPv6"] }],
    ["other routes in the only common family", { ipFamilies: ["IPv4"], ...lengths(30, 128) }, lengths(32, 128)],
    ["other pools", { ipAddressPools: ["v4"] }, { ipAddressPools: ["v6"] }],
    ["one depends on the Service", { serviceSelectors: [{}] }, {}],
    ["both depend on the Service", { serviceSelectors: [{}] }, { serviceSelectors: [{}] }],
  ])("fine: %s", (_, a, b, more) => {
    expect(two(a, b, more)).toEqual([]);
  });

  test("every pair is told", () => {
    const advertisement = (name: string, localPref: number) => configObject(name, { localPref });
    const issues = issuesOf({
      ipAddressPools: [V4],
      bgpAdvertisements: [advertisement("a", 1), advertisement("b", 2), advertisement("c", 3)],
    });
    expect(issues.map(([object]) => object?.slice(-1))).toEqual(["b", "c", "c"]);
  });
});

test("a conflict is found exactly when some peer would get the same route with two preferences from one node", () => {
  const some = <T>(...values: T[]) => fc.subarray(values);
  const advertisement = fc.record({
    localPref: fc.constantFrom(100, 200),
    aggregationLength: fc.constantFrom(28, 32),
    aggregationLengthV6: fc.constantFrom(120, 128),
    ipAddressPools: fc.subarray(["v4", "v6"], { minLength: 1 }),
    peers: some("x", "y"),
    racks: some("1", "2"),
  });
  type Advertisement = typeof advertisement extends fc.Arbitrary<infer T> ? T : never;
  /** Everything the advertisement sends: node, peer and route. Peer z is in no list, and any prefix of a length is as good. */
  const sent = ({ peers, racks, ipAddressPools, ...lengths }: Advertisement) =>
    RACKS.filter(({ labels }) => racks.length === 0 || racks.includes(labels.rack ?? "")).flatMap(({ name }) =>
      ["x", "y", "z"]
        .filter((peer) => peers.length === 0 || peers.includes(peer))
        .flatMap((peer) =>
          ipAddressPools.map((from) => {
            const length = from === "v4" ? lengths.aggregationLength : lengths.aggregationLengthV6;
            return `${name} ${peer} ${from}/${length}`;
          }),
        ),
    );
  fc.assert(
    fc.property(fc.array(advertisement, { maxLength: 3 }), (advertisements) => {
      const preferences = new Map<string, Set<number>>();
      for (const each of advertisements)
        for (const route of sent(each))
          preferences.set(route, (preferences.get(route) ?? new Set()).add(each.localPref));
      const issues = issuesOf({
        ipAddressPools: [V4, V6],
        nodes: RACKS,
        bgpAdvertisements: advertisements.map(({ racks, ...spec }, i) =>
          configObject(`a${i}`, { ...spec, nodeSelectors: racks.map((rack) => ({ matchLabels: { rack } })) }),
        ),
      });
      expect(issues.length > 0).toBe([...preferences.values()].some(({ size }) => size > 1));
    }),
    { numRuns: 300 },
  );
});

describe("the same peer twice", () => {
  const twice = (a: object, b: object, nodes?: ConfigObjects["nodes"]) => {
    const peer = (name: string, spec: object) => configObject(name, { myASN: 1, peerASN: 2, ...spec });
    return issuesOf({ bgpPeers: [peer("b", b), peer("a", a)], ...(nodes === undefined ? {} : { nodes }) });
  };
  const v4 = { peerAddress: "192.0.2.1" };
  const v6 = { peerAddress: "2001:db8::1" };

  test.each<[string, object, object, ConfigObjects["nodes"]?]>([
    ["one IPv4 address", v4, v4],
    ["one IPv6 address, written in two ways", v6, { peerAddress: "2001:DB8:0::1" }],
    ["other AS numbers make no other peer", { ...v4, myASN: 3 }, { ...v4, peerASN: 4 }],
    ["one VRF", { ...v6, vrf: "red" }, { ...v6, vrf: "red" }],
    ["a common node", { ...v4, ...on("1") }, { ...v4, ...IN_BOTH_RACKS }, RACKS],
  ])("refused: %s", (_, a, b, nodes) => {
    expect(twice(a, b, nodes)).toEqual([
      ["BGPPeer metallb-system/b", "spec.peerAddress", 'a session with this peer already exists: BGPPeer "a"'],
    ]);
  });

  test("refused: one interface", () => {
    const issues = twice({ interface: "eth0" }, { interface: "eth0" });
    expect(issues.map(([, field]) => field)).toEqual(["spec.interface"]);
  });

  test.each<[string, object, object, ConfigObjects["nodes"]?]>([
    ["other addresses", v4, v6],
    [
      "other addresses, with router IDs and AS numbers of their own",
      { ...v4, routerID: "10.0.0.1", myASN: 7 },
      { ...v6, routerID: "10.0.0.2" },
    ],
    ["other ports", v4, { ...v4, peerPort: 1179 }],
    ["other VRFs", { ...v6, vrf: "red" }, v6],
    ["other addresses of our own", { ...v4, sourceAddress: "192.0.2.8" }, { ...v4, sourceAddress: "192.0.2.9" }],
    ["other zones", { peerAddress: "fe80::1%eth0" }, { peerAddress: "fe80::1%eth1" }],
    ["other interfaces", { interface: "eth0" }, { interface: "eth1" }],
    ["other nodes", { ...v4, ...on("1") }, { ...v4, ...on("2") }, RACKS],
    ["nodes that are not known", { ...v4, ...on("1") }, { ...v4, ...on("1") }],
  ])("fine: %s", (_, a, b, nodes) => {
    expect(twice(a, b, nodes)).toEqual([]);
  });
});

describe("BFD echo, which is for IPv4 only", () => {
  const peer = (spec: object = {}) =>
    configObject("router", { myASN: 1, peerASN: 2, peerAddress: "192.0.2.1", bfdProfile: "echo", ...spec });
  const announced = (advertisement: object, more: Partial<ConfigObjects> = {}) =>
    issuesOf({
      ipAddressPools: [V4, V6],
      bfdProfiles: [configObject("echo", { echoMode: true }), configObject("plain", { echoMode: false })],
      bgpPeers: [peer()],
      bgpAdvertisements: [configObject("bgp", advertisement)],
      ...more,
    });

  test.each([
    ["an advertisement to every peer", {}],
    ["an advertisement to this peer", { ipAddressPools: ["v6"], peers: ["other", "router"] }],
  ])("refused for a peer that gets IPv6 routes: %s", (_, advertisement) => {
    const message =
      'BFD profile "echo" has echoMode, which is for IPv4 only, and BGPAdvertisement "bgp" announces IPv6 pool "v6" to this peer';
    expect(announced(advertisement)).toEqual([["BGPPeer metallb-system/router", "spec.bfdProfile", message]]);
  });

  test.each<[string, object, Partial<ConfigObjects>?]>([
    ["only IPv4 routes", { ipAddressPools: ["v4"] }],
    ["IPv6 routes for other peers", { peers: ["other"] }],
    ["only addresses of IPv4", { ipFamilies: ["IPv4"] }],
    ["another profile", {}, { bgpPeers: [peer({ bfdProfile: "plain" })] }],
    ["no advertisement", {}, { bgpAdvertisements: [] }],
  ])("fine: %s", (_, advertisement, more) => {
    expect(announced(advertisement, more)).toEqual([]);
  });
});
