import { describe, test } from "vitest";
import type { ControllerLab } from "../support/controller-lab.ts";
import { DUAL, quoted, type Stack, STACKS, V4, V6 } from "../support/stacks.ts";
import { expectStory, type Step, type Story, type Wanted } from "../support/story.ts";

/** What a change does to those who have an address. "ours:" marks rows where we differ on purpose. */
interface Row {
  readonly name: string;
  /** One address in pool `a` unless said otherwise. */
  readonly pools?: (stack: Stack) => Story["pools"];
  readonly steps: (stack: Stack) => readonly Step[];
}

const KEY = "metallb.io/allow-shared-ip";
const POOL = "metallb.io/address-pool";
const IPS = "metallb.io/loadBalancerIPs";

const create = (name: string, stack: Stack, n: number, more: object = {}): Step => ({
  do: (lab) => lab.service(name, { ...stack.service, ...more }),
  want: { [name]: { ips: stack.ips(0, n), pool: "a", condition: "True Allocated" } },
});
const keyed = (key: string, port: string) => ({ annotations: { [KEY]: key }, ports: [port] });
const asksFor = (ips: readonly string[]) => ({ [IPS]: ips.join(",") });
const has = (stack: Stack, block: number, n: number, pool: string, events: readonly string[]): Wanted => ({
  ips: stack.ips(block, n),
  pool,
  condition: "True Allocated",
  events,
});
const cleared = (ips: readonly string[], reason: string) =>
  ips.map((ip) => `Normal ClearAssignment current IP ["${ip}"] of "default/s" is given up: ${reason}`);
const assigned = (ips: readonly string[]) => `Normal IPAllocated Assigned IP ${quoted(ips)}`;
const keeps = (stack: Stack, reason: string, text: string): Wanted => ({
  ips: stack.ips(0, 1),
  pool: "a",
  condition: `False ${reason}`,
  events: [
    `Warning AllocationFailed Failed to allocate IP for "default/s", keeping ${quoted(stack.ips(0, 1))}: ${text}`,
  ],
});
const only = (stack: Stack, block = 0) => ({ addresses: stack.ranges(block, 1, 1) });
const some = (stack: Stack, block = 0) => ({ addresses: stack.ranges(block, 1, 3) });
const SHARERS = (stack: Stack) => [
  create("t", stack, 1, keyed("k", "TCP/80")),
  create("s", stack, 1, keyed("k", "TCP/443")),
];

const OF_THE_SERVICE: readonly Row[] = [
  {
    name: "a key that fits nobody any more moves the Service that changed it",
    pools: (stack) => ({ a: some(stack) }),
    steps: (stack) => [
      ...SHARERS(stack),
      {
        do: (lab) => lab.annotate("s", { [KEY]: "mine" }),
        want: {
          s: has(stack, 0, 2, "a", [
            ...stack
              .ips(0, 1)
              .map(
                (ip) => `Normal ClearAssignment current IP ["${ip}"] of "default/s" is given up: sharing key conflict`,
              ),
            assigned(stack.ips(0, 2)),
          ]),
          t: { ips: stack.ips(0, 1), events: [] },
        },
      },
    ],
  },
  {
    name: "a traffic policy that fits nobody any more moves the Service that changed it",
    pools: (stack) => ({ a: some(stack) }),
    steps: (stack) => [
      ...SHARERS(stack),
      {
        do: (lab) => lab.edit("s", { spec: { externalTrafficPolicy: "Local", selector: { app: "s" } } }),
        want: { s: { ips: stack.ips(0, 2) }, t: { ips: stack.ips(0, 1), events: [] } },
      },
    ],
  },
  {
    name: "a selector that fits nobody any more moves the Service that changed it",
    pools: (stack) => ({ a: some(stack) }),
    steps: (stack) => {
      const local = { spec: { externalTrafficPolicy: "Local", selector: { app: "x" } } };
      return [
        create("t", stack, 1, { ...keyed("k", "TCP/80"), ...local }),
        create("s", stack, 1, { ...keyed("k", "TCP/443"), ...local }),
        {
          do: (lab) => lab.edit("s", { spec: { selector: { app: "y" } } }),
          want: { s: { ips: stack.ips(0, 2) }, t: { ips: stack.ips(0, 1), events: [] } },
        },
      ];
    },
  },
  {
    name: "ours: without another address it stays, and nobody else may join under the new key",
    steps: (stack) => [
      ...SHARERS(stack),
      {
        do: (lab) => lab.annotate("s", { [KEY]: "mine" }),
        want: { s: keeps(stack, "PoolExhausted", "no free"), t: { ips: stack.ips(0, 1), events: [] } },
      },
      {
        do: (lab) => lab.service("u", { ...stack.service, ...keyed("mine", "TCP/1") }),
        want: { u: { ips: [], condition: "False PoolExhausted" } },
      },
      {
        do: (lab) => lab.annotate("s", { [KEY]: "k" }),
        want: { s: has(stack, 0, 1, "a", []), t: { ips: stack.ips(0, 1), events: [] } },
      },
    ],
  },
  {
    name: "a port that collides on a shared address moves the Service that changed it",
    pools: (stack) => ({ a: some(stack) }),
    steps: (stack) => [
      ...SHARERS(stack),
      {
        do: (lab) => lab.edit("s", { spec: { ports: [{ protocol: "TCP", port: 80 }] } }),
        want: { s: { ips: stack.ips(0, 2), condition: "True Allocated" }, t: { ips: stack.ips(0, 1), events: [] } },
      },
    ],
  },
  {
    name: "a port that collides takes the address away when there is no other: a port belongs to one Service",
    steps: (stack) => [
      ...SHARERS(stack),
      {
        do: (lab) => lab.edit("s", { spec: { ports: [{ protocol: "TCP", port: 80 }] } }),
        want: {
          s: {
            ips: [],
            pool: undefined,
            condition: "False PoolExhausted",
            events: [
              ...stack
                .ips(0, 1)
                .map((ip) => `Normal ClearAssignment current IP ["${ip}"] of "default/s" is given up: port conflict`),
              'Warning AllocationFailed Failed to allocate IP for "default/s": no free',
            ],
          },
        },
      },
    ],
  },
  {
    name: "the only user of an address changes key, ports and traffic policy in place",
    steps: (stack) => [
      create("s", stack, 1, keyed("k", "TCP/80")),
      { do: (lab) => lab.annotate("s", { [KEY]: "l" }), want: { s: has(stack, 0, 1, "a", []) } },
      { do: (lab) => lab.annotate("s", { [KEY]: null }), want: { s: has(stack, 0, 1, "a", []) } },
      {
        do: (lab) => lab.edit("s", { spec: { ports: [{ protocol: "UDP", port: 1 }], externalTrafficPolicy: "Local" } }),
        want: { s: has(stack, 0, 1, "a", []) },
      },
    ],
  },
  {
    name: "ours: another requested pool that is full leaves the Service where it is until it has room",
    pools: (stack) => ({ a: only(stack), b: only(stack, 1) }),
    steps: (stack) => [
      create("s", stack, 1),
      { do: (lab) => lab.service("t", stack.service), want: { t: { ips: stack.ips(1, 1) } } },
      { do: (lab) => lab.annotate("s", { [POOL]: "b" }), want: { s: keeps(stack, "PoolExhausted", "no free") } },
      { do: (lab) => lab.remove("t"), want: { s: has(stack, 1, 1, "b", [assigned(stack.ips(1, 1))]) } },
    ],
  },
  {
    name: "ours: a requested address that is taken leaves the Service where it is until it is free",
    pools: (stack) => ({ a: some(stack) }),
    steps: (stack) => [
      create("s", stack, 1),
      create("t", stack, 2),
      {
        do: (lab) => lab.annotate("s", asksFor(stack.ips(0, 2))),
        want: { s: keeps(stack, "AddressInUse", "address conflict") },
      },
      { do: (lab) => lab.remove("t"), want: { s: has(stack, 0, 2, "a", [assigned(stack.ips(0, 2))]) } },
    ],
  },
  {
    name: "ours: a requested address of no pool leaves the Service where it is until a pool has it",
    steps: (stack) => [
      create("s", stack, 1),
      {
        do: (lab) => lab.annotate("s", asksFor(stack.ips(7, 7))),
        want: { s: keeps(stack, "AddressOutsidePools", `${stack.ips(7, 7)[0]} is in no IPAddressPool`) },
      },
      {
        do: (lab) => lab.pool("b", { addresses: stack.ranges(7, 7, 7) }),
        want: { s: has(stack, 7, 7, "b", [assigned(stack.ips(7, 7))]) },
      },
    ],
  },
  {
    name: "a request that is taken back leaves the Service where it got to",
    pools: (stack) => ({ a: some(stack), b: some(stack, 1) }),
    steps: (stack) => [
      create("s", stack, 1),
      { do: (lab) => lab.annotate("s", asksFor(stack.ips(1, 2))), want: { s: { ips: stack.ips(1, 2), pool: "b" } } },
      { do: (lab) => lab.annotate("s", { [IPS]: null }), want: { s: has(stack, 1, 2, "b", []) } },
    ],
  },
];

const moved = (stack: Stack, reason: string): Step["want"] => ({
  s: has(stack, 1, 1, "b", [...cleared(stack.ips(0, 1), reason), assigned(stack.ips(1, 1))]),
});
const LABELS = { serviceAllocation: { serviceSelectors: [{ matchLabels: { app: "web" } }] } };
const TEAM = { serviceAllocation: { namespaceSelectors: [{ matchLabels: { team: "a" } }] } };
const inDefault = (lab: ControllerLab, team: string) => lab.namespace("default", { team });

const OF_POOLS: readonly Row[] = [
  {
    name: "a removed pool: the Service moves",
    pools: (stack) => ({ a: some(stack), b: some(stack, 1) }),
    steps: (stack) => [
      create("s", stack, 1),
      {
        do: (lab) => lab.removePool("a"),
        want: {
          s: has(stack, 1, 1, "b", [
            ...stack.ips(0, 1).flatMap((ip) => cleared([ip], `${ip} is in no IPAddressPool`)),
            assigned(stack.ips(1, 1)),
          ]),
        },
      },
    ],
  },
  {
    name: "a pool that shrinks around the address: it stays",
    pools: (stack) => ({ a: some(stack) }),
    steps: (stack) => [
      create("s", stack, 1),
      { do: (lab) => lab.pool("a", only(stack)), want: { s: has(stack, 0, 1, "a", []) } },
    ],
  },
  {
    name: "a pool that shrinks away from the address: the Service moves inside it",
    pools: (stack) => ({ a: some(stack) }),
    steps: (stack) => [
      create("s", stack, 1),
      {
        do: (lab) => lab.pool("a", { addresses: stack.ranges(0, 2, 3) }),
        want: {
          s: has(stack, 0, 2, "a", [
            ...stack.ips(0, 1).flatMap((ip) => cleared([ip], `${ip} is in no IPAddressPool`)),
            assigned(stack.ips(0, 2)),
          ]),
        },
      },
    ],
  },
  {
    name: "a pool that shrinks away from the address and is full: the Service waits, and comes before others",
    pools: (stack) => ({ a: { addresses: stack.ranges(0, 1, 2) } }),
    steps: (stack) => [
      create("s", stack, 1),
      create("t", stack, 2),
      { do: (lab) => lab.service("u", { ...stack.service, age: 0 }), want: { u: { ips: [] } } },
      {
        do: (lab) => lab.pool("a", { addresses: stack.ranges(0, 2, 2) }),
        want: { s: { ips: [], pool: undefined, condition: "False PoolExhausted" }, t: has(stack, 0, 2, "a", []) },
      },
    ],
  },
  {
    name: "a pool that grows: those that wait get addresses, the others stay",
    pools: (stack) => ({ a: { addresses: stack.ranges(0, 2, 2) } }),
    steps: (stack) => [
      create("s", stack, 2),
      { do: (lab) => lab.service("t", stack.service), want: { t: { ips: [] } } },
      {
        do: (lab) => lab.pool("a", some(stack)),
        want: { s: has(stack, 0, 2, "a", []), t: has(stack, 0, 1, "a", [assigned(stack.ips(0, 1))]) },
      },
    ],
  },
  {
    name: "a renamed pool: the address stays, the annotation follows",
    steps: (stack) => [
      create("s", stack, 1),
      {
        do: (lab) => {
          lab.kube.pauseWatches();
          lab.removePool("a");
          lab.pool("z", only(stack));
          lab.kube.resumeWatches();
        },
        want: { s: has(stack, 0, 1, "z", []) },
      },
    ],
  },
  {
    name: "a split pool: addresses stay, annotations follow",
    pools: (stack) => ({ a: some(stack) }),
    steps: (stack) => [
      create("s", stack, 1),
      create("t", stack, 2),
      {
        do: (lab) => {
          lab.kube.pauseWatches();
          lab.removePool("a");
          lab.pool("x", only(stack));
          lab.pool("y", { addresses: stack.ranges(0, 2, 3) });
          lab.kube.resumeWatches();
        },
        want: { s: has(stack, 0, 1, "x", []), t: has(stack, 0, 2, "y", []) },
      },
    ],
  },
  {
    name: "an address that another pool takes over while a key is shared: both stay and third parties may join",
    steps: (stack) => [
      ...SHARERS(stack),
      {
        do: (lab) => {
          lab.kube.pauseWatches();
          lab.removePool("a");
          lab.pool("z", only(stack));
          lab.kube.resumeWatches();
        },
        want: { s: has(stack, 0, 1, "z", []), t: has(stack, 0, 1, "z", []) },
      },
      {
        do: (lab) => lab.service("u", { ...stack.service, ...keyed("k", "TCP/1") }),
        want: { u: { ips: stack.ips(0, 1), pool: "z" } },
      },
    ],
  },
  {
    name: "a pool that stops serving the namespace: the Service moves",
    pools: (stack) => ({ a: some(stack), b: some(stack, 1) }),
    steps: (stack) => [
      create("s", stack, 1),
      {
        do: (lab) => lab.pool("a", { ...some(stack), serviceAllocation: { namespaces: ["other"] } }),
        want: moved(stack, 'pool "a" does not serve namespace "default"'),
      },
    ],
  },
  {
    name: "a pool that stops serving the labels: the Service moves",
    pools: (stack) => ({ a: some(stack), b: some(stack, 1) }),
    steps: (stack) => [
      create("s", stack, 1),
      {
        do: (lab) => lab.pool("a", { ...some(stack), ...LABELS }),
        want: moved(stack, 'the Service\'s labels match none of the serviceSelectors of pool "a"'),
      },
    ],
  },
  {
    name: "ours: a pool that stops serving the Service keeps it until there is another address",
    steps: (stack) => [
      create("s", stack, 1),
      {
        do: (lab) => lab.pool("a", { ...only(stack), serviceAllocation: { namespaces: ["other"] } }),
        want: { s: keeps(stack, "NoPoolForService", "no pool assigns addresses") },
      },
      { do: (lab) => lab.pool("b", only(stack, 1)), want: moved(stack, 'pool "a" does not serve namespace') },
    ],
  },
  {
    name: "labels of the Service that change move it",
    pools: (stack) => ({ a: { ...some(stack), ...LABELS }, b: some(stack, 1) }),
    steps: (stack) => [
      create("s", stack, 1, { labels: { app: "web" } }),
      {
        do: (lab) => lab.edit("s", { metadata: { labels: { app: "db" } } }),
        want: moved(stack, "the Service's labels match none"),
      },
    ],
  },
  {
    name: "labels of a waiting Service that change get it an address",
    pools: (stack) => ({ a: { ...some(stack), ...LABELS } }),
    steps: (stack) => [
      { do: (lab) => lab.service("s", stack.service), want: { s: { condition: "False NoPoolForService" } } },
      {
        do: (lab) => lab.edit("s", { metadata: { labels: { app: "web" } } }),
        want: { s: has(stack, 0, 1, "a", [assigned(stack.ips(0, 1))]) },
      },
    ],
  },
  {
    name: "labels of the namespace that change move it; those of other namespaces don't",
    pools: (stack) => ({ a: { ...some(stack), ...TEAM }, b: some(stack, 1) }),
    steps: (stack) => [
      { do: (lab) => inDefault(lab, "a"), want: {} },
      create("s", stack, 1),
      { do: (lab) => lab.namespace("other", { team: "a" }), want: { s: has(stack, 0, 1, "a", []) } },
      { do: (lab) => inDefault(lab, "b"), want: moved(stack, 'pool "a" does not serve namespace "default"') },
    ],
  },
  {
    name: "labels of the namespace that change get a waiting Service an address",
    pools: (stack) => ({ a: { ...some(stack), ...TEAM } }),
    steps: (stack) => [
      { do: (lab) => lab.service("s", stack.service), want: { s: { condition: "False NoPoolForService" } } },
      { do: (lab) => inDefault(lab, "a"), want: { s: has(stack, 0, 1, "a", [assigned(stack.ips(0, 1))]) } },
    ],
  },
  {
    name: "a priority that changes moves nobody",
    pools: (stack) => ({
      a: { ...some(stack), serviceAllocation: { namespaces: ["default"], priority: 1 } },
      b: { ...some(stack, 1), serviceAllocation: { namespaces: ["default"], priority: 2 } },
    }),
    steps: (stack) => [
      create("s", stack, 1),
      {
        do: (lab) => lab.pool("a", { ...some(stack), serviceAllocation: { namespaces: ["default"], priority: 3 } }),
        want: { s: has(stack, 0, 1, "a", []) },
      },
      { do: (lab) => lab.service("t", stack.service), want: { t: { ips: stack.ips(1, 1), pool: "b" } } },
    ],
  },
  {
    name: "autoAssign false takes nothing away",
    steps: (stack) => [
      create("s", stack, 1),
      { do: (lab) => lab.pool("a", { ...only(stack), autoAssign: false }), want: { s: has(stack, 0, 1, "a", []) } },
    ],
  },
  {
    name: "autoAssign true serves those that wait",
    pools: (stack) => ({ a: { ...only(stack), autoAssign: false } }),
    steps: (stack) => [
      { do: (lab) => lab.service("s", stack.service), want: { s: { condition: "False NoPoolForService" } } },
      { do: (lab) => lab.pool("a", only(stack)), want: { s: has(stack, 0, 1, "a", [assigned(stack.ips(0, 1))]) } },
    ],
  },
  {
    name: "a new pool that comes first moves nobody",
    steps: (stack) => [
      create("s", stack, 1),
      { do: (lab) => lab.pool("0", only(stack, 1)), want: { s: has(stack, 0, 1, "a", []) } },
    ],
  },
  {
    name: "addresses go to those that wait in the order of their age",
    steps: (stack) => [
      create("s", stack, 1, { age: 50 }),
      { do: (lab) => lab.service("young", { ...stack.service, age: 9 }), want: { young: { ips: [] } } },
      { do: (lab) => lab.service("old", { ...stack.service, age: 1 }), want: { old: { ips: [] } } },
      {
        do: (lab) => lab.service("picky", { ...stack.service, age: 5, annotations: asksFor(stack.ips(0, 1)) }),
        want: { picky: { ips: [], condition: "False AddressInUse" } },
      },
      { do: (lab) => lab.remove("s"), want: { old: { ips: stack.ips(0, 1) }, picky: { ips: [] }, young: { ips: [] } } },
      { do: (lab) => lab.remove("old"), want: { picky: { ips: stack.ips(0, 1) }, young: { ips: [] } } },
      { do: (lab) => lab.remove("picky"), want: { young: { ips: stack.ips(0, 1) } } },
    ],
  },
];

describe.each(STACKS)("an $name Service changes", (stack) => {
  test.each(OF_THE_SERVICE)("$name", async ({ pools, steps }) => {
    await expectStory({ pools: pools?.(stack) ?? { a: only(stack) }, steps: steps(stack) });
  });
});

describe.each(STACKS)("pools and namespaces of an $name Service change", (stack) => {
  test.each(OF_POOLS)("$name", async ({ pools, steps }) => {
    await expectStory({ pools: pools?.(stack) ?? { a: only(stack) }, steps: steps(stack) });
  });
});

describe("families of pools change", () => {
  const prefer = (families: Stack["families"]) => ({ families, policy: "PreferDualStack" as const });
  test.each([
    { gained: V6, had: V4 },
    { gained: V4, had: V6 },
  ])(
    "$gained.name comes to a pool of $had.name: those that prefer both get it, and only those",
    async ({ gained, had }) => {
      const ips = [...had.ips(0, 1), ...gained.ips(0, 1)];
      await expectStory({
        pools: { a: some(had) },
        steps: [
          {
            do: (lab) => lab.service("s", prefer([had.families[0]!, gained.families[0]!])),
            want: { s: { ips: had.ips(0, 1), condition: "True OneFamilyAllocated" } },
          },
          { do: (lab) => lab.service("one", prefer(had.families)), want: { one: { ips: had.ips(0, 2) } } },
          {
            do: (lab) => lab.service("both", DUAL.service),
            want: { both: { ips: [], condition: "False FamilyNotInPools" } },
          },
          {
            do: (lab) => lab.pool("a", some(DUAL)),
            want: {
              s: {
                ips,
                pool: "a",
                condition: "True Allocated",
                events: [`Normal IPAllocated Assigned additional IP ${quoted(gained.ips(0, 1))}`],
              },
              one: { ips: had.ips(0, 2), events: [] },
              both: { ips: [...V4.ips(0, gained === V4 ? 2 : 3), ...V6.ips(0, gained === V6 ? 2 : 3)] },
            },
          },
        ],
      });
    },
  );

  test.each([
    { lost: V6, left: V4 },
    { lost: V4, left: V6 },
  ])("$lost.name goes from a pool: the pair moves where there is one", async ({ lost, left }) => {
    await expectStory({
      pools: { a: some(DUAL), b: some(DUAL, 1) },
      steps: [
        create("s", DUAL, 1),
        {
          do: (lab) => lab.pool("a", some(left)),
          want: {
            s: has(DUAL, 1, 1, "b", [
              ...DUAL.ips(0, 1).flatMap((ip) =>
                cleared(
                  [ip],
                  ip === lost.ips(0, 1)[0] ? `${ip} is in no IPAddressPool` : `no ${lost.name} addresses in pool a`,
                ),
              ),
              assigned(DUAL.ips(1, 1)),
            ]),
          },
        },
      ],
    });
  });

  test.each([
    { lost: V6, left: V4 },
    { lost: V4, left: V6 },
  ])("ours: $lost.name goes and there is no other pair: the other address stays", async ({ lost, left }) => {
    await expectStory({
      pools: { a: some(DUAL) },
      steps: [
        create("s", DUAL, 1),
        {
          do: (lab) => lab.pool("a", some(left)),
          want: {
            s: {
              ips: left.ips(0, 1),
              pool: "a",
              condition: "False FamilyNotInPools",
              events: [
                ...cleared(lost.ips(0, 1), `${lost.ips(0, 1)[0]} is in no IPAddressPool`),
                `Warning AllocationFailed Failed to allocate IP for "default/s", keeping ${quoted(left.ips(0, 1))}: no ${lost.name} addresses in pool a`,
              ],
            },
          },
        },
        {
          do: (lab) => lab.pool("a", some(DUAL)),
          want: { s: { ips: DUAL.ips(0, 1), condition: "True Allocated" } },
        },
      ],
    });
  });

  test.each([V4, V6])("the Service goes from dual to $name and back", async (stack) => {
    const single = { clusterIP: CLUSTER[stack.name]!, clusterIPs: [CLUSTER[stack.name]!], ipFamilies: stack.families };
    const dual = { clusterIPs: Object.values(CLUSTER), ipFamilies: DUAL.families };
    await expectStory({
      pools: { a: some(DUAL) },
      steps: [
        create("s", DUAL, 1),
        {
          do: (lab) => lab.edit("s", { spec: { ...single, ipFamilyPolicy: "SingleStack" } }),
          want: { s: { ips: stack.ips(0, 1), condition: "True Allocated" } },
        },
        {
          do: (lab) => lab.edit("s", { spec: { ...dual, ipFamilyPolicy: "PreferDualStack" } }),
          want: { s: { ips: DUAL.ips(0, 1), condition: "True Allocated" } },
        },
      ],
    });
  });
});

const CLUSTER: Readonly<Record<string, string>> = { IPv4: "10.96.0.1", IPv6: "fd00:96::1" };
