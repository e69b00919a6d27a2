import { describe, expect, test } from "vitest";
import { type ConfigObjects, validateConfig } from "../../config/validate.ts";
import { formatIssue } from "../../config/issues.ts";
import { NO_OBJECTS } from "../../../test/support/config-objects.ts";
import type { KubeObject } from "../../ports/kube.ts";
import { admit, admitAtSight, type Incoming } from "./admit.ts";

const HOME = "metallb-system";

function object(kind: string, name: string, spec: object, more: object = {}): KubeObject {
  const apiVersion = kind === "BGPPeer" ? "metallb.io/v1beta2" : "metallb.io/v1beta1";
  return { apiVersion, kind, metadata: { name, namespace: HOME, ...more }, spec };
}

function pool(name: string, ...addresses: readonly string[]): KubeObject {
  return object("IPAddressPool", name, { addresses });
}

function incoming(kind: Incoming["kind"], object: KubeObject, more: Partial<Incoming> = {}): Incoming {
  return { kind, operation: "CREATE", namespace: HOME, name: object.metadata.name, object, ...more };
}

describe("at sight", () => {
  const A = pool("a", "10.0.0.0/24");
  const elsewhere = { namespace: "default" };
  test.each<[string, Incoming, object | undefined]>([
    ["an object that comes", incoming("IPAddressPool", A), undefined],
    ["an object that changes", incoming("IPAddressPool", A, { operation: "UPDATE" }), undefined],
    [
      "an object for another namespace",
      incoming("IPAddressPool", A, elsewhere),
      {
        allowed: false,
        code: 403,
        message: expect.stringContaining("resource must be created in metallb-system namespace"),
      },
    ],
    [
      "a peer with disableMP for another namespace",
      incoming("BGPPeer", object("BGPPeer", "p", { disableMP: true }), elsewhere),
      { allowed: false },
    ],
    [
      "an object in another namespace that changes",
      incoming("Community", A, { operation: "UPDATE", ...elsewhere }),
      { allowed: true, warnings: [expect.stringContaining("has no effect")] },
    ],
    [
      "an object that goes and loses a finalizer",
      incoming("IPAddressPool", object("IPAddressPool", "a", {}, { deletionTimestamp: "2026-01-01T00:00:00Z" }), {
        operation: "UPDATE",
      }),
      { allowed: true, warnings: [] },
    ],
    ["an object that goes", incoming("IPAddressPool", A, { operation: "DELETE" }), { allowed: true }],
    ["a BFD profile that goes", incoming("BFDProfile", A, { operation: "DELETE" }), undefined],
    [
      "a BFD profile elsewhere that goes",
      incoming("BFDProfile", A, { operation: "DELETE", ...elsewhere }),
      { allowed: true },
    ],
  ])("%s", (_, request, want) => {
    const answer = admitAtSight(request, HOME);
    if (want === undefined) expect(answer).toBeUndefined();
    else expect(answer).toMatchObject(want);
  });
});

describe("admit", () => {
  const broken = pool("broken", "nonsense");
  test.each<[string, Incoming, Partial<ConfigObjects>, boolean]>([
    ["a good pool, IPv4", incoming("IPAddressPool", pool("a", "10.0.0.0/24")), {}, true],
    ["a good pool, IPv6", incoming("IPAddressPool", pool("a", "2001:db8::/120")), {}, true],
    ["a pool without a mask, IPv4", incoming("IPAddressPool", pool("a", "10.0.0.1")), {}, false],
    ["a pool without a mask, IPv6", incoming("IPAddressPool", pool("a", "2001:db8::1")), {}, false],
    [
      "a pool that overlaps another, IPv4",
      incoming("IPAddressPool", pool("b", "10.0.0.128/25")),
      { ipAddressPools: [pool("a", "10.0.0.0/24")] },
      false,
    ],
    [
      "a pool that overlaps another, IPv6",
      incoming("IPAddressPool", pool("b", "2001:db8::10-2001:db8::20")),
      { ipAddressPools: [pool("a", "2001:db8::/120")] },
      false,
    ],
    [
      "a pool that comes before the one it overlaps",
      incoming("IPAddressPool", pool("a", "10.0.0.128/25")),
      { ipAddressPools: [pool("b", "10.0.0.0/24")] },
      false,
    ],
    [
      "a good pool beside a broken one",
      incoming("IPAddressPool", pool("a", "10.0.0.0/24")),
      { ipAddressPools: [broken] },
      true,
    ],
    [
      "a pool that replaces itself",
      incoming("IPAddressPool", pool("a", "10.0.0.0/25"), { operation: "UPDATE" }),
      { ipAddressPools: [pool("a", "10.0.0.0/24")] },
      true,
    ],
    [
      "a broken pool that is mended",
      incoming("IPAddressPool", pool("broken", "10.0.0.0/24"), { operation: "UPDATE" }),
      { ipAddressPools: [broken] },
      true,
    ],
    [
      "a broken pool that breaks in another way",
      incoming("IPAddressPool", pool("broken", "10.0.0.1"), { operation: "UPDATE" }),
      { ipAddressPools: [broken] },
      false,
    ],
  ])("%s: %#", (_, request, existing, allowed) => {
    expect(admit(request, { ...NO_OBJECTS, ...existing })).toMatchObject({ allowed, code: allowed ? 200 : 403 });
  });

  const aggregated = object("BGPAdvertisement", "adv", { aggregationLength: 26, aggregationLengthV6: 120 });
  test.each<[string, Incoming, Partial<ConfigObjects>, string | undefined]>([
    [
      "a pool that an advertisement can't aggregate, IPv4",
      incoming("IPAddressPool", pool("small", "10.0.0.0/28")),
      { bgpAdvertisements: [aggregated] },
      "invalid aggregation length 26",
    ],
    [
      "a pool that an advertisement can't aggregate, IPv6",
      incoming("IPAddressPool", pool("small", "2001:db8::/124")),
      { bgpAdvertisements: [aggregated] },
      "invalid aggregation length 120",
    ],
    [
      "a pool that it can",
      incoming("IPAddressPool", pool("large", "10.0.0.0/24", "2001:db8::/112")),
      { bgpAdvertisements: [aggregated] },
      undefined,
    ],
    [
      "an alias that another Community has",
      incoming("Community", object("Community", "b", { communities: [{ name: "x", value: "1:2" }] })),
      { communities: [object("Community", "a", { communities: [{ name: "x", value: "1:1" }] })] },
      "duplicate definition of community",
    ],
    [
      "an L2Advertisement with a selector that can't be",
      incoming(
        "L2Advertisement",
        object("L2Advertisement", "l", { nodeSelectors: [{ matchExpressions: [{ key: "a", operator: "Near" }] }] }),
      ),
      {},
      "spec.nodeSelectors[0]",
    ],
    [
      "a BFD profile out of bounds, since a schema may be old",
      incoming("BFDProfile", object("BFDProfile", "b", { detectMultiplier: 1 }), { operation: "UPDATE" }),
      {},
      "spec.detectMultiplier",
    ],
    [
      "a BFD profile whose change breaks what uses it",
      incoming("BFDProfile", object("BFDProfile", "echo", { echoMode: true }), { operation: "UPDATE" }),
      {
        bfdProfiles: [object("BFDProfile", "echo", {})],
        bgpPeers: [
          object("BGPPeer", "p", { myASN: 64_512, peerASN: 64_513, peerAddress: "10.0.0.1", bfdProfile: "echo" }),
        ],
        bgpAdvertisements: [object("BGPAdvertisement", "adv", {})],
        ipAddressPools: [pool("six", "2001:db8::/120")],
      },
      "echo",
    ],
  ])("%s, against the whole configuration", (_, request, existing, fragment) => {
    const answer = admit(request, { ...NO_OBJECTS, ...existing });
    expect(answer.allowed).toBe(fragment === undefined);
    expect(answer.message).toContain(fragment ?? "");
  });

  test("what is not there yet is a warning once, for who refers to it", () => {
    const adv = object("BGPAdvertisement", "adv", { communities: ["later"] });
    const answer = admit(incoming("BGPAdvertisement", adv), {
      ...NO_OBJECTS,
      ipAddressPools: [pool("a", "10.0.0.0/24")],
    });
    expect(answer).toMatchObject({ allowed: true, warnings: [expect.stringContaining("later")] });
    const other = admit(incoming("IPAddressPool", pool("b", "10.1.0.0/24")), {
      ...NO_OBJECTS,
      bgpAdvertisements: [adv],
      ipAddressPools: [pool("a", "10.0.0.0/24")],
    });
    expect(other).toMatchObject({ allowed: true, warnings: [] });
  });

  test("says what a running process would say", () => {
    const objects = { ...NO_OBJECTS, ipAddressPools: [pool("a", "10.0.0.0/24", "x"), pool("b", "10.0.0.0/25")] };
    const [a, b] = objects.ipAddressPools;
    const answer = admit(incoming("IPAddressPool", a!), { ...NO_OBJECTS, ipAddressPools: [b!] });
    expect(answer.message.split("\n")).toEqual(validateConfig(objects).map(formatIssue));
  });

  test("an object that was broken before may change elsewhere, with a warning", () => {
    const labelled = object("IPAddressPool", "broken", { addresses: ["nonsense"] }, { labels: { a: "b" } });
    const answer = admit(incoming("IPAddressPool", labelled, { operation: "UPDATE" }), {
      ...NO_OBJECTS,
      ipAddressPools: [broken],
    });
    expect(answer).toMatchObject({ allowed: true, warnings: [expect.stringContaining("nonsense")] });
  });

  test("many mistakes become a list of bearable length", () => {
    const answer = admit(incoming("IPAddressPool", pool("a", ...Array<string>(100).fill("x"))), NO_OBJECTS);
    expect(answer.message.split("\n")).toHaveLength(21);
    expect(answer.message).toMatch(/\nand \d+ more$/);
  });
});

describe("BGPPeer", () => {
  const SPEC = { myASN: 64_512, peerASN: 64_513, peerAddress: "10.0.0.1" };

  test("disableMP is worth a warning, and no excuse", () => {
    const answer = admit(incoming("BGPPeer", object("BGPPeer", "p", { ...SPEC, disableMP: true })), NO_OBJECTS);
    expect(answer).toMatchObject({ allowed: true, warnings: [expect.stringContaining("disableMP is deprecated")] });
  });

  test("comes as v1beta1, too", () => {
    const old = { ...object("BGPPeer", "p", SPEC), apiVersion: "metallb.io/v1beta1" };
    expect(admit(incoming("BGPPeer", old), NO_OBJECTS)).toMatchObject({ allowed: true });
    expect(admit(incoming("BGPPeer", { ...old, apiVersion: "metallb.io/v9" }), NO_OBJECTS)).toMatchObject({
      allowed: false,
      message: expect.stringContaining("v9"),
    });
  });
});

describe("a BFDProfile that goes", () => {
  const request: Incoming = { kind: "BFDProfile", operation: "DELETE", namespace: HOME, name: "fast" };
  const peers = ["p1", "p2"].map((name) => object("BGPPeer", name, { bfdProfile: "fast" }));

  test.each<[string, readonly KubeObject[], boolean]>([
    ["nobody uses it", [object("BGPPeer", "p", { bfdProfile: "slow" }), object("BGPPeer", "q", {})], true],
    ["peers use it", peers, false],
  ])("%s", (_, bgpPeers, allowed) => {
    const answer = admit(request, { ...NO_OBJECTS, bgpPeers });
    expect(answer.allowed).toBe(allowed);
    if (!allowed)
      expect(answer.message).toMatch(/^failed to delete BFDProfile metallb-system\/fast: used by BGPPeer p1, p2; /);
  });
});
