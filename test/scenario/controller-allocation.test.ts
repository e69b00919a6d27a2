import { describe, expect, test } from "vitest";
import { seconds } from "../../src/lib/duration.ts";
import type { ServiceSpec } from "../support/controller-lab.ts";
import { ControllerLab } from "../support/controller-lab.ts";

const V4: ServiceSpec = {};
const V6: ServiceSpec = { families: ["IPv6"] };
const DUAL: ServiceSpec = { families: ["IPv4", "IPv6"], policy: "RequireDualStack" };
const BOTH = ["10.0.0.1-10.0.0.3", "fd00::1-fd00::3"];

async function labWith(pools: Readonly<Record<string, { addresses: readonly string[]; [field: string]: unknown }>>) {
  const lab = new ControllerLab();
  for (const [name, spec] of Object.entries(pools)) lab.pool(name, spec);
  await lab.start();
  return lab;
}

describe("what a Service asks for and what it gets", () => {
  const ips = (text: string) => ({ annotations: { "metallb.io/loadBalancerIPs": text } });
  const pool = (name: string) => ({ annotations: { "metallb.io/address-pool": name } });
  test.each<{
    name: string;
    pools?: Parameters<typeof labWith>[0];
    service: ServiceSpec;
    want: readonly string[];
    condition?: string;
  }>([
    { name: "IPv4: the lowest address", service: V4, want: ["10.0.0.1"] },
    { name: "IPv6: the lowest address", service: V6, want: ["fd00::1"] },
    { name: "dual stack: a pair", service: DUAL, want: ["10.0.0.1", "fd00::1"] },
    {
      name: "dual stack in the order of ipFamilies",
      service: { ...DUAL, families: ["IPv6", "IPv4"] },
      want: ["fd00::1", "10.0.0.1"],
    },
    {
      name: "PreferDualStack with both families",
      service: { ...DUAL, policy: "PreferDualStack" },
      want: ["10.0.0.1", "fd00::1"],
    },
    { name: "PreferDualStack on a single-stack Service", service: { policy: "PreferDualStack" }, want: ["10.0.0.1"] },
    {
      name: "PreferDualStack where a pool has one family",
      pools: { a: { addresses: ["fd00::1/128"] } },
      service: { ...DUAL, policy: "PreferDualStack" },
      want: ["fd00::1"],
      condition: "True OneFamilyAllocated",
    },
    {
      name: "RequireDualStack with one cluster IP",
      service: { policy: "RequireDualStack" },
      want: [],
      condition: "False DualStackImpossible",
    },
    {
      name: "RequireDualStack over two pools",
      pools: { a: { addresses: ["10.0.0.1/32"] }, b: { addresses: ["fd00::1/128"] } },
      service: DUAL,
      want: [],
      condition: "False PoolExhausted",
    },
    {
      name: "pools in the order of their names",
      pools: { b: { addresses: ["10.0.0.1/32"] }, a: { addresses: ["10.9.0.1/32"] } },
      service: V4,
      want: ["10.9.0.1"],
    },
    {
      name: "ranges in the configured order",
      pools: { a: { addresses: ["10.9.0.1/32", "10.0.0.1/32"] } },
      service: V4,
      want: ["10.9.0.1"],
    },
    {
      name: "network and broadcast addresses",
      pools: { a: { addresses: ["10.0.0.0/31"] } },
      service: V4,
      want: ["10.0.0.0"],
    },
    {
      name: "avoidBuggyIPs",
      pools: { a: { addresses: ["10.0.0.0/24"], avoidBuggyIPs: true } },
      service: V4,
      want: ["10.0.0.1"],
    },
    {
      name: "autoAssign off",
      pools: { a: { addresses: BOTH, autoAssign: false } },
      service: V4,
      want: [],
      condition: "False NoPoolForService",
    },
    {
      name: "autoAssign off, pool requested",
      pools: { a: { addresses: BOTH, autoAssign: false } },
      service: pool("a"),
      want: ["10.0.0.1"],
    },
    {
      name: "autoAssign off, address requested",
      pools: { a: { addresses: BOTH, autoAssign: false } },
      service: ips("10.0.0.2"),
      want: ["10.0.0.2"],
    },
    { name: "an unknown pool", service: pool("x"), want: [], condition: "False PoolUnknown" },
    { name: "no pool", pools: {}, service: V4, want: [], condition: "False NoPools" },
    { name: "loadBalancerIP", service: { spec: { loadBalancerIP: "10.0.0.3" } }, want: ["10.0.0.3"] },
    { name: "loadBalancerIP, IPv6", service: { ...V6, spec: { loadBalancerIP: "fd00::3" } }, want: ["fd00::3"] },
    {
      name: "the old annotation",
      service: { annotations: { "metallb.universe.tf/loadBalancerIPs": "10.0.0.2" } },
      want: ["10.0.0.2"],
    },
    {
      name: "the new annotation over the old one",
      service: { annotations: { "metallb.universe.tf/address-pool": "x", "metallb.io/address-pool": "a" } },
      want: ["10.0.0.1"],
    },
    {
      name: "a requested pair, in the order of ipFamilies",
      service: { ...DUAL, ...ips("fd00::2, 10.0.0.2") },
      want: ["10.0.0.2", "fd00::2"],
    },
    {
      name: "one address for PreferDualStack",
      service: { ...DUAL, policy: "PreferDualStack", ...ips("fd00::2") },
      want: ["fd00::2"],
    },
    {
      name: "one address for RequireDualStack",
      service: { ...DUAL, ...ips("fd00::2") },
      want: [],
      condition: "False FamilyMismatch",
    },
    { name: "an IPv6 address for IPv4", service: ips("fd00::2"), want: [], condition: "False FamilyMismatch" },
    {
      name: "an IPv4 address for IPv6",
      service: { ...V6, ...ips("10.0.0.2") },
      want: [],
      condition: "False FamilyMismatch",
    },
    {
      name: "two addresses of a family",
      service: ips("10.0.0.1,10.0.0.2"),
      want: [],
      condition: "False RequestMalformed",
    },
    { name: "no address at all", service: ips("10.0.0"), want: [], condition: "False RequestMalformed" },
    {
      name: "a very long list",
      service: ips("10.0.0.1,".repeat(20_000)),
      want: [],
      condition: "False RequestMalformed",
    },
    {
      name: "two ways of asking",
      service: { ...ips("10.0.0.1"), spec: { loadBalancerIP: "10.0.0.1" } },
      want: [],
      condition: "False RequestContradictory",
    },
    { name: "an address of no pool", service: ips("10.7.7.7"), want: [], condition: "False AddressOutsidePools" },
    {
      name: "an address of another pool",
      service: { annotations: { ...ips("10.0.0.1").annotations, ...pool("b").annotations } },
      want: [],
      condition: "False AddressInOtherPool",
    },
    {
      name: "an address left out",
      pools: { a: { addresses: ["10.0.0.0/24"], avoidBuggyIPs: true } },
      service: ips("10.0.0.255"),
      want: [],
      condition: "False AddressAvoided",
    },
    {
      name: "no cluster IP",
      service: { spec: { clusterIP: "None", clusterIPs: ["None"] } },
      want: [],
      condition: "False ClusterIpMissing",
    },
    { name: "the class of somebody else", service: { spec: { loadBalancerClass: "other" } }, want: [] },
    { name: "no LoadBalancer", service: { spec: { type: "ClusterIP" } }, want: [] },
  ])("$name: $want $condition", async ({ pools = { a: { addresses: BOTH } }, service, want, condition }) => {
    const lab = await labWith(pools);
    lab.service("s", service);
    await lab.quiet();
    const touched = service.spec !== undefined && ("loadBalancerClass" in service.spec || "type" in service.spec);
    expect(lab.shown("s")).toMatchObject({
      ips: want,
      condition: condition ?? (touched ? undefined : "True Allocated"),
    });
    expect(lab.events("s").some((event) => event.startsWith("Warning"))).toBe(
      condition?.startsWith("False") === true || JSON.stringify(service).includes("universe.tf"),
    );
  });

  test("pools made for a Service come first: by priority, then by name, and 0 last", async () => {
    const serve = (priority: number) => ({ priority, namespaces: ["shop"] });
    const lab = await labWith({
      everybody: { addresses: ["10.0.0.1/32"] },
      zero: { addresses: ["10.0.0.2/32"], serviceAllocation: serve(0) },
      second: { addresses: ["10.0.0.3/32"], serviceAllocation: serve(20) },
      first: { addresses: ["10.0.0.4/32"], serviceAllocation: serve(10) },
      "a-second": { addresses: ["10.0.0.5/32"], serviceAllocation: serve(20) },
      others: { addresses: ["10.0.0.6/32"], serviceAllocation: { namespaces: ["other"] } },
    });
    for (let i = 0; i < 6; i++) lab.service(`s${i}`, { namespace: "shop" });
    await lab.quiet();
    expect([0, 1, 2, 3, 4, 5].map((i) => lab.shown(`shop/s${i}`).pool)).toEqual([
      "first",
      "a-second",
      "second",
      "zero",
      "everybody",
      undefined,
    ]);
  });

  test("a pool whose namespace selector matches nothing serves nobody, until a namespace gets the label", async () => {
    const serviceAllocation = { namespaceSelectors: [{ matchLabels: { team: "a" } }] };
    const lab = await labWith({ p: { addresses: ["10.0.0.1/32"], serviceAllocation } });
    lab.service("s", { annotations: { "metallb.io/address-pool": "p" } });
    await lab.quiet();
    expect(lab.shown("s").condition).toBe("False NamespaceNotAllowed");
    lab.namespace("default", { team: "a" });
    await lab.quiet();
    expect(lab.ips("s")).toEqual(["10.0.0.1"]);
  });
});

describe("giving back and handing on", () => {
  test.each([
    { name: "deleted", away: (lab: ControllerLab) => lab.remove("first") },
    { name: "changed to ClusterIP", away: (lab: ControllerLab) => lab.edit("first", { spec: { type: "ClusterIP" } }) },
  ])("the address of a Service that is $name goes to the oldest that waits", async ({ away }) => {
    const lab = await labWith({ p: { addresses: ["10.0.0.1/32"] } });
    lab.service("first", { age: 9 });
    await lab.quiet();
    for (const [name, age] of [
      ["young", 5],
      ["old", 1],
      ["v6", 0],
    ] as const)
      lab.service(name, { age, ...(name === "v6" ? V6 : V4) });
    await lab.quiet();
    expect(lab.events("old")[0]).toBe(
      'Warning AllocationFailed Failed to allocate IP for "default/old": no free IPv4 address in pool p; extend the pool, release an address, or share one',
    );
    away(lab);
    await lab.quiet();
    expect([lab.ips("old"), lab.ips("young"), lab.ips("v6")]).toEqual([["10.0.0.1"], [], []]);
  });

  test("a Service that is no LoadBalancer any more shows nothing of us, and keeps what others wrote", async () => {
    const lab = await labWith({ p: { addresses: ["10.0.0.1/32"] } });
    lab.service("s");
    await lab.quiet();
    const theirs = {
      type: "other.example/Ready",
      status: "True",
      reason: "R",
      message: "",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    lab.edit("s", { spec: { type: "ClusterIP" }, status: { conditions: [...lab.view("s").conditions, theirs] } });
    await lab.quiet();
    expect(lab.shown("s")).toEqual({ ips: [], pool: undefined, condition: undefined });
    expect(lab.view("s").conditions).toEqual([theirs]);
  });

  test("with a class, a Service that loses type and class is given up too", async () => {
    const lab = new ControllerLab();
    lab.pool("p", { addresses: ["10.0.0.1/32"] });
    await lab.start({ loadBalancerClass: "ours" });
    lab.service("s", { spec: { loadBalancerClass: "ours" } });
    lab.service("next", { spec: { loadBalancerClass: "ours" } });
    await lab.quiet();
    lab.edit("s", { spec: { type: "ClusterIP", loadBalancerClass: null } });
    await lab.quiet();
    expect([lab.ips("s"), lab.ips("next")]).toEqual([[], ["10.0.0.1"]]);
  });

  test("a freed address that takes one of many waiting Services does not write to the others", async () => {
    const lab = await labWith({ p: { addresses: ["10.0.0.1/32"] } });
    for (let i = 0; i < 50; i++) lab.service(`s${i}`);
    await lab.quiet();
    const writes = lab.serviceWrites;
    lab.remove("s0");
    await lab.quiet();
    await lab.pass(seconds(3600));
    expect(lab.serviceWrites - writes).toBe(1);
    expect(lab.ips("s1")).toEqual(["10.0.0.1"]);
  });
});

describe("make before break", () => {
  test.each([
    { name: "another address", change: { "metallb.io/loadBalancerIPs": "10.0.0.2" }, refused: "AddressInUse" },
    { name: "another pool", change: { "metallb.io/address-pool": "b" }, refused: "PoolExhausted" },
    { name: "nonsense", change: { "metallb.io/loadBalancerIPs": "x" }, refused: "RequestMalformed" },
    { name: "an unknown pool", change: { "metallb.io/address-pool": "x" }, refused: "PoolUnknown" },
  ])("asking for $name keeps the old address until the new one is there", async ({ change, refused }) => {
    const lab = await labWith({ a: { addresses: ["10.0.0.1-10.0.0.2"] }, b: { addresses: ["10.1.0.1/32"] } });
    lab.service("s");
    for (const name of ["in-a", "in-b"]) lab.service(name);
    await lab.quiet();
    lab.annotate("s", change);
    await lab.quiet();
    expect(lab.shown("s")).toEqual({ ips: ["10.0.0.1"], pool: "a", condition: `False ${refused}` });
    expect(lab.events("s").at(-1)).toMatch(/^Warning .* keeping \["10\.0\.0\.1"\]/);
    await lab.stop();
    const writes = lab.serviceWrites;
    await lab.start();
    expect(lab.serviceWrites).toBe(writes);
    lab.remove("in-a");
    lab.remove("in-b");
    lab.pool("x", { addresses: ["10.2.0.1/32"] });
    await lab.quiet();
    const moved: Record<string, string> = {
      AddressInUse: "10.0.0.2",
      PoolExhausted: "10.1.0.1",
      PoolUnknown: "10.2.0.1",
    };
    expect(lab.ips("s")).toEqual([moved[refused] ?? "10.0.0.1"]);
  });

  test("an address asked for while it is free is exchanged without ClearAssignment", async () => {
    const lab = await labWith({ a: { addresses: BOTH } });
    lab.service("s");
    await lab.quiet();
    lab.annotate("s", { "metallb.io/loadBalancerIPs": "10.0.0.3" });
    await lab.quiet();
    expect(lab.events("s")).toEqual([
      'Normal IPAllocated Assigned IP ["10.0.0.1"]',
      'Normal IPAllocated Assigned IP ["10.0.0.3"]',
    ]);
  });

  test("PreferDualStack gains the second family when the pool does, keeps the first, and never flaps", async () => {
    const lab = await labWith({ a: { addresses: ["10.0.0.1/32"] } });
    lab.service("s", { ...DUAL, policy: "PreferDualStack" });
    await lab.quiet();
    expect(lab.shown("s")).toMatchObject({ ips: ["10.0.0.1"], condition: "True OneFamilyAllocated" });
    lab.pool("a", { addresses: ["10.0.0.1/32", "fd00::1/128"] });
    await lab.quiet();
    expect(lab.shown("s")).toMatchObject({ ips: ["10.0.0.1", "fd00::1"], condition: "True Allocated" });
    const writes = lab.serviceWrites;
    await lab.pass(seconds(3600));
    expect(lab.serviceWrites).toBe(writes);
    expect(lab.events("s")).toEqual([
      'Normal IPAllocated Assigned IP ["10.0.0.1"]',
      expect.stringMatching(/^Normal AdditionalAssignFailed .*no IPv6 addresses in pool a/),
      'Normal IPAllocated Assigned additional IP ["fd00::1"]',
    ]);
  });

  test("from dual to single stack and back", async () => {
    const lab = await labWith({ a: { addresses: BOTH } });
    lab.service("s", DUAL);
    await lab.quiet();
    lab.edit("s", { spec: { clusterIPs: ["10.96.0.1"], ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" } });
    await lab.quiet();
    expect(lab.ips("s")).toEqual(["10.0.0.1"]);
    lab.edit("s", {
      spec: {
        clusterIPs: ["10.96.0.1", "fd00:96::1"],
        ipFamilies: ["IPv4", "IPv6"],
        ipFamilyPolicy: "RequireDualStack",
      },
    });
    await lab.quiet();
    expect(lab.ips("s")).toEqual(["10.0.0.1", "fd00::1"]);
  });
});
