import { describe, expect, test } from "vitest";
import { ControllerLab, type ServiceSpec } from "../support/controller-lab.ts";
import { settle } from "../support/settle.ts";
import { DUAL, quoted, STACKS, V4, V6 } from "../support/stacks.ts";
import { expectStory, type Wanted } from "../support/story.ts";

/**
 * Single Services against one set of pools, as MetalLB tests its controller: what each shows and which events it gets.
 * "ours:" marks rows where we differ on purpose.
 */
interface Row {
  readonly name: string;
  readonly service: ServiceSpec;
  readonly want: Required<Wanted>;
}

const POOL = "metallb.io/address-pool";
const IPS = "metallb.io/loadBalancerIPs";
const shown = (...ips: string[]) => ({ status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } } });
const annotated = (annotations: Readonly<Record<string, string>>) => ({ annotations });
const field = (ip: string) => ({ spec: { loadBalancerIP: ip } });
const serve = (allocation: object) => ({ serviceAllocation: allocation });

const POOLS: Readonly<Record<string, { addresses: readonly string[]; [field: string]: unknown }>> = {
  "a-four": { addresses: ["10.1.0.0/31"] },
  "b-six": { addresses: ["fd00:1::/127"] },
  "c-dual": { addresses: ["10.2.0.0/31", "fd00:2::/127"] },
  "d-manual": { addresses: ["10.3.0.0/31", "fd00:3::/127"], autoAssign: false },
  "n-second": { addresses: ["10.4.0.0/31", "fd00:4::/127"], ...serve({ namespaces: ["pinned"], priority: 20 }) },
  "n-first": { addresses: ["10.5.0.0/31", "fd00:5::/127"], ...serve({ namespaces: ["pinned"], priority: 10 }) },
  "n-none": { addresses: ["10.6.0.0/31", "fd00:6::/127"], ...serve({ namespaces: ["pinned", "unranked"] }) },
  "l-labels": {
    addresses: ["10.7.0.0/31", "fd00:7::/127"],
    ...serve({ serviceSelectors: [{ matchLabels: { team: "metal" } }], priority: 10 }),
  },
  "m-both": {
    addresses: ["10.8.0.0/31", "fd00:8::/127"],
    ...serve({ namespaces: ["both"], serviceSelectors: [{ matchLabels: { team: "metal" } }], priority: 5 }),
  },
};

const gets = (pool: string, ...ips: string[]): Row["want"] => ({
  ips,
  pool,
  condition: "True Allocated",
  events: [`Normal IPAllocated Assigned IP ${quoted(ips)}`],
});
const nothing = (reason: string, event = "AllocationFailed"): Row["want"] => ({
  ips: [],
  pool: undefined,
  condition: `False ${reason}`,
  events: [`Warning ${event}`],
});
const first = (want: Row["want"], ...events: string[]): Row["want"] => ({
  ...want,
  events: [...events, ...want.events],
});
const SILENCE: Row["want"] = { ips: [], pool: undefined, condition: undefined, events: [] };
const MALFORMED = nothing("RequestMalformed", "LoadBalancerFailed");
const MISMATCH = nothing("FamilyMismatch");
const PREFER: ServiceSpec = { ...DUAL.service, policy: "PreferDualStack" };
const PREFER_SIX_FIRST: ServiceSpec = { ...PREFER, families: ["IPv6", "IPv4"] };
const CLUSTER_IP = { spec: { type: "ClusterIP" } };
const NO_CLUSTER_IP = { spec: { clusterIP: "", clusterIPs: [] } };

const ROWS: readonly Row[] = [
  { name: "no LoadBalancer", service: CLUSTER_IP, want: SILENCE },
  { name: "a former LoadBalancer", service: { ...CLUSTER_IP, ...shown("10.1.0.0") }, want: SILENCE },
  { name: "simple, IPv4", service: V4.service, want: gets("a-four", "10.1.0.0") },
  { name: "simple, IPv6", service: V6.service, want: gets("b-six", "fd00:1::") },
  { name: "simple, dual stack", service: DUAL.service, want: gets("c-dual", "10.2.0.0", "fd00:2::") },
  { name: "an address by field", service: field("10.2.0.1"), want: gets("c-dual", "10.2.0.1") },
  {
    name: "an IPv6 address by field",
    service: { ...V6.service, ...field("fd00:3::1") },
    want: gets("d-manual", "fd00:3::1"),
  },
  { name: "an address by annotation", service: annotated({ [IPS]: "10.3.0.1" }), want: gets("d-manual", "10.3.0.1") },
  {
    name: "an IPv6 address by annotation",
    service: { ...V6.service, ...annotated({ [IPS]: "fd00:2::1" }) },
    want: gets("c-dual", "fd00:2::1"),
  },
  {
    name: "a pair by annotation",
    service: { ...DUAL.service, ...annotated({ [IPS]: "10.3.0.1,fd00:3::1" }) },
    want: gets("d-manual", "10.3.0.1", "fd00:3::1"),
  },
  {
    name: "an address by field and by annotation",
    service: { ...field("10.1.0.0"), ...annotated({ [IPS]: "10.1.0.1" }) },
    want: nothing("RequestContradictory", "LoadBalancerFailed"),
  },
  { name: "an invalid address by field", service: field("please"), want: MALFORMED },
  { name: "an invalid address by annotation", service: annotated({ [IPS]: "please" }), want: MALFORMED },
  { name: "two IPv4 addresses", service: annotated({ [IPS]: "10.1.0.0,10.1.0.1" }), want: MALFORMED },
  {
    name: "two IPv6 addresses",
    service: { ...V6.service, ...annotated({ [IPS]: "fd00:1::,fd00:1::1" }) },
    want: MALFORMED,
  },
  { name: "an address that no pool has", service: field("192.0.2.1"), want: nothing("AddressOutsidePools") },
  {
    name: "an address and another pool",
    service: { ...field("10.1.0.0"), ...annotated({ [POOL]: "c-dual" }) },
    want: nothing("AddressInOtherPool"),
  },
  {
    name: "an address and its pool",
    service: { ...field("10.2.0.1"), ...annotated({ [POOL]: "c-dual" }) },
    want: gets("c-dual", "10.2.0.1"),
  },
  { name: "a pool, IPv4", service: annotated({ [POOL]: "c-dual" }), want: gets("c-dual", "10.2.0.0") },
  {
    name: "a pool, IPv6",
    service: { ...V6.service, ...annotated({ [POOL]: "d-manual" }) },
    want: gets("d-manual", "fd00:3::"),
  },
  {
    name: "a pool, dual stack",
    service: { ...DUAL.service, ...annotated({ [POOL]: "d-manual" }) },
    want: gets("d-manual", "10.3.0.0", "fd00:3::"),
  },
  {
    name: "another pool than the one of its address",
    service: { ...annotated({ [POOL]: "c-dual" }), ...shown("10.1.0.1") },
    want: gets("c-dual", "10.2.0.0"),
  },
  {
    name: "a pool of the other family",
    service: { ...V6.service, ...annotated({ [POOL]: "a-four" }) },
    want: nothing("FamilyNotInPools"),
  },
  { name: "an unknown pool", service: annotated({ [POOL]: "nowhere" }), want: nothing("PoolUnknown") },
  {
    name: "an address that no pool has any more",
    service: shown("192.0.2.1"),
    want: first(gets("a-four", "10.1.0.0"), 'Normal ClearAssignment current IP ["192.0.2.1"]'),
  },
  {
    name: "garbage where its address should be",
    service: shown("please"),
    want: first(gets("a-four", "10.1.0.0"), "Warning nolbIPsIPFamily"),
  },
  {
    name: "families that can't be told",
    service: shown("10.1.0.1", "10.1.0.0"),
    want: { ...gets("a-four", "10.1.0.1"), events: ["Warning nolbIPsIPFamily"] },
  },
  { name: "its own address", service: shown("10.2.0.1"), want: { ...gets("c-dual", "10.2.0.1"), events: [] } },
  {
    name: "local traffic policy",
    service: { spec: { externalTrafficPolicy: "Local", selector: { app: "x" } } },
    want: gets("a-four", "10.1.0.0"),
  },
  { name: "ours: no cluster IP", service: NO_CLUSTER_IP, want: nothing("ClusterIpMissing", "noclusterIPsIPFamily") },
  {
    name: "ours: no cluster IP, but an address, which stays",
    service: { ...NO_CLUSTER_IP, ...shown("10.1.0.1") },
    want: {
      ...gets("a-four", "10.1.0.1"),
      condition: "False ClusterIpMissing",
      events: ["Warning noclusterIPsIPFamily"],
    },
  },
  { name: "IPv6 by field for IPv4", service: field("fd00:1::"), want: MISMATCH },
  { name: "IPv4 by field for IPv6", service: { ...V6.service, ...field("10.1.0.0") }, want: MISMATCH },
  { name: "IPv6 by annotation for IPv4", service: annotated({ [IPS]: "fd00:1::" }), want: MISMATCH },
  {
    name: "IPv4 by annotation for IPv6",
    service: { ...V6.service, ...annotated({ [IPS]: "10.1.0.0" }) },
    want: MISMATCH,
  },
  { name: "a pair for IPv4", service: annotated({ [IPS]: "10.2.0.0,fd00:2::" }), want: MISMATCH },
  { name: "a pair for IPv6", service: { ...V6.service, ...annotated({ [IPS]: "10.2.0.0,fd00:2::" }) }, want: MISMATCH },
  { name: "one address for RequireDualStack", service: { ...DUAL.service, ...field("10.2.0.0") }, want: MISMATCH },
  {
    name: "ours: one address for PreferDualStack",
    service: { ...PREFER, ...field("10.2.0.1") },
    want: gets("c-dual", "10.2.0.1"),
  },
  {
    name: "IPv4 that shows an IPv6 address",
    service: shown("fd00:1::"),
    want: first(gets("a-four", "10.1.0.0"), 'Normal ClearAssignment current IP ["fd00:1::"]'),
  },
  {
    name: "IPv6 that shows an IPv4 address",
    service: { ...V6.service, ...shown("10.1.0.0") },
    want: first(gets("b-six", "fd00:1::"), 'Normal ClearAssignment current IP ["10.1.0.0"]'),
  },
  { name: "PreferDualStack, a pool with both", service: PREFER, want: gets("c-dual", "10.2.0.0", "fd00:2::") },
  {
    name: "ours: PreferDualStack in the order of its families",
    service: PREFER_SIX_FIRST,
    want: gets("c-dual", "fd00:2::", "10.2.0.0"),
  },
  {
    name: "ours: PreferDualStack with one cluster IP has one address",
    service: { policy: "PreferDualStack", ...annotated({ [POOL]: "c-dual" }) },
    want: gets("c-dual", "10.2.0.0"),
  },
  ...(
    [
      ["a-four", "10.1.0.0"],
      ["b-six", "fd00:1::"],
    ] as const
  ).map(([pool, ip]) => {
    const want = gets(pool, ip);
    return {
      name: `PreferDualStack in ${pool}`,
      service: { ...PREFER, ...annotated({ [POOL]: pool }) },
      want: {
        ...want,
        condition: "True OneFamilyAllocated",
        events: [...want.events, "Normal AdditionalAssignFailed"],
      },
    };
  }),
  {
    name: "PreferDualStack that shows one address gets the other from the same pool",
    service: { ...PREFER, ...shown("10.3.0.1") },
    want: {
      ...gets("d-manual", "10.3.0.1", "fd00:3::"),
      events: ['Normal IPAllocated Assigned additional IP ["fd00:3::"]'],
    },
  },
  {
    name: "RequireDualStack with one cluster IP",
    service: { policy: "RequireDualStack" },
    want: nothing("DualStackImpossible", "not enough clusterips"),
  },
  { name: "a namespace with pools of its own", service: { namespace: "pinned" }, want: gets("n-first", "10.5.0.0") },
  {
    name: "a namespace with pools of its own, dual stack",
    service: { ...DUAL.service, namespace: "pinned" },
    want: gets("n-first", "10.5.0.0", "fd00:5::"),
  },
  {
    name: "a namespace with a pool without priority",
    service: { namespace: "unranked" },
    want: gets("n-none", "10.6.0.0"),
  },
  {
    name: "labels with a pool of their own",
    service: { labels: { team: "metal" } },
    want: gets("l-labels", "10.7.0.0"),
  },
  {
    name: "namespace and labels with a pool of their own",
    service: { ...V6.service, namespace: "both", labels: { team: "metal" } },
    want: gets("m-both", "fd00:8::"),
  },
  {
    name: "the namespace fits, the labels don't",
    service: { namespace: "both", labels: { team: "wood" } },
    want: gets("a-four", "10.1.0.0"),
  },
  {
    name: "a pool of another namespace",
    service: annotated({ [POOL]: "n-first" }),
    want: nothing("NamespaceNotAllowed"),
  },
  { name: "an address of another namespace", service: field("10.5.0.0"), want: nothing("NamespaceNotAllowed") },
  { name: "a pool for other labels", service: annotated({ [POOL]: "l-labels" }), want: nothing("ServiceNotSelected") },
];

/** One Service comes, is looked at, and goes; nothing of it may be left. */
async function expectRow(lab: ControllerLab, { service, want }: Row): Promise<void> {
  const id = `${service.namespace ?? "default"}/test`;
  const told = lab.kube.events.length;
  lab.service("test", service);
  await settle();
  const { ips, pool, condition } = lab.shown(id);
  const events = lab.kube.events.slice(told).map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  lab.remove(id);
  await settle(3);
  expect({ ips, pool, condition, events }).toEqual({
    ...want,
    events: want.events.map((text) => expect.stringContaining(text) as string),
  });
}

async function labWithPools(): Promise<ControllerLab> {
  const lab = new ControllerLab();
  for (const [name, spec] of Object.entries(POOLS)) lab.pool(name, spec);
  await lab.start();
  return lab;
}

describe("one Service against many pools", () => {
  test.each(ROWS)("$name", async (row) => {
    await expectRow(await labWithPools(), row);
  });

  test("the order in which Services come and go doesn't matter: all of them a hundred times in random orders", async () => {
    const lab = await labWithPools();
    const random = sequence(1);
    for (let round = 0; round < 100; round++) {
      const order = ROWS.map((row) => ({ row, at: random() })).sort((a, b) => a.at - b.at);
      for (const { row } of order) await expectRow(lab, row);
    }
    await lab.quiet();
    const used = lab.metrics.series("metallb_allocator_addresses_in_use_total");
    expect(used.map((name) => lab.metrics.values.get(name))).toEqual(Object.keys(POOLS).map(() => 0));
  }, 60_000);
});

describe.each(STACKS)("sequences with $name Services", (stack) => {
  const has = (block: number, n: number, pool: string) => ({
    ips: stack.ips(block, n),
    pool,
    condition: "True Allocated",
  });

  test("nothing before there is a configuration, pools, and pools deleted again", async () => {
    const lab = new ControllerLab();
    lab.service("s", stack.service);
    lab.pool("bad", { addresses: ["nonsense"] });
    await lab.start();
    expect(lab.serviceWrites).toBe(0);
    lab.removePool("bad");
    await lab.quiet();
    expect(lab.shown("s").condition).toBe("False NoPools");
    lab.pool("a", { addresses: stack.ranges(0, 1, 3) });
    await lab.quiet();
    expect(lab.shown("s")).toEqual(has(0, 1, "a"));
    lab.removePool("a");
    await lab.quiet();
    expect(lab.shown("s")).toEqual({ ips: [], pool: undefined, condition: "False NoPools" });
  });

  test("an address that was the last one goes from one to the next", async () => {
    await expectStory({
      pools: { a: { addresses: stack.ranges(0, 1, 1) } },
      steps: [
        { do: (lab) => lab.service("s", stack.service), want: { s: has(0, 1, "a") } },
        {
          do: (lab) => lab.service("t", stack.service),
          want: { t: { ips: [], condition: "False PoolExhausted", events: ["Warning AllocationFailed"] } },
        },
        { do: (lab) => lab.remove("s"), want: { t: { ...has(0, 1, "a"), events: ["Normal IPAllocated"] } } },
      ],
    });
  });

  test("another pool moves nobody; when the first goes, the Service gets an address of the other", async () => {
    await expectStory({
      pools: { b: { addresses: stack.ranges(0, 1, 1) } },
      steps: [
        { do: (lab) => lab.service("s", stack.service), want: { s: has(0, 1, "b") } },
        {
          do: (lab) => lab.pool("a", { addresses: stack.ranges(1, 1, 1) }),
          want: { s: { ...has(0, 1, "b"), events: [] } },
        },
        {
          do: (lab) => lab.removePool("b"),
          want: {
            s: {
              ...has(1, 1, "a"),
              events: [...stack.families.map(() => "Normal ClearAssignment"), "Normal IPAllocated"],
            },
          },
        },
      ],
    });
  });
});

/** Numbers that look random and are the same every time (Numerical Recipes' generator). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0);
}
