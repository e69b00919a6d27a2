import { describe, test } from "vitest";
import type { ServiceSpec } from "../support/controller-lab.ts";
import { DUAL, type Stack, STACKS, V4, V6 } from "../support/stacks.ts";
import { expectStory, type Story, type Wanted } from "../support/story.ts";

/** What a Service can ask for, by annotation and field. "ours:" marks rows where we differ on purpose. */
interface Row {
  readonly name: string;
  readonly service: (stack: Stack) => Pick<ServiceSpec, "annotations" | "spec">;
  readonly want: (stack: Stack) => Wanted;
  readonly pools?: (stack: Stack) => Story["pools"];
}

const POOL = "metallb.io/address-pool";
const IPS = "metallb.io/loadBalancerIPs";
const OLD_POOL = "metallb.universe.tf/address-pool";
const OLD_IPS = "metallb.universe.tf/loadBalancerIPs";

const TWO = (stack: Stack): Story["pools"] => ({
  a: { addresses: stack.ranges(0, 1, 3) },
  b: { addresses: stack.ranges(1, 1, 3), autoAssign: false },
});

const list = (stack: Stack, block: number, n: number) => stack.ips(block, n).join(",");
const allocated = (ips: readonly string[], pool: string): Wanted => ({ ips, pool, condition: "True Allocated" });
const refused = (reason: string, event = "AllocationFailed"): Wanted => ({
  ips: [],
  pool: undefined,
  condition: `False ${reason}`,
  events: [`Warning ${event} Failed to allocate IP for "default/s": `],
});

const ROWS: readonly Row[] = [
  {
    name: "a pool is requested; autoAssign does not matter",
    service: () => ({ annotations: { [POOL]: "b" } }),
    want: (stack) => allocated(stack.ips(1, 1), "b"),
  },
  {
    name: "a pool is requested by the deprecated annotation",
    service: () => ({ annotations: { [OLD_POOL]: "b" } }),
    want: (stack) => allocated(stack.ips(1, 1), "b"),
  },
  {
    name: "the new annotation for the pool wins",
    service: () => ({ annotations: { [POOL]: "b", [OLD_POOL]: "a" } }),
    want: (stack) => allocated(stack.ips(1, 1), "b"),
  },
  {
    name: "the new annotation for the pool wins even when it is empty",
    service: () => ({ annotations: { [POOL]: "", [OLD_POOL]: "b" } }),
    want: (stack) => allocated(stack.ips(0, 1), "a"),
  },
  { name: "an unknown pool", service: () => ({ annotations: { [POOL]: "x" } }), want: () => refused("PoolUnknown") },
  {
    name: "a requested pool without usable IPv4 addresses does not fall back on others",
    service: () => ({ annotations: { [POOL]: "b" } }),
    pools: (stack) => ({ ...TWO(stack), b: { addresses: ["10.250.0.0/32", "fd00:250::/128"], avoidBuggyIPs: true } }),
    want: (stack) => (stack === V6 ? allocated(["fd00:250::"], "b") : refused("FamilyNotInPools")),
  },
  ...["namespaces", "namespaceSelectors", "serviceSelectors"].map((rule): Row => {
    const selector = [{ matchLabels: { no: "body" } }];
    const serviceAllocation = { [rule]: rule === "namespaces" ? ["other"] : selector };
    return {
      name: `${rule} of a requested pool hold`,
      service: () => ({ annotations: { [POOL]: "b" } }),
      pools: (stack) => ({ ...TWO(stack), b: { addresses: stack.ranges(1, 1, 3), serviceAllocation } }),
      want: () => refused(rule === "serviceSelectors" ? "ServiceNotSelected" : "NamespaceNotAllowed"),
    };
  }),
  ...["namespaces", "namespaceSelectors", "serviceSelectors"].map((rule): Row => {
    const selector = [{ matchLabels: { no: "body" } }];
    const serviceAllocation = { [rule]: rule === "namespaces" ? ["other"] : selector };
    return {
      name: `${rule} of the pool of a requested address hold`,
      service: (stack) => ({ annotations: { [IPS]: list(stack, 1, 2) } }),
      pools: (stack) => ({ ...TWO(stack), b: { addresses: stack.ranges(1, 1, 3), serviceAllocation } }),
      want: () => refused(rule === "serviceSelectors" ? "ServiceNotSelected" : "NamespaceNotAllowed"),
    };
  }),
  {
    name: "addresses are requested; autoAssign does not matter",
    service: (stack) => ({ annotations: { [IPS]: list(stack, 1, 2) } }),
    want: (stack) => allocated(stack.ips(1, 2), "b"),
  },
  {
    name: "addresses are requested by the deprecated annotation",
    service: (stack) => ({ annotations: { [OLD_IPS]: list(stack, 0, 2) } }),
    want: (stack) => allocated(stack.ips(0, 2), "a"),
  },
  {
    name: "the new annotation for addresses wins",
    service: (stack) => ({ annotations: { [IPS]: list(stack, 0, 2), [OLD_IPS]: list(stack, 0, 3) } }),
    want: (stack) => allocated(stack.ips(0, 2), "a"),
  },
  {
    name: "the new annotation for addresses wins even when it is empty",
    service: (stack) => ({ annotations: { [IPS]: "", [OLD_IPS]: list(stack, 0, 3) } }),
    want: (stack) => allocated(stack.ips(0, 1), "a"),
  },
  {
    name: "blanks around requested addresses are nothing",
    service: (stack) => ({ annotations: { [IPS]: `  ${stack.ips(0, 2).join(" ,  ")} ` } }),
    want: (stack) => allocated(stack.ips(0, 2), "a"),
  },
  {
    name: "an address and the pool it is in",
    service: (stack) => ({ annotations: { [IPS]: list(stack, 1, 2), [POOL]: "b" } }),
    want: (stack) => allocated(stack.ips(1, 2), "b"),
  },
  {
    name: "an address and another pool",
    service: (stack) => ({ annotations: { [IPS]: list(stack, 1, 2), [POOL]: "a" } }),
    want: () => refused("AddressInOtherPool"),
  },
  {
    name: "an address and a pool that does not exist",
    service: (stack) => ({ annotations: { [IPS]: list(stack, 1, 2), [POOL]: "x" } }),
    want: () => refused("AddressInOtherPool"),
  },
  {
    name: "addresses of no pool",
    service: (stack) => ({ annotations: { [IPS]: list(stack, 7, 7) } }),
    want: () => refused("AddressOutsidePools"),
  },
  {
    name: "annotation and spec.loadBalancerIP, though they agree",
    service: (stack) => ({
      annotations: { [IPS]: stack.ips(0, 2)[0]! },
      spec: { loadBalancerIP: stack.ips(0, 2)[0]! },
    }),
    want: () => refused("RequestContradictory", "LoadBalancerFailed"),
  },
  ...[
    { name: "three addresses", text: "10.0.0.1,fd00:1::1,10.0.0.2" },
    { name: "two IPv4 addresses", text: "10.0.0.1,10.0.0.2" },
    { name: "two IPv6 addresses", text: "fd00:1::1,fd00:1::2" },
    { name: "the same address twice", text: "10.0.0.1,10.0.0.1" },
    { name: "a trailing comma", text: "10.0.0.1," },
    { name: "a prefix", text: "10.0.0.0/24" },
    { name: "a name", text: "lb.example" },
    { name: "leading zeros", text: "010.0.0.1" },
    { name: "a zone", text: "fe80::1%eth0" },
    { name: "an endless list", text: "10.0.0.1,".repeat(10_000) },
  ].map(({ name, text }): Row => ({
    name: `the annotation has ${name}`,
    service: () => ({ annotations: { [IPS]: text } }),
    want: () => refused("RequestMalformed", "LoadBalancerFailed"),
  })),
  {
    name: "spec.loadBalancerIP is no address",
    service: () => ({ spec: { loadBalancerIP: "10.0.0.1,10.0.0.2" } }),
    want: () => refused("RequestMalformed", "LoadBalancerFailed"),
  },
];

describe.each(STACKS)("what an $name Service may ask for", (stack) => {
  test.each(ROWS)("$name", async ({ service, want, pools = TWO }) => {
    await expectStory({
      pools: pools(stack),
      steps: [
        {
          do: (lab) => lab.service("s", { ...stack.service, ...service(stack) }),
          want: { s: withDeprecations(want(stack), service(stack)) },
        },
      ],
    });
  });
});

/** Deprecated annotations are told after everything else. */
function withDeprecations(want: Wanted, { annotations = {} }: Pick<ServiceSpec, "annotations">): Wanted {
  if (want.events === undefined) return want;
  const old = Object.keys(annotations).filter((key) => key.startsWith("metallb.universe.tf/"));
  return { ...want, events: [...want.events, ...old.map((key) => `Warning deprecatedAnnotation annotation ${key}`)] };
}

const PREFER = { ...DUAL.service, policy: "PreferDualStack" } as const;
const mismatch = refused("FamilyMismatch");

const FAMILIES: readonly { name: string; service: ServiceSpec; ips: readonly string[]; want: Wanted }[] = [
  ...[V4, V6].flatMap((stack) => {
    const other = stack === V4 ? V6 : V4;
    const ips = stack.ips(0, 2);
    return [
      {
        name: `${other.name} for an ${stack.name} Service`,
        service: stack.service,
        ips: other.ips(0, 2),
        want: mismatch,
      },
      { name: `a pair for an ${stack.name} Service`, service: stack.service, ips: DUAL.ips(0, 2), want: mismatch },
      { name: `one ${stack.name} address for RequireDualStack`, service: DUAL.service, ips, want: mismatch },
      {
        name: `ours: one ${stack.name} address for PreferDualStack, whose policy allows one`,
        service: PREFER,
        ips,
        want: allocated(ips, "a"),
      },
    ];
  }),
  {
    name: "a pair for RequireDualStack",
    service: DUAL.service,
    ips: DUAL.ips(0, 2),
    want: allocated(DUAL.ips(0, 2), "a"),
  },
  { name: "a pair for PreferDualStack", service: PREFER, ips: DUAL.ips(0, 2), want: allocated(DUAL.ips(0, 2), "a") },
  {
    name: "a pair of two pools",
    service: DUAL.service,
    ips: [...V4.ips(0, 2), ...V6.ips(1, 2)],
    want: refused("AddressesInTwoPools"),
  },
];

describe("families of requested addresses", () => {
  test.each(FAMILIES)("$name", async ({ service, ips, want }) => {
    await expectStory({
      pools: TWO(DUAL),
      steps: [
        { do: (lab) => lab.service("s", { ...service, annotations: { [IPS]: ips.join(",") } }), want: { s: want } },
      ],
    });
  });

  const FIELD = [V4, V6].flatMap((stack) => [
    { name: `${stack.name} for ${stack.name}`, service: stack.service, stack, want: allocated(stack.ips(0, 2), "a") },
    { name: `${stack.name} for the other family`, service: (stack === V4 ? V6 : V4).service, stack, want: mismatch },
    { name: `${stack.name} for RequireDualStack`, service: DUAL.service, stack, want: mismatch },
    {
      name: `ours: ${stack.name} for PreferDualStack`,
      service: PREFER,
      stack,
      want: allocated(stack.ips(0, 2), "a"),
    },
  ]);
  test.each(FIELD)("spec.loadBalancerIP: $name", async ({ service, stack, want }) => {
    const spec = { loadBalancerIP: stack.ips(0, 2)[0]! };
    await expectStory({
      pools: TWO(DUAL),
      steps: [{ do: (lab) => lab.service("s", { ...service, spec }), want: { s: want } }],
    });
  });

  test.each([V4, V6])("an empty annotation beside spec.loadBalancerIP ($name) is no contradiction", async (stack) => {
    const service = { ...stack.service, annotations: { [IPS]: "" }, spec: { loadBalancerIP: stack.ips(0, 2)[0]! } };
    await expectStory({
      pools: TWO(stack),
      steps: [{ do: (lab) => lab.service("s", service), want: { s: allocated(stack.ips(0, 2), "a") } }],
    });
  });
});

describe.each(STACKS)("what an $name Service has is looked at again and stays", (stack) => {
  const KEPT: readonly { name: string; act: Story["steps"][number]["do"] }[] = [
    {
      name: "the pool is taken out of automatic use",
      act: (lab) => lab.pool("a", { addresses: stack.ranges(0, 1, 3), autoAssign: false }),
    },
    { name: "its own pool is requested", act: (lab) => lab.annotate("s", { [POOL]: "a" }) },
    { name: "its own addresses are requested", act: (lab) => lab.annotate("s", { [IPS]: list(stack, 0, 1) }) },
    { name: "a better pool comes", act: (lab) => lab.pool("0", { addresses: stack.ranges(3, 1, 3) }) },
    {
      name: "fields change that mean nothing to allocation",
      act: (lab) =>
        lab.edit("s", {
          spec: {
            loadBalancerSourceRanges: ["10.0.0.0/8"],
            allocateLoadBalancerNodePorts: false,
            healthCheckNodePort: 31_000,
            internalTrafficPolicy: "Local",
            sessionAffinity: "ClientIP",
            trafficDistribution: "PreferClose",
            externalIPs: ["192.0.2.1"],
          },
        }),
    },
  ];
  test.each(KEPT)("$name", async ({ act }) => {
    await expectStory({
      pools: TWO(stack),
      steps: [
        { do: (lab) => lab.service("s", stack.service), want: { s: allocated(stack.ips(0, 1), "a") } },
        { do: act, want: { s: { ...allocated(stack.ips(0, 1), "a"), events: [] } } },
      ],
    });
  });
});
