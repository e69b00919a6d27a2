import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configObject, NO_OBJECTS } from "../../test/support/config-objects.ts";
import type { KubeObject } from "../ports/kube.ts";
import { customResourceDefinitions } from "./crds.ts";
import { formatIssue } from "./issues.ts";
import type { ConfigObjects } from "./validate.ts";
import { validateConfig } from "./validate.ts";

const POOL = configObject("pool", { addresses: ["192.168.10.0/28", "2001:db8::/120"] });
const PEER = configObject("router", {
  myASN: 64_512,
  peerASN: 64_513,
  peerAddress: "2001:db8::1",
  passwordSecret: { name: "secret" },
  bfdProfile: "fast",
});

const FULL: ConfigObjects = {
  ipAddressPools: [POOL],
  l2Advertisements: [configObject("l2", { ipAddressPools: ["pool"] })],
  bgpAdvertisements: [configObject("bgp", { communities: ["near"], localPref: 100 })],
  bgpPeers: [PEER],
  bfdProfiles: [configObject("fast", { receiveInterval: 100 })],
  communities: [configObject("c", { communities: [{ name: "near", value: "65000:1" }] })],
  secrets: [{ name: "secret", type: "kubernetes.io/basic-auth", password: "x" }],
  nodes: [{ name: "a", labels: {}, networkUnavailable: false }],
  namespaces: [{ name: "shop", labels: {} }],
};

test("nothing is wrong with nothing, nor with a full configuration", () => {
  expect(validateConfig(NO_OBJECTS)).toEqual([]);
  expect(validateConfig(FULL)).toEqual([]);
});

test("the issues of all kinds come together, none hides another", () => {
  const issues = validateConfig({
    ipAddressPools: [POOL, configObject("a", { addresses: ["10.0.0.1"] })],
    l2Advertisements: [configObject("l2", { ipAddressPools: ["a", "a"] })],
    bgpAdvertisements: [
      configObject("bad", { peers: ["x", "x"] }),
      configObject("bgp", { aggregationLength: 26, communities: ["nowhere"] }),
    ],
    bgpPeers: [configObject("router", { myASN: 0, dynamicASN: "external", interface: "eth0" }), PEER],
    bfdProfiles: [configObject("slow", { detectMultiplier: 1 })],
    communities: [configObject("c", { communities: [{ name: "near", value: "1:2:3:4" }] })],
    secrets: [],
  });
  expect(issues.map(({ kind, object, field }) => `${kind} ${object.replace("metallb-system/", "")} ${field}`)).toEqual([
    "invalid IPAddressPool a spec.addresses[0]",
    "invalid L2Advertisement l2 spec.ipAddressPools[1]",
    "invalid Community c spec.communities[0].value",
    "invalid BFDProfile slow spec.detectMultiplier",
    "invalid BGPPeer router spec.myASN",
    "invalid BGPPeer router metadata.name",
    "unresolved BGPPeer router spec.bfdProfile",
    "unresolved BGPPeer router spec.passwordSecret.name",
    "invalid BGPAdvertisement bad spec.peers[1]",
    "unresolved BGPAdvertisement bgp spec.communities[0]",
    "invalid BGPAdvertisement bgp spec.aggregationLength",
  ]);
});

describe("what is there later resolves a reference", () => {
  test.each<[string, Partial<ConfigObjects>]>([
    ["a BFD profile", { bfdProfiles: [] }],
    ["a Secret", { secrets: [] }],
    ["a Community", { communities: [] }],
  ])("%s", (_, missing) => {
    const issues = validateConfig({ ...FULL, ...missing });
    expect(issues.map(({ kind }) => kind)).toEqual(["unresolved"]);
  });
});

test("the order of objects makes no difference", () => {
  const reversed = Object.fromEntries(Object.entries(FULL).map(([kind, list]) => [kind, [...(list as [])].reverse()]));
  const wrong = (objects: ConfigObjects): ConfigObjects => ({
    ...objects,
    ipAddressPools: [...objects.ipAddressPools, configObject("other", { addresses: ["192.168.10.8/30"] })],
    bgpPeers: [configObject("twin", { ...(PEER["spec"] as object), routerID: "x" }), ...objects.bgpPeers],
  });
  expect(validateConfig(wrong(reversed as unknown as ConfigObjects))).toEqual(validateConfig(wrong(FULL)));
  expect(validateConfig(wrong(FULL))).toHaveLength(2);
});

/** What scripts and the reference's own tests look for. */
describe("fragments of messages", () => {
  const peer = (spec: object) => configObject("router", { myASN: 1, peerASN: 2, ...spec });
  const community = (...values: string[]) =>
    configObject("c", { communities: values.map((value) => ({ name: "n", value })) });
  test.each<[string, Partial<ConfigObjects>]>([
    [
      "overlaps with already defined CIDR",
      { ipAddressPools: [POOL, configObject("q", { addresses: ["2001:db8::/64"] })] },
    ],
    ["invalid aggregation length 26", { bgpAdvertisements: [configObject("b", { aggregationLength: 26 })] }],
    [
      "serviceSelectors and aggregationLength are mutually exclusive",
      { bgpAdvertisements: [configObject("b", { aggregationLength: 28, serviceSelectors: [{}] })] },
    ],
    ["invalid BGPPeer address", { bgpPeers: [peer({ peerAddress: "1.1.1.1111" })] }],
    [
      "already exists",
      {
        bgpPeers: [
          peer({ peerAddress: "1.1.1.1" }),
          { ...peer({ peerAddress: "1.1.1.1" }), metadata: { name: "twin" } },
        ],
      },
    ],
    ["duplicate definition of community", { communities: [community("1:1", "1:2")] }],
    ["invalid community value: invalid section", { communities: [community("1:99999")] }],
    ["expected community to be of format large", { communities: [community("1:1:1:1")] }],
    [
      "connect time should be between 1 second and 65535 seconds",
      { bgpPeers: [peer({ peerAddress: "fd00::1", connectTime: "0s" })] },
    ],
    [
      "connect time should be a whole number of seconds",
      { bgpPeers: [peer({ peerAddress: "fd00::1", connectTime: "1.5s" })] },
    ],
  ])("%s", (fragment, objects) => {
    const issues = validateConfig({ ...NO_OBJECTS, ipAddressPools: [POOL], ...objects });
    expect(issues.map(formatIssue)).toEqual([expect.stringContaining(fragment)]);
  });
});

test("rules that the API server checks with CEL have the same messages here", () => {
  const manifests = JSON.stringify(customResourceDefinitions());
  const spec = { myASN: 1, peerASN: 2, peerAddress: "fd00::1" };
  const issues = validateConfig({
    ...NO_OBJECTS,
    bgpAdvertisements: [configObject("b", { aggregationLength: 28, serviceSelectors: [{}] })],
    bgpPeers: [
      configObject("a", { ...spec, connectTime: "65536s" }),
      configObject("b", { ...spec, connectTime: "1001ms", peerPort: 1 }),
    ],
  });
  expect(issues).toHaveLength(3);
  for (const { message } of issues) expect(manifests).toContain(JSON.stringify(message));
});

const KINDS = [
  "ipAddressPools",
  "l2Advertisements",
  "bgpAdvertisements",
  "bgpPeers",
  "bfdProfiles",
  "communities",
] as const;

/** Values of the wrong type. */
const junk = fc.constantFrom<unknown>(null, undefined, true, 7, -1.5, "", "x", [], [[]], {}, { a: {} });
const selectors = fc.oneof(
  junk,
  fc.array(fc.record({ matchLabels: junk, matchExpressions: junk }, { requiredKeys: [] })),
);
const text = fc.oneof(
  fc.constantFrom(
    "1:1",
    "large:1:2:3",
    "a",
    "10.0.0.0/30",
    "fd00::/126",
    "fe80::1%e",
    "10.0.0.9-10.0.0.1",
    "90s",
    "-1s",
    "internal",
  ),
  fc.string(),
);
const texts = fc.oneof(fc.array(text, { maxLength: 4 }), junk);
const number = fc.oneof(fc.constantFrom(0, 1, -1, 33, 129, 2 ** 32), junk);

/** Specs that are mostly almost right, so that they come far. */
const hostileSpec = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      addresses: texts,
      serviceAllocation: fc.record({ namespaces: texts, namespaceSelectors: selectors, priority: number }),
      ipAddressPools: texts,
      ipAddressPoolSelectors: selectors,
      nodeSelectors: selectors,
      serviceSelectors: selectors,
      aggregationLength: number,
      aggregationLengthV6: number,
      localPref: number,
      peers: texts,
      myASN: number,
      peerASN: number,
      dynamicASN: text,
      peerAddress: text,
      interface: text,
      holdTime: text,
      keepaliveTime: text,
      connectTime: text,
      routerID: text,
      password: text,
      passwordSecret: fc.record({ name: text }),
      bfdProfile: text,
      echoMode: fc.boolean(),
      communities: fc.oneof(texts, fc.array(fc.record({ name: text, value: text }, { requiredKeys: [] }))),
    },
    { requiredKeys: [] },
  ),
);

const hostileObject = fc
  .record({
    metadata: fc.oneof(junk, fc.record({ name: fc.constantFrom("a", "b", ""), labels: junk })),
    spec: hostileSpec,
  })
  .map((object) => object as unknown as KubeObject);

describe("any JSON", () => {
  const kinds = Object.fromEntries(KINDS.map((kind) => [kind, fc.array(hostileObject, { maxLength: 3 })]));
  test("is judged without throwing, the same each time, in issues that can be shown", () => {
    fc.assert(
      fc.property(fc.record(kinds), (objects) => {
        const hostile = { ...objects, secrets: [], nodes: FULL.nodes! } as unknown as ConfigObjects;
        const issues = validateConfig(hostile);
        expect(validateConfig(hostile)).toEqual(issues);
        for (const issue of issues) {
          expect(["invalid", "unresolved"]).toContain(issue.kind);
          expect(formatIssue(issue).length).toBeLessThan(5000);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("of any size gives a bounded number of issues", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `x${"y".repeat(i % 50)}${i}`);
    const issues = validateConfig({
      ...NO_OBJECTS,
      ipAddressPools: [configObject("a", { addresses: many })],
      l2Advertisements: [configObject("a", { ipAddressPools: [...many, ...many] })],
      bgpAdvertisements: [configObject("a", { communities: many, peers: many.map(() => "same") })],
      communities: [configObject("a", { communities: many.map((value) => ({ name: "same", value })) })],
    });
    expect(issues.length).toBeLessThan(410);
    expect(issues.filter(({ message }) => message === "there are more issues")).toHaveLength(4);
    expect(issues.map(({ message }) => message)).toContain("too large: 20000 items");
  });
});
