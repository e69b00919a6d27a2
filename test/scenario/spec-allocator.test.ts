import { describe, expect, test } from "vitest";
import { type Ask, AllocatorLab, type PoolSpecs } from "../support/allocator-lab.ts";
import { DUAL, type Stack, STACKS, V4, V6 } from "../support/stacks.ts";

/** What the allocator promises, as MetalLB tests its own. "ours:" marks what differs on purpose. */
const PINNED = { namespaces: ["shop"] };
const LABELLED = { serviceSelectors: [{ matchLabels: { app: "web" } }] };
const WEB = { labels: { app: "web" } };

describe.each(STACKS)("assigning requested $name addresses", (stack) => {
  const { families } = stack;
  const at = (n: number, more: Ask = {}, block = 0): Ask => ({ families, ips: stack.ips(block, n), ...more });
  const got = (n: number, block = 0) => stack.ips(block, n);
  const lab = () =>
    new AllocatorLab({
      a: { addresses: stack.ranges(0, 1, 9) },
      b: { addresses: stack.ranges(1, 1, 9) },
      namespaced: { addresses: stack.ranges(2, 1, 9), serviceAllocation: PINNED },
      labelled: { addresses: stack.ranges(3, 1, 9), serviceAllocation: LABELLED },
      combined: { addresses: stack.ranges(4, 1, 9), serviceAllocation: { ...PINNED, ...LABELLED } },
    });

  interface Row {
    readonly name: string;
    /** Who asks for what, in order, and what comes of it. */
    readonly asks: readonly (readonly [id: string, ask: Ask | "release", want: readonly string[] | string])[];
  }

  const K = { key: "k" };
  const ROWS: readonly Row[] = [
    { name: "an address", asks: [["s1", at(1), got(1)]] },
    {
      name: "the same address again",
      asks: [
        ["s1", at(1), got(1)],
        ["s1", at(1), got(1)],
      ],
    },
    { name: "an address of no pool", asks: [["s1", at(1, {}, 9), "address-outside-pools"]] },
    {
      name: "an address that somebody has",
      asks: [
        ["s1", at(1), got(1)],
        ["s2", at(1), "address-in-use"],
      ],
    },
    {
      name: "an address that somebody has left",
      asks: [
        ["s1", at(1), got(1)],
        ["s1", at(2), got(2)],
        ["s2", at(1), got(1)],
      ],
    },
    {
      name: "an address that somebody has given back",
      asks: [
        ["s1", at(1), got(1)],
        ["s1", "release", []],
        ["s2", at(1), got(1)],
      ],
    },
    {
      name: "from one pool to another",
      asks: [
        ["s1", at(1), got(1)],
        ["s1", at(1, {}, 1), got(1, 1)],
        ["s2", at(1), got(1)],
      ],
    },
    {
      name: "the only user changes its key in place",
      asks: [
        ["s1", at(1, K), got(1)],
        ["s1", at(1, { key: "l" }), got(1)],
        ["s2", at(1, { key: "l", ports: ["TCP/443"] }), got(1)],
        ["s3", at(1, { key: "k", ports: ["TCP/22"] }), "sharing-key-conflict"],
      ],
    },
    {
      name: "compatible Services share",
      asks: [
        ["s1", at(1, K), got(1)],
        ["s2", at(1, { ...K, ports: ["TCP/443", "UDP/80"] }), got(1)],
        ["s3", at(1, { ...K, ports: ["SCTP/80"] }), got(1)],
      ],
    },
    {
      name: "a port that somebody has",
      asks: [
        ["s1", at(1, K), got(1)],
        ["s2", at(1, { ...K, ports: ["TCP/443", "TCP/80"] }), "port-conflict"],
      ],
    },
    {
      name: "the wrong key",
      asks: [
        ["s1", at(1, K), got(1)],
        ["s2", at(1, { key: "l", ports: ["TCP/443"] }), "sharing-key-conflict"],
      ],
    },
    {
      name: "no key",
      asks: [
        ["s1", at(1, K), got(1)],
        ["s2", at(1, { ports: ["TCP/443"] }), "address-in-use"],
      ],
    },
    {
      name: "the wrong backends",
      asks: [
        ["s1", at(1, { ...K, backend: "app=a" }), got(1)],
        ["s2", at(1, { ...K, backend: "app=b", ports: ["TCP/443"] }), "backend-conflict"],
        ["s3", at(1, { ...K, backend: "app=a", ports: ["TCP/443"] }), got(1)],
      ],
    },
    {
      name: "ports change on a shared address, to one that is free and to one that is not",
      asks: [
        ["s1", at(1, K), got(1)],
        ["s2", at(1, { ...K, ports: ["TCP/443"] }), got(1)],
        ["s2", at(1, { ...K, ports: ["TCP/8443"] }), got(1)],
        ["s3", at(1, { ...K, ports: ["TCP/443"] }), got(1)],
        ["s3", at(1, { ...K, ports: ["TCP/80"] }), "port-conflict"],
      ],
    },
    {
      name: "key and backends can't change while the address is shared",
      asks: [
        ["s1", at(1, K), got(1)],
        ["s2", at(1, { ...K, ports: ["TCP/443"] }), got(1)],
        ["s2", at(1, { key: "l", ports: ["TCP/443"] }), "sharing-key-conflict"],
        ["s2", at(1, { ...K, backend: "app=a", ports: ["TCP/443"] }), "backend-conflict"],
        ["s1", at(1, { key: "" }), "address-in-use"],
        ["s1", "release", []],
        ["s2", at(1, { key: "l", ports: ["TCP/443"] }), got(1)],
      ],
    },
    {
      name: "a pool for a namespace",
      asks: [
        ["s1", at(1, { namespace: "bank" }, 2), "namespace-not-allowed"],
        ["s1", at(1, { namespace: "shop" }, 2), got(1, 2)],
      ],
    },
    {
      name: "a pool for labels",
      asks: [
        ["s1", at(1, { labels: { app: "db" } }, 3), "service-not-selected"],
        ["s1", at(1, WEB, 3), got(1, 3)],
      ],
    },
    {
      name: "a pool for a namespace and labels",
      asks: [
        ["s1", at(1, { ...WEB, namespace: "bank" }, 4), "namespace-not-allowed"],
        ["s1", at(1, { namespace: "shop" }, 4), "service-not-selected"],
        ["s1", at(1, { ...WEB, namespace: "shop" }, 4), got(1, 4)],
      ],
    },
  ];

  test.each(ROWS)("$name", ({ asks }) => {
    const made = lab();
    const results = asks.map(([id, ask]) => (ask === "release" ? made.release(id) : made.ask(id, ask)));
    expect(results).toEqual(asks.map(([, , want]) => want));
  });

  test("an assignment that is as it was changes nothing and wakes nobody", () => {
    const made = lab();
    made.ask("s1", at(1, K));
    made.allocator.takeRecounted();
    made.ask("s1", at(1, K));
    expect([...made.allocator.takeRecounted()]).toEqual([]);
  });
});

describe("pairs", () => {
  const pools = { a: { addresses: DUAL.ranges(0, 1, 9) }, b: { addresses: DUAL.ranges(1, 1, 9) } };
  test.each([
    { name: "of one pool", ips: DUAL.ips(0, 1), want: DUAL.ips(0, 1) },
    { name: "of two pools", ips: [...V4.ips(0, 1), ...V6.ips(1, 1)], want: "addresses-in-two-pools" },
    { name: "half of no pool", ips: [...V4.ips(0, 1), ...V6.ips(9, 1)], want: "address-outside-pools" },
    { name: "one address only", ips: V4.ips(0, 1), want: "family-mismatch" },
  ])("$name", ({ ips, want }) => {
    expect(new AllocatorLab(pools).ask("s", { families: DUAL.families, ips })).toEqual(want);
  });
});

describe("avoidBuggyIPs", () => {
  const pools: PoolSpecs = {
    a: { addresses: ["10.0.3.0/31", "fd00:3::/127"], avoidBuggyIPs: true },
    b: { addresses: ["10.0.3.254/31", "fd00:3::fe/127"], avoidBuggyIPs: true },
    c: { addresses: ["10.0.4.0/31", "fd00:4::/127"] },
    d: { addresses: ["10.0.4.254/31", "fd00:4::fe/127"] },
  };

  test.each(["10.0.3.0", "10.0.3.255"])("refuses %s", (ip) => {
    expect(new AllocatorLab(pools).ask("s", { ips: [ip] })).toBe("address-avoided");
    const pair = { families: DUAL.families, ips: [ip, "fd00:3::1"] };
    expect(new AllocatorLab(pools).ask("s", pair)).toBe("address-avoided");
  });

  test.each([
    {
      name: "IPv4",
      families: V4.families,
      want: ["10.0.3.1", "10.0.3.254", "10.0.4.0", "10.0.4.1", "10.0.4.254", "10.0.4.255"],
    },
    {
      name: "IPv6, which it does not concern",
      families: V6.families,
      want: ["fd00:3::", "fd00:3::1", "fd00:3::fe", "fd00:3::ff", "fd00:4::", "fd00:4::1", "fd00:4::fe", "fd00:4::ff"],
    },
  ])("$name: exactly what is left is given out, in order", ({ families, want }) => {
    const lab = new AllocatorLab(pools);
    expect(want.map((_, i) => lab.ask(`s${i}`, { families }))).toEqual(want.map((ip) => [ip]));
    expect(lab.ask("one too many", { families })).toBe("pool-exhausted");
  });
});

describe.each(STACKS)("allocating $name addresses until there are none", (stack) => {
  const { families } = stack;
  const pools: PoolSpecs = {
    "not-this": { addresses: stack.ranges(0, 1, 2), autoAssign: false },
    one: { addresses: stack.ranges(1, 1, 2) },
    two: { addresses: stack.ranges(2, 1, 2) },
  };
  const automatic = [stack.ips(1, 1), stack.ips(1, 2), stack.ips(2, 1), stack.ips(2, 2)];

  test.each([
    { name: "from a named pool", pool: "one", want: automatic.slice(0, 2) },
    { name: "from a named pool without autoAssign", pool: "not-this", want: [stack.ips(0, 1), stack.ips(0, 2)] },
    { name: "from all pools", want: automatic },
  ])("$name: each once, released ones again, and room for those who share", ({ pool, want }) => {
    const lab = new AllocatorLab(pools);
    const ask: Ask = { families, key: "k", ...(pool === undefined ? {} : { pool }) };
    const all = want.map((_, i) => lab.ask(`s${i}`, ask));
    expect(all).toEqual(want);
    expect(lab.ask("late", { ...ask, key: "" })).toBe("pool-exhausted");
    expect(lab.ask("late", ask)).toBe("pool-exhausted");
    expect(lab.ask("shares", { ...ask, ports: ["TCP/443"] })).toEqual(want[0]);
    lab.release("s1");
    expect(lab.ask("late", ask)).toEqual(want[1]);
    lab.release("s0");
    expect(lab.ask("again", { ...ask, key: "" })).toBe("pool-exhausted");
    lab.release("shares");
    expect(lab.ask("again", { ...ask, key: "" })).toEqual(want[0]);
    expect(want.map((_, i) => lab.pool(`s${i}`) ?? "none").slice(2)).toEqual(want.slice(2).map(() => "two"));
  });

  test("what a Service has is what it gets, whatever else is free", () => {
    const lab = new AllocatorLab(pools);
    lab.ask("s", { families, pool: "two" });
    expect(lab.ask("s", { families })).toEqual(stack.ips(2, 1));
    lab.ask("t", { families, pool: "not-this" });
    expect(lab.ask("t", { families })).toEqual(stack.ips(0, 1));
  });

  test("an unknown pool", () => {
    expect(new AllocatorLab(pools).ask("s", { families, pool: "x" })).toBe("pool-unknown");
  });
});

describe("families of one Service", () => {
  const pools = { a: { addresses: DUAL.ranges(0, 1, 2) } };

  test.each([
    { from: V4, to: V6 },
    { from: V6, to: V4 },
  ])("ours: $from.name becomes $to.name, and gets an address of its new family", ({ from, to }) => {
    const lab = new AllocatorLab(pools);
    lab.ask("s", { families: from.families });
    expect(lab.ask("s", { families: to.families })).toEqual(to.ips(0, 1));
    expect(lab.used("a")).toEqual(to === V4 ? [1, 0] : [0, 1]);
  });

  test("users of one family block those that require both, and leave half to those that prefer both", () => {
    const lab = new AllocatorLab(pools);
    const prefer: Ask = { families: DUAL.families, policy: "PreferDualStack" };
    lab.ask("four", { families: V4.families });
    expect(lab.ask("both", { families: DUAL.families })).toEqual([...V4.ips(0, 2), ...V6.ips(0, 1)]);
    expect(lab.ask("late", { families: DUAL.families })).toBe("pool-exhausted");
    expect(lab.ask("half", prefer)).toEqual(V6.ips(0, 2));
    expect(lab.ask("none", prefer)).toBe("pool-exhausted");
    lab.release("four");
    expect(lab.ask("half", prefer)).toEqual([...V4.ips(0, 1), ...V6.ips(0, 2)]);
  });
});

describe.each(STACKS)("new pools under $name Services", (stack) => {
  const { families } = stack;
  const [first, second] = [stack.ips(0, 1), stack.ips(0, 2)];
  const before: PoolSpecs = { a: { addresses: stack.ranges(0, 1, 2) } };

  test.each<{ name: string; after: PoolSpecs; want: readonly unknown[]; concerned: readonly string[] }>([
    { name: "the same", after: before, want: [first, "a", second, "a"], concerned: [] },
    {
      name: "expanded",
      after: { a: { addresses: stack.ranges(0, 1, 9) } },
      want: [first, "a", second, "a"],
      concerned: ["s1", "s2"],
    },
    {
      name: "expanded by another pool",
      after: { ...before, b: { addresses: stack.ranges(1, 1, 9) } },
      want: [first, "a", second, "a"],
      concerned: [],
    },
    {
      name: "shrunk",
      after: { a: { addresses: stack.ranges(0, 2, 2) } },
      want: [[], undefined, second, "a"],
      concerned: ["s1", "s2"],
    },
    {
      name: "renamed",
      after: { z: { addresses: stack.ranges(0, 1, 2) } },
      want: [first, "z", second, "z"],
      concerned: ["s1", "s2"],
    },
    {
      name: "split",
      after: { x: { addresses: stack.ranges(0, 1, 1) }, y: { addresses: stack.ranges(0, 2, 3) } },
      want: [first, "x", second, "y"],
      concerned: ["s1", "s2"],
    },
    { name: "removed", after: {}, want: [[], undefined, [], undefined], concerned: ["s1", "s2"] },
  ])("$name", ({ after, want, concerned }) => {
    const lab = new AllocatorLab(before);
    lab.ask("s1", { families });
    lab.ask("s2", { families });
    expect(lab.setPools(after)).toEqual(concerned);
    expect([lab.ips("s1"), lab.pool("s1"), lab.ips("s2"), lab.pool("s2")]).toEqual(want);
    const inUse = Object.keys(after)
      .flatMap((pool) => lab.used(pool))
      .reduce((a, b) => a + b, 0);
    expect(inUse).toBe(lab.ips("s1").length + lab.ips("s2").length);
  });
});

describe("new pools that take half of a pair, or forbid an address", () => {
  test.each([
    { lost: V4, left: V6 },
    { lost: V6, left: V4 },
  ])("$lost.name goes", ({ left }) => {
    const lab = new AllocatorLab({ a: { addresses: DUAL.ranges(0, 1, 2) } });
    lab.ask("s", { families: DUAL.families });
    lab.setPools({ a: { addresses: left.ranges(0, 1, 2) } });
    expect(lab.ips("s")).toEqual(left.ips(0, 1));
    expect(lab.ask("s", { families: DUAL.families })).toBe("family-not-in-pools");
    lab.setPools({ a: { addresses: left.ranges(0, 1, 2) }, b: { addresses: DUAL.ranges(1, 1, 2) } });
    expect(lab.ask("s", { families: DUAL.families })).toEqual(DUAL.ips(1, 1));
    expect(lab.used("a")).toEqual([0, 0]);
  });

  test("avoidBuggyIPs is switched on", () => {
    const addresses = ["10.0.0.0/30", "fd00::/126"];
    const lab = new AllocatorLab({ a: { addresses } });
    lab.ask("four", { families: V4.families });
    lab.ask("six", { families: V6.families });
    lab.setPools({ a: { addresses, avoidBuggyIPs: true } });
    expect([lab.ips("four"), lab.ips("six")]).toEqual([[], ["fd00::"]]);
    expect(lab.ask("four", { families: V4.families })).toEqual(["10.0.0.1"]);
  });
});

describe("counting", () => {
  const MAX = 1n << 64n;
  test.each([
    { addresses: ["10.0.0.0/24"], want: [256n, 0n] },
    { addresses: ["10.0.0.0/24", "10.0.1.0/25"], want: [384n, 0n] },
    { addresses: ["10.0.0.0/24", "10.0.1.0/25"], avoidBuggyIPs: true, want: [381n, 0n] },
    { addresses: ["10.0.0.0/31", "fd00::/127"], avoidBuggyIPs: true, want: [1n, 2n] },
    { addresses: ["fd00::/64"], want: [0n, MAX] },
    { addresses: ["10.0.0.0/16", "fd00::/64", "fd00:1::/64"], want: [65_536n, 2n * MAX] },
  ])("$addresses $avoidBuggyIPs: $want", ({ addresses, avoidBuggyIPs = false, want }) => {
    expect(new AllocatorLab({ a: { addresses, avoidBuggyIPs } }).sizes("a")).toEqual(want);
  });

  test.each(STACKS)("what $name Services take, share, move and give back", (stack: Stack) => {
    const { families } = stack;
    const one = stack === V4 ? [1, 0] : stack === V6 ? [0, 1] : [1, 1];
    const times = (n: number) => one.map((count) => count * n);
    const lab = new AllocatorLab({ a: { addresses: stack.ranges(0, 1, 9) } });
    const shared = (port: string): Ask => ({ families, key: "k", ports: [port] });
    const steps: readonly [act: () => unknown, used: number, recounted: boolean][] = [
      [() => lab.ask("s1", shared("TCP/1")), 1, true],
      [() => lab.ask("s2", shared("TCP/2")), 1, false],
      [() => lab.ask("s2", shared("TCP/3")), 1, false],
      [() => lab.ask("s3", { families }), 2, true],
      [() => lab.ask("s3", { families, ips: stack.ips(0, 5) }), 2, true],
      [() => lab.release("s1"), 1 + 1, false],
      [() => lab.release("s2"), 1, true],
      [() => lab.release("s2"), 1, false],
      [() => lab.release("s3"), 0, true],
    ];
    lab.allocator.takeRecounted();
    for (const [act, used, recounted] of steps) {
      act();
      expect(lab.used("a")).toEqual(times(used));
      expect(lab.allocator.takeRecounted().has("a")).toBe(recounted);
    }
  });
});
