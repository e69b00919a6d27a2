import { describe, expect, test } from "vitest";
import type { RefusalCode } from "../../allocator/refusal.ts";
import { err, ok } from "../../lib/result.ts";
import type { SnapshotService, SnapshotSpec } from "../../../test/support/cluster-snapshot.ts";
import { snapshotOf } from "../../../test/support/cluster-snapshot.ts";
import { explainService, type Surroundings } from "./explain-service.ts";
import type { ServiceExplanation } from "./service-explanation.ts";

const NOW = Date.UTC(2026, 5, 1);
const NOTHING_AROUND: Surroundings = {
  events: ok([]),
  reported: ok([]),
  leadership: ok(undefined),
  layer2: { view: undefined, notes: [] },
  bgp: { view: undefined, notes: [] },
};
const ADDRESSES = "metallb.io/loadBalancerIPs";
const POOL = "metallb.io/address-pool";
const KEY = "metallb.io/allow-shared-ip";
const LOCAL = { externalTrafficPolicy: "Local", selector: { app: "a" } };

/** Explains the Service that stands last. */
function explain(spec: SnapshotSpec, around = NOTHING_AROUND, loadBalancerClass = ""): ServiceExplanation {
  const snapshot = snapshotOf(spec);
  return explainService(snapshot.services.at(-1)!, snapshot, around, {
    loadBalancerClass,
    ignoreExcludeLabel: false,
    now: NOW,
  });
}

interface Refused {
  /** The rest is a Service `web` that is refused, beside `first`. */
  readonly web: Omit<SnapshotService, "name">;
  readonly first?: Omit<SnapshotService, "name">;
  readonly pools: SnapshotSpec["pools"];
  /** Verdict on each pool. */
  readonly verdicts: Readonly<Record<string, string>>;
  readonly otherService?: string;
}

const V4 = ["10.0.0.0/30"];
const V6 = ["fd00::/126"];
const SHARER = { annotations: { [KEY]: "k" }, ports: ["TCP/443"], shows: ["10.0.0.0"], pool: "a" };

/** The compiler sees to it that no code is missing. */
const REFUSED: Readonly<Record<RefusalCode, Refused>> = {
  "request-malformed": {
    web: { annotations: { [ADDRESSES]: "10.0.0.x" } },
    pools: { a: V4 },
    verdicts: { a: "not-reached" },
  },
  "request-contradictory": {
    web: { annotations: { [ADDRESSES]: "10.0.0.1" }, spec: { loadBalancerIP: "10.0.0.2" } },
    pools: { a: V4 },
    verdicts: { a: "not-reached" },
  },
  "cluster-ip-missing": {
    web: { spec: { clusterIP: "None", clusterIPs: ["None"] } },
    pools: { a: V4, b: V6 },
    verdicts: { a: "not-reached", b: "not-reached" },
  },
  "dual-stack-impossible": {
    web: { spec: { ipFamilyPolicy: "RequireDualStack" } },
    pools: { a: [...V4, ...V6] },
    verdicts: { a: "not-reached" },
  },
  "family-mismatch": {
    web: { families: ["IPv6"], annotations: { [ADDRESSES]: "10.0.0.1" } },
    pools: { a: [...V4, ...V6] },
    verdicts: { a: "not-reached" },
  },
  "no-pools": { web: {}, pools: {}, verdicts: {} },
  "pool-unknown": { web: { annotations: { [POOL]: "c" } }, pools: { a: V4 }, verdicts: { a: "not-requested" } },
  "namespace-not-allowed": {
    web: { annotations: { [POOL]: "a" } },
    pools: { a: { addresses: V4, serviceAllocation: { namespaces: ["other"] } }, b: ["10.1.0.0/24"] },
    verdicts: { a: "refused", b: "not-requested" },
  },
  "service-not-selected": {
    web: { annotations: { [POOL]: "a" }, labels: { tier: "silver" } },
    pools: { a: { addresses: V4, serviceAllocation: { serviceSelectors: [{ matchLabels: { tier: "gold" } }] } } },
    verdicts: { a: "refused" },
  },
  "no-pool-for-service": {
    web: {},
    pools: {
      a: { addresses: V4, autoAssign: false },
      b: { addresses: V6, serviceAllocation: { namespaces: ["other"] } },
    },
    verdicts: { a: "auto-assign-off", b: "refused" },
  },
  "family-not-in-pools": { web: { families: ["IPv6"] }, pools: { a: V4 }, verdicts: { a: "refused" } },
  "pool-exhausted": {
    first: { shows: ["fd00::"], pool: "a", families: ["IPv6"] },
    web: { families: ["IPv6"] },
    pools: { a: ["fd00::/128"] },
    verdicts: { a: "refused" },
  },
  "address-outside-pools": {
    web: { annotations: { [ADDRESSES]: "10.9.9.9" } },
    pools: { a: V4 },
    verdicts: { a: "not-requested" },
  },
  "address-avoided": {
    web: { annotations: { [ADDRESSES]: "10.0.0.0" } },
    pools: { a: { addresses: V4, avoidBuggyIPs: true } },
    verdicts: { a: "refused" },
  },
  "address-in-other-pool": {
    web: { annotations: { [ADDRESSES]: "10.0.0.1", [POOL]: "b" } },
    pools: { a: V4, b: ["10.1.0.0/24"] },
    verdicts: { a: "refused", b: "refused" },
  },
  "addresses-in-two-pools": {
    web: { families: ["IPv4", "IPv6"], annotations: { [ADDRESSES]: "10.0.0.1,fd00::1" } },
    pools: { a: V4, b: V6 },
    verdicts: { a: "refused", b: "refused" },
  },
  "address-in-use": {
    first: { shows: ["10.0.0.0"], pool: "a" },
    web: { annotations: { [ADDRESSES]: "10.0.0.0" }, ports: ["TCP/443"] },
    pools: { a: V4 },
    verdicts: { a: "refused" },
    otherService: "default/first",
  },
  "sharing-key-conflict": {
    first: SHARER,
    web: { annotations: { [ADDRESSES]: "10.0.0.0", [KEY]: "other" } },
    pools: { a: V4 },
    verdicts: { a: "refused" },
    otherService: "default/first",
  },
  "backend-conflict": {
    first: SHARER,
    web: { annotations: { [ADDRESSES]: "10.0.0.0", [KEY]: "k" }, spec: LOCAL },
    pools: { a: V4 },
    verdicts: { a: "refused" },
    otherService: "default/first",
  },
  "port-conflict": {
    first: SHARER,
    web: { annotations: { [ADDRESSES]: "10.0.0.0", [KEY]: "k" }, ports: ["TCP/443"] },
    pools: { a: V4 },
    verdicts: { a: "refused" },
    otherService: "default/first",
  },
};

describe("a Service that is refused", () => {
  test.each(Object.entries(REFUSED))("%s", (code, { web, first, pools, verdicts, otherService }) => {
    const services = [...(first === undefined ? [] : [{ name: "first", ...first }]), { name: "web", ...web }];
    const explanation = explain({ services, pools });
    const { decision } = explanation;
    expect(decision).toMatchObject({ addresses: [], refusal: { code }, lost: [] });
    expect(decision?.refusal?.otherService).toBe(otherService);
    expect(decision?.refusal?.explanation).not.toBe("");
    expect(decision?.refusal?.fix).not.toBe("");
    expect(explanation.summary).toBe(`default/web has no address: ${decision?.refusal?.explanation}`);
    expect(Object.fromEntries(explanation.pools.map(({ pool, verdict }) => [pool, verdict]))).toEqual(verdicts);
    expect(explanation.differences).toEqual([expect.stringContaining("is absent, it would be False") as string]);
  });
});

describe("a Service that has what it wants", () => {
  test.each([
    { families: ["IPv4"], want: ["10.0.0.0"] },
    { families: ["IPv6"], want: ["fd00::"] },
    { families: ["IPv4", "IPv6"], want: ["10.0.0.0", "fd00::"] },
    { families: ["IPv6", "IPv4"], want: ["fd00::", "10.0.0.0"] },
  ] as const)("$families", ({ families, want }) => {
    const explanation = explain({
      services: [{ name: "web", families, shows: want, pool: "a" }],
      pools: { a: [...V4, ...V6] },
    });
    expect(explanation.decision?.addresses.map(({ address, family }) => [address, family])).toEqual(
      want.map((address, i) => [address, families[i]]),
    );
    expect(explanation).toMatchObject({
      summary: `default/web has ${want.map((address) => `${address} from pool a`).join(" and ")}`,
      served: true,
      pools: [{ pool: "a", verdict: "used" }],
      differences: [],
      shown: { addresses: want, pool: "a" },
      configuration: { valid: true, issues: [] },
    });
  });

  test("shares its address: with whom, on which ports and keys", () => {
    const annotations = { [KEY]: "k" };
    const shows = ["10.0.0.1"];
    const services = [
      { name: "shop/dns", annotations, ports: ["UDP/53", "TCP/53"], shows, pool: "a" },
      { name: "other", shows: ["10.0.0.2"], pool: "a" },
      { name: "web", annotations, shows, pool: "a" },
    ];
    const { decision, summary } = explain({ services, pools: { a: V4 }, namespaces: { default: {}, shop: {} } });
    expect(decision?.addresses[0]?.sharedWith).toEqual([
      { service: "shop/dns", ports: ["UDP/53", "TCP/53"], sharingKey: "k" },
    ]);
    expect(summary).toBe("default/web has 10.0.0.1 from pool a, shared with 1 other Service");
  });

  test("has one address of two", () => {
    const services = [{ name: "web", families: ["IPv4", "IPv6"] as const, shows: ["10.0.0.0"], pool: "a" }];
    const { decision, summary } = explain({ services, pools: { a: V4 } });
    expect(decision?.missing).toMatchObject({ code: "family-not-in-pools" });
    expect(summary).toBe("default/web has 10.0.0.0 from pool a, and no other: no IPv6 addresses in pool a");
  });

  test("keeps what it has when it is refused what it asks for", () => {
    const services = [{ name: "web", shows: ["10.0.0.1"], pool: "a", annotations: { [ADDRESSES]: "10.9.9.9" } }];
    const { decision, summary } = explain({ services, pools: { a: V4 } });
    expect(decision).toMatchObject({
      addresses: [{ address: "10.0.0.1" }],
      refusal: { code: "address-outside-pools" },
    });
    expect(summary).toBe(
      "default/web keeps 10.0.0.1 from pool a, but is refused what it asks for: 10.9.9.9 is in no IPAddressPool",
    );
  });

  test("loses an address that no pool has", () => {
    const services = [{ name: "web", shows: ["10.7.7.7"], pool: "gone" }];
    const { decision, differences } = explain({ services, pools: { a: V4 } });
    expect(decision).toMatchObject({
      addresses: [{ address: "10.0.0.0" }],
      lost: [{ address: "10.7.7.7", code: "address-outside-pools" }],
    });
    expect(differences).toEqual([
      "the status shows 10.7.7.7, the decision is 10.0.0.0",
      'annotation metallb.io/ip-allocated-from-pool is "gone", it would be "a"',
      expect.stringMatching(/^condition .* is absent, it would be True \(Allocated: /) as string,
    ]);
  });
});

test("pools in the order in which they are looked at, with how full they are", () => {
  const pinned = (priority: number) => ({
    addresses: [`10.${priority}.0.0/31`],
    serviceAllocation: { priority, namespaces: ["default"] },
  });
  const services = [
    { name: "a", shows: ["10.7.0.0"], pool: "late" },
    { name: "b", shows: ["10.7.0.1"], pool: "late" },
    { name: "web" },
  ];
  const pools = { any: ["10.100.0.0/24", "fd00::/64"], late: pinned(7), early: pinned(3) };
  const explanation = explain({ services, pools });
  expect(
    explanation.pools.map(({ pool, verdict, code, IPv4, IPv6 }) => [pool, verdict, code, IPv4, IPv6.total]),
  ).toEqual([
    ["early", "used", undefined, { inUse: "1", total: "2" }, "0"],
    ["late", "refused", "pool-exhausted", { inUse: "2", total: "2" }, "0"],
    ["any", "passed-over", undefined, { inUse: "0", total: "256" }, "18446744073709551616"],
  ]);
});

describe("a Service that is left alone", () => {
  test.each([
    { spec: { type: "ClusterIP" }, ours: "", because: "its type is ClusterIP" },
    { spec: { loadBalancerClass: "a/b" }, ours: "", because: "its loadBalancerClass is a/b, and a controller without" },
    {
      spec: { loadBalancerClass: "a/b" },
      ours: "c/d",
      because: "its loadBalancerClass is a/b, and a controller with --lb-class c/d",
    },
    { spec: {}, ours: "c/d", because: "it has no loadBalancerClass" },
  ])("$because", ({ spec, ours, because }) => {
    const explanation = explain({ services: [{ name: "web", spec }], pools: { a: V4 } }, NOTHING_AROUND, ours);
    expect(explanation).toMatchObject({ served: false, pools: [], differences: [] });
    expect(explanation.notServed?.explanation).toContain(because);
    expect(explanation.summary).toContain(because);
  });

  test("the same class is served", () => {
    const services = [{ name: "web", spec: { loadBalancerClass: "a/b" } }];
    expect(explain({ services, pools: { a: V4 } }, NOTHING_AROUND, "a/b")).toMatchObject({ served: true });
  });

  test("what it still shows of us is told as a difference", () => {
    const services = [{ name: "web", spec: { type: "ClusterIP" }, shows: ["10.0.0.1"], pool: "a" }];
    expect(explain({ services, pools: { a: V4 } }).differences).toContain(
      "the status shows 10.0.0.1, the decision is no address",
    );
  });
});

test("with an invalid configuration nothing is decided, and the issues are there", () => {
  const services = [{ name: "web", shows: ["10.0.0.1"], pool: "a" }];
  const explanation = explain({ services, pools: { a: V4, b: ["10.0.0.1/32"] } });
  expect(explanation).not.toHaveProperty("decision");
  expect(explanation).toMatchObject({
    summary: "default/web keeps 10.0.0.1: nothing is decided while the configuration is invalid",
    pools: [],
    configuration: { valid: false, issues: [{ object: "IPAddressPool metallb-system/b", field: "spec.addresses[0]" }] },
  });
});

test("what a Service asks for, and where", () => {
  const { asked } = explain({
    services: [
      {
        name: "web",
        annotations: {
          [POOL]: "a",
          "metallb.universe.tf/allow-shared-ip": "k",
          "metallb.universe.tf/address-pool": "b",
        },
        families: ["IPv6", "IPv4"],
        ports: ["TCP/80", "UDP/80"],
        spec: { ...LOCAL, loadBalancerIP: "10.0.0.1", loadBalancerClass: "a/b" },
      },
    ],
    pools: { a: V4 },
  });
  expect(asked.map(({ what, value, from, deprecated }) => [what, value, from, deprecated])).toEqual([
    ["addresses", "10.0.0.1", "spec.loadBalancerIP", true],
    ["pool", "a", "annotation metallb.io/address-pool", false],
    ["sharing key", "k", "annotation metallb.universe.tf/allow-shared-ip", true],
    ["families", "IPv6 and IPv4, PreferDualStack", "spec.ipFamilies, spec.ipFamilyPolicy", false],
    ["ports", "TCP/80, UDP/80", "spec.ports", false],
    ["traffic policy", "Local, Pods with app=a", "spec.externalTrafficPolicy", false],
    ["class", "a/b", "spec.loadBalancerClass", false],
  ]);
});

describe("the controller, by its Lease", () => {
  const at = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000).toISOString();
  test.each([
    { lease: ok({ holder: "pod-1", renewed: at(3), seconds: 15 }), state: "leading", says: "pod-1 leads" },
    { lease: ok({ holder: "pod-1", renewed: at(-3), seconds: 15 }), state: "leading", says: "pod-1 leads" },
    { lease: ok({ holder: "pod-1", renewed: at(300), seconds: 15 }), state: "stopped", says: "last 300 s ago" },
    { lease: ok({ holder: "", renewed: at(5), seconds: 15 }), state: "stopped", says: "none has followed" },
    { lease: ok({ holder: "pod-1", renewed: "", seconds: 0 }), state: "stopped", says: "at no time" },
    { lease: ok(undefined), state: "unknown", says: "no Lease metallb-controller" },
    { lease: err("leases: forbidden"), state: "unknown", says: "could not be read" },
  ])("$state: $says", ({ lease, state, says }) => {
    const { controller } = explain(
      { services: [{ name: "web" }], pools: { a: V4 } },
      { ...NOTHING_AROUND, leadership: lease },
    );
    expect(controller).toMatchObject({ state, explanation: expect.stringContaining(says) as string });
  });
});

test("what could not be read is noted, and so is a namespace without pools", () => {
  const around = { ...NOTHING_AROUND, events: err("events: forbidden") };
  expect(explain({ services: [{ name: "web" }], pools: {} }, around).notes).toEqual([
    "no IPAddressPool in namespace metallb-system: if MetalLB is installed in another one, give --namespace",
    "not read: events: forbidden",
  ]);
});
