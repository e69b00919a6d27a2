import { describe, expect, test } from "vitest";
import { ControllerLab, type ServiceSpec } from "../support/controller-lab.ts";
import { DUAL, type Stack, STACKS, V4, V6 } from "../support/stacks.ts";
import { expectStory, type Story } from "../support/story.ts";

/**
 * Which pool a Service gets its addresses from when it does not ask. Pools of a row have two addresses per family; the
 * Services of a row are created one after the other. "ours:" marks rows where we differ on purpose.
 */
interface Row {
  readonly name: string;
  /** What the pools have besides addresses. */
  readonly pools: Readonly<Record<string, object>>;
  readonly service?: ServiceSpec;
  /** Pools of as many Services. */
  readonly want: readonly (string | undefined)[];
}

const serve = (allocation: object) => ({ serviceAllocation: allocation });
const OURS = { namespace: "shop", labels: { app: "web" } };
const LABELS = { serviceSelectors: [{ matchLabels: { app: "web" } }] };
const OTHERS = { serviceSelectors: [{ matchLabels: { app: "db" } }] };
const TEAM = { namespaceSelectors: [{ matchLabels: { team: "sales" } }] };

const ROWS: readonly Row[] = [
  {
    name: "ours: pools for everybody in the order of their names",
    pools: { c: {}, a: {}, b: {} },
    want: ["a", "a", "b", "b", "c", "c", undefined],
  },
  {
    name: "a pool for the namespace comes before those for everybody",
    pools: { a: {}, z: serve({ namespaces: ["shop"] }) },
    want: ["z", "z", "a", "a", undefined],
  },
  {
    name: "a pool for the labels comes before those for everybody",
    pools: { a: {}, z: serve(LABELS) },
    want: ["z", "z", "a"],
  },
  {
    name: "a pool for labels of the namespace comes before those for everybody",
    pools: { a: {}, z: serve(TEAM) },
    want: ["z", "z", "a"],
  },
  {
    name: "a lower priority comes first, 0 and none last",
    pools: {
      zero: serve({ namespaces: ["shop"], priority: 0 }),
      a: serve({ namespaces: ["shop"] }),
      b: serve({ namespaces: ["shop"], priority: 200 }),
      c: serve({ namespaces: ["shop"], priority: 1 }),
    },
    want: ["c", "c", "b", "b", "a", "a", "zero", "zero", undefined],
  },
  {
    name: "ours: pools of one priority in the order of their names, by whatever rule they serve",
    pools: {
      c: serve({ namespaces: ["shop"], priority: 5 }),
      b: serve({ ...LABELS, priority: 5 }),
      a: serve({ ...TEAM, priority: 5 }),
    },
    want: ["a", "a", "b", "b", "c", "c", undefined],
  },
  {
    name: "pools for other namespaces and other labels serve nobody else",
    pools: { a: serve({ namespaces: ["bank"] }), b: serve(OTHERS), c: serve({ namespaces: ["bank"], ...LABELS }) },
    want: [undefined],
  },
  {
    name: "namespace and labels must both fit",
    pools: {
      a: serve({ namespaces: ["shop"], ...OTHERS }),
      b: serve({ namespaces: ["bank"], ...LABELS }),
      c: serve({ namespaces: ["shop"], ...LABELS }),
    },
    want: ["c", "c", undefined],
  },
  {
    name: "one of several selectors is enough, and a named namespace or a selected one",
    pools: {
      a: serve({
        namespaces: ["bank"],
        namespaceSelectors: [{ matchLabels: { team: "none" } }, ...TEAM.namespaceSelectors],
        serviceSelectors: [...OTHERS.serviceSelectors, ...LABELS.serviceSelectors],
      }),
    },
    want: ["a"],
  },
  {
    name: "selectors may be expressions",
    pools: {
      a: serve({
        serviceSelectors: [
          {
            matchExpressions: [
              { key: "app", operator: "NotIn", values: ["db"] },
              { key: "app", operator: "Exists" },
            ],
          },
        ],
      }),
    },
    want: ["a"],
  },
  {
    name: "autoAssign false keeps a pool out, though it is made for the Service",
    pools: { a: { autoAssign: false }, b: { autoAssign: false, ...serve({ namespaces: ["shop"] }) } },
    want: [undefined],
  },
  {
    name: "ours: a serviceAllocation that limits nothing serves everybody, by its priority",
    pools: { a: {}, b: serve({}), c: serve({ priority: 7 }), d: serve({ namespaces: [], priority: 3 }) },
    want: ["d", "d", "c", "c", "b", "b", "a", "a", undefined],
  },
  {
    name: "ours: a pool whose selectors match no namespace serves nobody",
    pools: { a: serve({ namespaceSelectors: [{ matchLabels: { team: "none" } }] }) },
    want: [undefined],
  },
  {
    name: "ours: nor does it serve Services of all namespaces because their labels fit",
    pools: { a: serve({ namespaceSelectors: [{ matchLabels: { team: "none" } }], ...LABELS }) },
    want: [undefined],
  },
  {
    name: "ours: nor those that ask for it",
    pools: { a: serve({ namespaceSelectors: [{ matchLabels: { team: "none" } }] }) },
    service: { annotations: { "metallb.io/address-pool": "a" } },
    want: [undefined],
  },
];

describe.each(STACKS)("the pool of an $name Service", (stack) => {
  test.each(ROWS)("$name", async ({ pools, service, want }) => {
    const lab = new ControllerLab();
    lab.namespace("shop", { team: "sales" });
    lab.namespace("bank");
    for (const [i, [name, spec]] of Object.entries(pools).entries())
      lab.pool(name, { addresses: stack.ranges(i, 1, 2), ...spec });
    await lab.start();
    for (const i of want.keys()) lab.service(`s${i}`, { ...stack.service, ...OURS, ...service });
    await lab.quiet();
    expect(want.map((_, i) => lab.shown(`shop/s${i}`).pool)).toEqual(want);
  });
});

type Two = "RequireDualStack" | "PreferDualStack";
const v4 = (block: number) => ({ addresses: V4.ranges(block, 1, 1) });
const v6 = (block: number) => ({ addresses: V6.ranges(block, 1, 1) });
const both = (block: number) => ({ addresses: DUAL.ranges(block, 1, 1) });
const PINNED = serve({ namespaces: ["default"] });

const GROUPS: readonly {
  name: string;
  policy: Two;
  first?: "IPv4" | "IPv6";
  pools: Story["pools"];
  want: readonly string[];
}[] = [
  {
    name: "a pool with both wins though one with half comes before",
    policy: "RequireDualStack",
    pools: { a: v4(0), b: v6(1), c: both(2) },
    want: DUAL.ips(2, 1),
  },
  { name: "halves of two pools are no pair", policy: "RequireDualStack", pools: { a: v4(0), b: v6(1) }, want: [] },
  {
    name: "a pool with both wins though one with half comes before",
    policy: "PreferDualStack",
    pools: { a: v4(0), b: v6(1), c: both(2) },
    want: DUAL.ips(2, 1),
  },
  {
    name: "without both, the first family wins",
    policy: "PreferDualStack",
    pools: { a: v6(0), b: v4(1) },
    want: V4.ips(1, 1),
  },
  {
    name: "without both, the first family wins",
    policy: "PreferDualStack",
    first: "IPv6",
    pools: { a: v4(0), b: v6(1) },
    want: V6.ips(1, 1),
  },
  { name: "else the other one", policy: "PreferDualStack", pools: { a: v6(0) }, want: V6.ips(0, 1) },
  { name: "else the other one", policy: "PreferDualStack", first: "IPv6", pools: { a: v4(0) }, want: V4.ips(0, 1) },
  {
    name: "half of a pool made for the Service comes before both of one for everybody",
    policy: "PreferDualStack",
    pools: { a: both(0), b: { ...v6(1), ...PINNED } },
    want: V6.ips(1, 1),
  },
  {
    name: "a pool for everybody with both serves when those made for the Service have half",
    policy: "RequireDualStack",
    pools: { a: both(0), b: { ...v6(1), ...PINNED } },
    want: DUAL.ips(0, 1),
  },
  {
    name: "the requested pool has half",
    policy: "RequireDualStack",
    pools: { "the-one": v4(0), b: both(1) },
    want: [],
  },
  {
    name: "the requested pool has half",
    policy: "PreferDualStack",
    pools: { "the-one": v4(0), b: both(1) },
    want: V4.ips(0, 1),
  },
];

describe("pools for two families", () => {
  test.each(GROUPS)("$policy, $first first: $name", async ({ policy, first = "IPv4", pools, want }) => {
    const families = first === "IPv4" ? (["IPv4", "IPv6"] as const) : (["IPv6", "IPv4"] as const);
    const annotations = "the-one" in pools ? { "metallb.io/address-pool": "the-one" } : {};
    const step = {
      do: (lab: ControllerLab) => lab.service("s", { families, policy, annotations }),
      want: { s: { ips: want } },
    };
    await expectStory({ pools, steps: [step] });
  });
});

describe("the order of addresses inside a pool", () => {
  const ORDER: readonly { name: string; stack: Stack; pool: Story["pools"][string]; want: readonly string[] }[] = [
    {
      name: "ranges as they are listed, addresses ascending, network and broadcast address too",
      stack: V4,
      pool: { addresses: ["10.0.9.0/31", "10.0.0.254-10.0.1.1"] },
      want: ["10.0.9.0", "10.0.9.1", "10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"],
    },
    {
      name: "ranges as they are listed, addresses ascending, the first of a prefix too",
      stack: V6,
      pool: { addresses: ["fd00:9::/127", "fd00::ffff-fd00::1:0"] },
      want: ["fd00:9::", "fd00:9::1", "fd00::ffff", "fd00::1:0"],
    },
    {
      name: "avoidBuggyIPs leaves out .0 and .255",
      stack: V4,
      pool: { addresses: ["10.0.9.0/31", "10.0.0.254-10.0.1.1"], avoidBuggyIPs: true },
      want: ["10.0.9.1", "10.0.0.254", "10.0.1.1"],
    },
    {
      name: "avoidBuggyIPs means nothing to IPv6",
      stack: V6,
      pool: { addresses: ["fd00:9::/127", "fd00::ff-fd00::100"], avoidBuggyIPs: true },
      want: ["fd00:9::", "fd00:9::1", "fd00::ff", "fd00::100"],
    },
  ];
  test.each(ORDER)("$stack.name: $name", async ({ stack, pool, want }) => {
    const lab = new ControllerLab();
    lab.pool("p", pool);
    await lab.start();
    for (const i of [...want, "one too many"].keys()) lab.service(`s${i}`, stack.service);
    await lab.quiet();
    expect(want.map((_, i) => lab.ips(`s${i}`))).toEqual(want.map((ip) => [ip]));
    expect(lab.shown(`s${want.length}`).condition).toBe("False PoolExhausted");
  });

  test("each family from the first range that has one", async () => {
    const addresses = [...V6.ranges(0, 1, 1), ...V4.ranges(0, 1, 1), ...V4.ranges(1, 1, 1), ...V6.ranges(1, 1, 1)];
    await expectStory({
      pools: { p: { addresses } },
      steps: [
        { do: (lab) => lab.service("s", V4.service), want: { s: { ips: V4.ips(0, 1) } } },
        { do: (lab) => lab.service("t", DUAL.service), want: { t: { ips: [...V4.ips(1, 1), ...V6.ips(0, 1)] } } },
      ],
    });
  });
});
