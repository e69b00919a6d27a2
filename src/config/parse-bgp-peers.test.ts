import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configObject } from "../../test/support/config-objects.ts";
import { parseAddress } from "../ip/address.ts";
import { parseBgpPeers } from "./parse-bgp-peers.ts";
import type { SecretView } from "./secret.ts";

const SECRETS: readonly SecretView[] = [
  { name: "good", type: "kubernetes.io/basic-auth", password: "hidden" },
  { name: "opaque", type: "Opaque", password: undefined },
  { name: "empty", type: "kubernetes.io/basic-auth", password: undefined },
  { name: "long", type: "kubernetes.io/basic-auth", password: "ä".repeat(41) },
];

const MINIMUM = { myASN: 64_512, peerASN: 64_513, peerAddress: "192.0.2.1" };

function parse(spec: unknown, secrets: readonly SecretView[] | undefined = SECRETS) {
  const { peers, issues } = parseBgpPeers([configObject("router", spec)], {
    bfdProfiles: new Set(["fast"]),
    secrets,
  });
  return { peer: peers[0], issues };
}

const address = (text: string) => parseAddress(text)!;
const at = (text: string, zone?: string) => ({ is: "address", address: address(text), zone });

test("a peer with the least there can be", () => {
  expect(parse(MINIMUM)).toEqual({
    issues: [],
    peer: {
      name: "router",
      myAsn: 64_512,
      localAsn: undefined,
      remoteAs: { is: "number", asn: 64_513 },
      endpoint: at("192.0.2.1"),
      port: 179,
      sourceAddress: undefined,
      routerId: undefined,
      timers: undefined,
      connectTime: undefined,
      nodeSelectors: [],
      password: undefined,
      bfdProfile: undefined,
      gracefulRestart: false,
      ebgpMultiHop: false,
      vrf: undefined,
      dualStack: false,
      passive: false,
      ttlSecurity: false,
      maxPrefixes: undefined,
    },
  });
});

test("a peer with everything", () => {
  const { peer, issues } = parse({
    myASN: 4_294_967_295,
    peerASN: 64_513,
    localASN: 64_514,
    peerAddress: "2001:db8::1",
    sourceAddress: "2001:db8::2",
    routerID: "192.0.2.9",
    peerPort: 1179,
    holdTime: "9s",
    keepaliveTime: "3s",
    connectTime: "5s",
    nodeSelectors: [{ matchLabels: { rack: "1" } }],
    password: "open",
    bfdProfile: "fast",
    enableGracefulRestart: true,
    ebgpMultiHop: true,
    vrf: "red",
    disableMP: true,
    dualStackAddressFamily: true,
    passive: true,
    maximumPrefixes: 1,
  });
  expect(issues).toEqual([]);
  expect(peer).toEqual({
    name: "router",
    myAsn: 4_294_967_295,
    localAsn: 64_514,
    remoteAs: { is: "number", asn: 64_513 },
    endpoint: at("2001:db8::1"),
    port: 1179,
    sourceAddress: address("2001:db8::2"),
    routerId: address("192.0.2.9"),
    timers: { holdTime: 9000, keepaliveTime: 3000 },
    connectTime: 5000,
    nodeSelectors: [{ requirements: [{ key: "rack", operator: "In", values: ["1"] }] }],
    password: "open",
    bfdProfile: "fast",
    gracefulRestart: true,
    ebgpMultiHop: true,
    vrf: "red",
    dualStack: true,
    passive: true,
    ttlSecurity: false,
    maxPrefixes: 1,
  });
});

test("a peer that must be on the same link", () => {
  expect(parse({ ...MINIMUM, ttlSecurity: true }).peer).toMatchObject({ ttlSecurity: true, ebgpMultiHop: false });
});

test("empty texts, and port 0 of v1beta1, stand for absent", () => {
  const empty = { sourceAddress: "", routerID: "", password: "", bfdProfile: "", vrf: "", interface: "", peerPort: 0 };
  expect(parse({ ...MINIMUM, ...empty, passwordSecret: {} })).toEqual(parse(MINIMUM));
});

describe("where the peer is", () => {
  const asns = { myASN: 64_512, peerASN: 64_513 };
  test.each([
    [{ peerAddress: "192.0.2.1" }, at("192.0.2.1")],
    [{ peerAddress: "2001:db8::1" }, at("2001:db8::1")],
    [{ peerAddress: "fe80::1%eth0" }, at("fe80::1", "eth0")],
    [{ peerAddress: "::ffff:192.0.2.1" }, at("192.0.2.1")],
    [{ interface: "eth0" }, { is: "interface", interface: "eth0" }],
  ])("%j", (where, endpoint) => {
    const { peer, issues } = parse({ ...asns, ...where });
    expect(issues).toEqual([]);
    expect(peer?.endpoint).toEqual(endpoint);
  });
});

describe("the peer's autonomous system", () => {
  const where = { myASN: 64_512, peerAddress: "2001:db8::1" };
  test.each([
    [{ peerASN: 64_512 }, { is: "number", asn: 64_512 }],
    [{ peerASN: 0, dynamicASN: "internal" }, { is: "internal" }],
    [{ dynamicASN: "external", ebgpMultiHop: true }, { is: "external" }],
  ])("%j", (given, remoteAs) => {
    const { peer, issues } = parse({ ...where, ...given });
    expect(issues).toEqual([]);
    expect(peer?.remoteAs).toEqual(remoteAs);
  });
});

describe("timers", () => {
  test.each([
    ["none", {}, undefined],
    ["only a hold time: keepalives three times in it", { holdTime: "90s" }, [90_000, 30_000]],
    ["a hold time that three does not divide", { holdTime: "10s" }, [10_000, 3333]],
    ["only a keepalive time: three of them", { keepaliveTime: "30s" }, [90_000, 30_000]],
    ["both", { holdTime: "1m", keepaliveTime: "10s" }, [60_000, 10_000]],
    ["equal ones", { holdTime: "3s", keepaliveTime: "3s" }, [3000, 3000]],
    ["zero", { holdTime: "0s" }, [0, 0]],
    ["zero twice", { holdTime: "0s", keepaliveTime: "0s" }, [0, 0]],
    ["no keepalives within a hold time", { holdTime: "9s", keepaliveTime: "0s" }, [9000, 0]],
    ["parts of a second of a hold time don't count", { holdTime: "3900ms" }, [3000, 1300]],
    ["less than a second is zero", { holdTime: "999ms" }, [0, 0]],
    ["the most there can be", { holdTime: "65535s" }, [65_535_000, 21_845_000]],
  ])("%s", (_, given, want) => {
    const { peer, issues } = parse({ ...MINIMUM, ...given });
    expect(issues).toEqual([]);
    expect(peer?.timers).toEqual(want && { holdTime: want[0], keepaliveTime: want[1] });
  });
});

describe("refused", () => {
  const asns = { myASN: 64_512, peerASN: 64_513 };
  test.each<[string, object, string, string]>([
    ["no AS number of our own", { ...MINIMUM, myASN: 0 }, "spec.myASN", "0 is not"],
    ["an AS number of 33 bits", { ...MINIMUM, peerASN: 4_294_967_296 }, "spec.peerASN", "Too big"],
    ["localASN 0", { ...MINIMUM, localASN: 0 }, "spec.localASN", "Too small"],
    ["no peerASN", { ...MINIMUM, peerASN: 0 }, "spec.peerASN", "neither peerASN nor dynamicASN"],
    ["peerASN and dynamicASN", { ...MINIMUM, dynamicASN: "external" }, "spec.dynamicASN", "are both set"],
    ["an unknown dynamicASN", { ...MINIMUM, peerASN: 0, dynamicASN: "any" }, "spec.dynamicASN", "Invalid option"],
    ["multihop within an AS", { ...MINIMUM, peerASN: 64_512, ebgpMultiHop: true }, "spec.ebgpMultiHop", "external"],
    [
      "multihop and on the same link",
      { ...MINIMUM, ebgpMultiHop: true, ttlSecurity: true },
      "spec.ttlSecurity",
      "ttlSecurity is for peers on the same link",
    ],
    ["no prefixes at all", { ...MINIMUM, maximumPrefixes: 0 }, "spec.maximumPrefixes", "Too small"],
    ["neither address nor interface", asns, "spec.peerAddress", "neither peerAddress nor interface"],
    ["address and interface", { ...MINIMUM, interface: "eth0" }, "spec.peerAddress", "are both set"],
    ["a bad address", { ...asns, peerAddress: "192.0.2.1111" }, "spec.peerAddress", "invalid BGPPeer address"],
    ["an address with a mask", { ...asns, peerAddress: "192.0.2.1/32" }, "spec.peerAddress", "invalid BGPPeer address"],
    ["a bad IPv6 address", { ...asns, peerAddress: "2001:db8:::1" }, "spec.peerAddress", "invalid BGPPeer address"],
    ["a zone that is no link-local one's", { ...asns, peerAddress: "2001:db8::1%eth0" }, "spec.peerAddress", "invalid"],
    ["an empty zone", { ...asns, peerAddress: "fe80::1%" }, "spec.peerAddress", "invalid BGPPeer address"],
    ["a bad source", { ...MINIMUM, sourceAddress: "here" }, "spec.sourceAddress", "is not an IP address"],
    ["a bad router ID", { ...MINIMUM, routerID: "1.2.3" }, "spec.routerID", "is not an IP address"],
    ["a router ID of 16 bytes", { ...MINIMUM, routerID: "2001:db8::9" }, "spec.routerID", "four bytes"],
    ["port 16385", { ...MINIMUM, peerPort: 16_385 }, "spec.peerPort", "Too big"],
    ["a hold time of two seconds", { ...MINIMUM, holdTime: "2s" }, "spec.holdTime", 'invalid hold time "2s"'],
    ["a hold time of one second", { ...MINIMUM, holdTime: "1s" }, "spec.holdTime", "invalid hold time"],
    ["a hold time of 17 bits", { ...MINIMUM, holdTime: "65536s" }, "spec.holdTime", "invalid hold time"],
    ["a hold time without a unit", { ...MINIMUM, holdTime: "90" }, "spec.holdTime", '"90" is not a duration'],
    ["a negative hold time", { ...MINIMUM, holdTime: "-90s" }, "spec.holdTime", "is negative"],
    ["keepalives that make a short hold", { ...MINIMUM, keepaliveTime: "500ms" }, "spec.keepaliveTime", "three times"],
    ["a negative keepalive time", { ...MINIMUM, keepaliveTime: "-1s" }, "spec.keepaliveTime", "is negative"],
    [
      "keepalives longer than the hold time",
      { ...MINIMUM, holdTime: "30s", keepaliveTime: "31s" },
      "spec.keepaliveTime",
      "is longer than the hold time",
    ],
    ["connectTime 0", { ...MINIMUM, connectTime: "0s" }, "spec.connectTime", "between 1 second and 65535 seconds"],
    ["connectTime of 17 bits", { ...MINIMUM, connectTime: "65536s" }, "spec.connectTime", "between 1 second and 65535"],
    ["connectTime of 1.5 s", { ...MINIMUM, connectTime: "1500ms" }, "spec.connectTime", "whole number of seconds"],
    ["connectTime of no time", { ...MINIMUM, connectTime: "soon" }, "spec.connectTime", "is not a duration"],
    ["password twice", { ...MINIMUM, password: "a", passwordSecret: { name: "good" } }, "spec.passwordSecret", "both"],
    ["a long password", { ...MINIMUM, password: "a".repeat(81) }, "spec.password", "longer than 80 bytes"],
    [
      "a selector without a key",
      { ...MINIMUM, nodeSelectors: [{ matchExpressions: [{ operator: "In", values: ["a"] }] }] },
      "spec.nodeSelectors[0].matchExpressions[0].key",
      "Invalid input",
    ],
    ["a selector twice", { ...MINIMUM, nodeSelectors: [{}, {}] }, "spec.nodeSelectors[1]", "duplicate of"],
  ])("%s", (_, spec, field, message) => {
    const { peer, issues } = parse(spec);
    expect(peer).toBeUndefined();
    expect(issues).toEqual([
      {
        kind: "invalid",
        object: "BGPPeer metallb-system/router",
        field,
        message: expect.stringContaining(message) as string,
        fix: expect.anything() as string,
      },
    ]);
  });

  test("for all its mistakes at once", () => {
    const { issues } = parse({ myASN: 0, holdTime: "2s", routerID: "x", nodeSelectors: [{}, {}], bfdProfile: "slow" });
    expect(issues.map(({ field }) => field)).toEqual([
      "spec.peerAddress",
      "spec.myASN",
      "spec.peerASN",
      "spec.bfdProfile",
      "spec.routerID",
      "spec.holdTime",
      "spec.nodeSelectors[1]",
    ]);
  });

  test("a name that is there twice", () => {
    const twice = [configObject("router", MINIMUM), configObject("router", MINIMUM)];
    const { peers, issues } = parseBgpPeers(twice, { bfdProfiles: new Set(), secrets: [] });
    expect(peers).toHaveLength(1);
    expect(issues.map(({ message }) => message)).toEqual(['duplicate definition of BGPPeer "router"']);
  });
});

describe("passwords in Secrets", () => {
  const withSecret = (name: string) => ({ ...MINIMUM, passwordSecret: { name, namespace: "elsewhere" } });

  test("are found by name, wherever the reference points", () => {
    expect(parse(withSecret("good"))).toMatchObject({ issues: [], peer: { password: "hidden" } });
  });

  test("are not looked for when the Secrets are not known", () => {
    const { peers, issues } = parseBgpPeers([configObject("router", withSecret("gone"))], {
      bfdProfiles: new Set(),
      secrets: undefined,
    });
    expect(issues).toEqual([]);
    expect(peers[0]?.password).toBeUndefined();
  });

  test.each([
    ["gone", 'there is no Secret "gone"'],
    ["opaque", 'Secret "opaque" is of type "Opaque"'],
    ["empty", 'Secret "empty" has no password'],
    ["long", 'the password in Secret "long" is longer than 80 bytes'],
  ])("%s: unresolved, since the Secret may be mended without the peer", (name, message) => {
    const { issues } = parse(withSecret(name));
    expect(issues.map((issue) => [issue.kind, issue.field])).toEqual([["unresolved", "spec.passwordSecret.name"]]);
    expect(issues[0]?.message).toContain(message);
  });

  test("never appear in an issue", () => {
    const texts = [...SECRETS.map(({ name }) => withSecret(name)), { ...MINIMUM, password: "ä".repeat(41) }].map(
      (spec) => JSON.stringify(parse(spec).issues),
    );
    expect(texts.join("")).not.toMatch(/hidden|ää/);
  });
});

test("a BFD profile that is not there may come later", () => {
  const { issues } = parse({ ...MINIMUM, bfdProfile: "slow" });
  expect(issues.map(({ kind, field, message }) => [kind, field, message])).toEqual([
    ["unresolved", "spec.bfdProfile", 'there is no BFDProfile "slow"'],
  ]);
});

test("a peer that is accepted keeps the promises of its model, whatever was written", () => {
  const duration = fc.oneof(
    fc.constant(undefined),
    fc.integer({ min: -2000, max: 70_000_000 }).map((ms) => `${ms}ms`),
    fc.integer({ min: 0, max: 10 }).map((s) => `${s}s`),
    fc.constantFrom("", "1", "1.9s", "18h12m15s"),
  );
  const where = fc.constantFrom(undefined, "", "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "x");
  const asn = fc.constantFrom(undefined, 0, 1, 64_512, 4_294_967_295, 4_294_967_296);
  const spec = fc.record(
    {
      myASN: asn,
      peerASN: asn,
      dynamicASN: fc.constantFrom(undefined, "internal", "external"),
      peerAddress: where,
      interface: fc.constantFrom(undefined, "", "eth0"),
      ebgpMultiHop: fc.boolean(),
      holdTime: duration,
      keepaliveTime: duration,
      connectTime: duration,
    },
    { requiredKeys: ["myASN"] },
  );
  let accepted = 0;
  fc.assert(
    fc.property(spec, (hostile) => {
      const { peer, issues } = parse(hostile);
      expect(peer === undefined).toBe(issues.length > 0);
      if (peer === undefined) return;
      accepted += 1;
      expect(peer.myAsn).toBeGreaterThan(0);
      if (peer.remoteAs.is === "number") expect(peer.remoteAs.asn).toBeGreaterThan(0);
      const { connectTime = 1000, timers = { holdTime: 0, keepaliveTime: 0 } } = peer;
      expect(isWholeSeconds(connectTime, 1)).toBe(true);
      expect(timers.holdTime === 0 || isWholeSeconds(timers.holdTime, 3)).toBe(true);
      expect(timers.keepaliveTime).toBeGreaterThanOrEqual(0);
      expect(timers.keepaliveTime).toBeLessThanOrEqual(timers.holdTime);
    }),
    { numRuns: 2000 },
  );
  expect(accepted).toBeGreaterThan(50);
});

function isWholeSeconds(ms: number, least: number): boolean {
  return Number.isInteger(ms / 1000) && ms >= least * 1000 && ms <= 65_535_000;
}
