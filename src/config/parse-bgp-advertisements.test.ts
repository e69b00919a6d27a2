import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configObject } from "../../test/support/config-objects.ts";
import type { Community } from "./community.ts";
import { compareCommunities, formatCommunity } from "./community.ts";
import { parseBgpAdvertisements } from "./parse-bgp-advertisements.ts";

const POOLS = [
  configObject("v6", {}, { tier: "silver" }),
  configObject("v4", {}, { tier: "gold" }),
  configObject("dual"),
];

const ALIASES: ReadonlyMap<string, Community> = new Map<string, Community>([
  ["near", { is: "standard", asn: 65_000, value: 1 }],
  ["near-too", { is: "standard", asn: 65_000, value: 1 }],
  ["far", { is: "large", asn: 1, data1: 2, data2: 3 }],
  ["no-peer", { is: "standard", asn: 1, value: 1 }],
  ["with:colon", { is: "standard", asn: 2, value: 2 }],
]);

function parse(spec: unknown) {
  const { advertisements, issues } = parseBgpAdvertisements([configObject("bgp", spec)], POOLS, ALIASES);
  return { advertisement: advertisements[0], issues };
}

test("an empty advertisement is for every pool, node, peer and Service, without aggregation", () => {
  for (const spec of [undefined, {}, { ipAddressPools: [], peers: [], communities: [], localPref: 0 }]) {
    expect(parse(spec)).toEqual({
      issues: [],
      advertisement: {
        name: "bgp",
        pools: ["dual", "v4", "v6"],
        aggregationLength: { IPv4: 32, IPv6: 128 },
        localPref: undefined,
        communities: [],
        peers: [],
        nodeSelectors: [],
        serviceSelectors: [],
        med: undefined,
        prepend: undefined,
        extendedCommunities: [],
        families: [],
        weightByEndpoints: false,
      },
    });
  }
});

test("an advertisement with everything", () => {
  const { advertisement, issues } = parse({
    aggregationLength: 24,
    aggregationLengthV6: 64,
    localPref: 4_294_967_295,
    communities: ["65000:7", "near"],
    ipAddressPools: ["v6", "gone"],
    ipAddressPoolSelectors: [{ matchLabels: { tier: "gold" } }],
    peers: ["router-b", "router-a"],
    nodeSelectors: [{ matchLabels: { rack: "1" } }],
    med: 4_294_967_295,
    asPathPrepend: 3,
    extendedCommunities: ["soo:65000:1", "rt:65000:1"],
    ipFamilies: ["IPv6"],
    weightByEndpoints: true,
  });
  expect(issues).toEqual([]);
  expect(advertisement).toEqual({
    name: "bgp",
    pools: ["v4", "v6"],
    aggregationLength: { IPv4: 24, IPv6: 64 },
    localPref: 4_294_967_295,
    communities: [
      { is: "standard", asn: 65_000, value: 1 },
      { is: "standard", asn: 65_000, value: 7 },
    ],
    peers: ["router-b", "router-a"],
    nodeSelectors: [{ requirements: [{ key: "rack", operator: "In", values: ["1"] }] }],
    serviceSelectors: [],
    med: 4_294_967_295,
    prepend: 3,
    extendedCommunities: [0x0002_fde8_0000_0001n, 0x0003_fde8_0000_0001n],
    families: ["IPv6"],
    weightByEndpoints: true,
  });
});

test("what is 0 is not what is absent", () => {
  const { advertisement } = parse({ med: 0, asPathPrepend: 0 });
  expect(advertisement).toMatchObject({ med: 0, prepend: 0 });
});

test.each([
  ["serviceSelectors are parsed when nothing is aggregated", { serviceSelectors: [{ matchLabels: { a: "b" } }, {}] }],
  [
    "the default lengths are no aggregation",
    { serviceSelectors: [{}], aggregationLength: 32, aggregationLengthV6: 128 },
  ],
  ["no serviceSelectors allow aggregation", { serviceSelectors: [], aggregationLength: 24, aggregationLengthV6: 64 }],
])("%s", (_, spec) => {
  const { advertisement, issues } = parse(spec);
  expect(issues).toEqual([]);
  expect(advertisement?.serviceSelectors).toHaveLength(spec.serviceSelectors.length);
});

describe("communities", () => {
  test.each<[string, string[], string[]]>([
    ["literals", ["65000:2", "large:0:0:1"], ["large:0:0:1", "65000:2"]],
    ["aliases", ["far", "near"], ["large:1:2:3", "65000:1"]],
    ["well-known names", ["no-export", "blackhole"], ["65535:666", "65535:65281"]],
    ["an alias comes before a well-known name", ["no-peer"], ["1:1"]],
    ["an alias comes before a literal", ["with:colon"], ["2:2"]],
    ["one community by several names is sent once", ["near", "65000:1", "near-too"], ["65000:1"]],
  ])("%s", (_, communities, want) => {
    const { advertisement, issues } = parse({ communities });
    expect(issues).toEqual([]);
    expect(advertisement?.communities.map(formatCommunity)).toEqual(want);
  });

  test.each([
    ["unresolved", "nowhere", "no Community has this alias"],
    ["unresolved", "1:2:3", "no Community has this alias"],
    ["unresolved", "", "no Community has this alias"],
    ["invalid", "1:70000", "invalid community value: invalid section"],
    ["invalid", "a:b", "invalid community value: invalid section"],
    ["invalid", "x:1:2:3", "expected community to be of format large"],
  ])("%s: %s", (kind, community, message) => {
    const { advertisement, issues } = parse({ communities: ["near", community] });
    expect(issues.map((issue) => [issue.kind, issue.field])).toEqual([[kind, "spec.communities[1]"]]);
    expect(issues[0]?.message).toContain(message);
    expect(advertisement === undefined).toBe(kind === "invalid");
  });
});

test("many unresolved communities stay unresolved, and hide nothing invalid", () => {
  const unknown = Array.from({ length: 200 }, (_, i) => `alias-${i}`);
  const waiting = parse({ communities: unknown });
  expect(new Set(waiting.issues.map(({ kind }) => kind))).toEqual(new Set(["unresolved"]));
  expect(waiting.issues).toHaveLength(101);
  expect(waiting.advertisement).toBeDefined();
  const wrong = parse({ communities: [...unknown, "1:99999"] });
  expect(wrong.issues.at(-1)).toMatchObject({ kind: "invalid", field: "spec.communities[200]" });
  expect(wrong.advertisement).toBeUndefined();
});

const inList = (values: unknown) => ({ matchExpressions: [{ key: "a", operator: "In", values }] });

describe("refused, with the advertisement left out", () => {
  test.each<[string, object, string, string]>([
    ["a pool twice", { ipAddressPools: ["v4", "v4"] }, "spec.ipAddressPools[1]", "duplicate entry"],
    ["a community twice", { communities: ["1:1", "1:1"] }, "spec.communities[1]", "duplicate entry"],
    ["a peer twice", { peers: ["a", "b", "a"] }, "spec.peers[2]", "duplicate entry"],
    ["a pool selector twice", { ipAddressPoolSelectors: [{}, {}] }, "spec.ipAddressPoolSelectors[1]", "duplicate of"],
    [
      "a node selector twice, its values in another order",
      { nodeSelectors: [inList(["x", "y"]), inList(["y", "x"])] },
      "spec.nodeSelectors[1]",
      "duplicate of",
    ],
    [
      "a service selector twice",
      { serviceSelectors: [inList(["x"]), inList(["x"])] },
      "spec.serviceSelectors[1]",
      "dup",
    ],
    [
      "a selector with an unknown operator",
      { nodeSelectors: [{ matchExpressions: [{ key: "a", operator: "Is" }] }] },
      "spec.nodeSelectors[0].matchExpressions[0].operator",
      "is not a valid label selector operator",
    ],
    ["aggregationLength 33", { aggregationLength: 33 }, "spec.aggregationLength", "invalid aggregation length 33"],
    ["aggregationLength 0", { aggregationLength: 0 }, "spec.aggregationLength", "Too small"],
    [
      "aggregationLengthV6 129",
      { aggregationLengthV6: 129 },
      "spec.aggregationLengthV6",
      "invalid aggregation length 129",
    ],
    ["a negative preference", { localPref: -1 }, "spec.localPref", "invalid local preference -1"],
    ["a preference of 33 bits", { localPref: 4_294_967_296 }, "spec.localPref", "invalid local preference"],
    ["a negative MED", { med: -1 }, "spec.med", "Too small"],
    ["a MED of 33 bits", { med: 4_294_967_296 }, "spec.med", "Too big"],
    ["a path that nobody takes", { asPathPrepend: 17 }, "spec.asPathPrepend", "Too big"],
    ["a family twice", { ipFamilies: ["IPv4", "IPv4"] }, "spec.ipFamilies[1]", "duplicate entry"],
    ["an unknown family", { ipFamilies: ["ipv4"] }, "spec.ipFamilies[0]", "Invalid option"],
    [
      "an extended community of another form",
      { extendedCommunities: ["rt:1:1", "65000:1"] },
      "spec.extendedCommunities[1]",
      'invalid extended community "65000:1"',
    ],
    [
      "an extended community twice",
      { extendedCommunities: ["rt:1:1", "rt:1:1"] },
      "spec.extendedCommunities[1]",
      "duplicate entry",
    ],
    [
      "serviceSelectors and IPv4 aggregation",
      { serviceSelectors: [{}], aggregationLength: 24 },
      "spec",
      "serviceSelectors and aggregationLength are mutually exclusive",
    ],
    [
      "serviceSelectors and IPv6 aggregation",
      { serviceSelectors: [{}], aggregationLengthV6: 64 },
      "spec",
      "serviceSelectors and aggregationLength are mutually exclusive",
    ],
  ])("%s", (_, spec, field, message) => {
    const { advertisement, issues } = parse(spec);
    expect(advertisement).toBeUndefined();
    expect(issues).toEqual([
      {
        kind: "invalid",
        object: "BGPAdvertisement metallb-system/bgp",
        field,
        message: expect.stringContaining(message) as string,
        fix: expect.anything() as string,
      },
    ]);
  });
});

test("communities that are accepted are in order and without repeats, whatever their names", () => {
  const name = fc.oneof(
    fc.constantFrom("near", "near-too", "far", "no-export", "no-peer", "gone", ""),
    fc.tuple(fc.nat(3), fc.nat(3)).map(([a, b]) => `${a}:${b}`),
    fc.tuple(fc.nat(3), fc.nat(3)).map(([a, b]) => `large:${a}:${b}:0`),
  );
  fc.assert(
    fc.property(fc.array(name, { maxLength: 8 }), (communities) => {
      const { advertisement, issues } = parse({ communities });
      expect(advertisement === undefined).toBe(issues.some(({ kind }) => kind === "invalid"));
      const parsed = advertisement?.communities ?? [];
      const sorted = [...parsed].sort(compareCommunities);
      expect(parsed).toEqual(sorted);
      expect(new Set(parsed.map(formatCommunity)).size).toBe(parsed.length);
    }),
  );
});
