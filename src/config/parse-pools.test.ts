import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatRange, rangesOverlap } from "../ip/range.ts";
import type { KubeObject } from "../ports/kube.ts";
import { formatIssue } from "./issues.ts";
import { parsePools } from "./parse-pools.ts";

function pool(name: string, spec: unknown): KubeObject {
  return { metadata: { namespace: "metallb-system", name }, spec };
}

function withAddresses(...addresses: string[]): KubeObject {
  return pool("a", { addresses });
}

const NAMESPACES = [
  { name: "shop", labels: { team: "red" } },
  { name: "blog", labels: { team: "blue" } },
];

describe("addresses that are accepted", () => {
  test.each([
    ["192.168.10.0/24", "192.168.10.0-192.168.10.255"],
    ["10.0.0.5/24", "10.0.0.0-10.0.0.255"],
    ["192.168.10.6/32", "192.168.10.6"],
    ["192.168.10.50-192.168.10.60", "192.168.10.50-192.168.10.60"],
    [" 192.168.10.50 - 192.168.10.60 ", "192.168.10.50-192.168.10.60"],
    ["10.0.0.1-10.0.0.1", "10.0.0.1"],
    ["::ffff:10.0.0.1-::ffff:10.0.0.9", "10.0.0.1-10.0.0.9"],
    ["0.0.0.0/0", "0.0.0.0-255.255.255.255"],
    ["fd00::/64", "fd00::-fd00::ffff:ffff:ffff:ffff"],
    ["fd00::5/126", "fd00::4-fd00::7"],
    ["2001:DB8::1-2001:db8::ff", "2001:db8::1-2001:db8::ff"],
    ["::1:0:0:0/80", "::1:0:0:0-::1:ffff:ffff:ffff"],
  ])("%s", (text, want) => {
    const { pools, issues } = parsePools([withAddresses(text)], []);
    expect(issues).toEqual([]);
    expect(pools[0]!.ranges.map(formatRange)).toEqual([want]);
  });
});

describe("addresses that are refused", () => {
  test.each([
    ["10.0.0.1", 'invalid CIDR "10.0.0.1"', 'for a single address write "10.0.0.1/32"'],
    ["fd00::1", 'invalid CIDR "fd00::1"', 'for a single address write "fd00::1/128"'],
    [" 10.0.0.0/24", 'invalid CIDR " 10.0.0.0/24"', "remove the spaces"],
    ["10.0.0.0/33", "invalid CIDR", "write a CIDR such as"],
    ["10.0.0.01/32", "invalid CIDR", "write a CIDR such as"],
    ["fe80::1%eth0/128", "invalid CIDR", "write a CIDR such as"],
    ["", "invalid CIDR", "write a CIDR such as"],
    ["10.0.0.9-10.0.0.1", "its start is above its end", 'write "10.0.0.1-10.0.0.9"'],
    ["fd00::9-fd00::1", "its start is above its end", 'write "fd00::1-fd00::9"'],
    ["10.0.0.1-fd00::1", "it mixes IPv4 and IPv6", "one range for each family"],
    ["fd00::1-10.0.0.1", "it mixes IPv4 and IPv6", "one range for each family"],
    ["10.0.0.0/24-10.0.1.0/24", "its start is not an IP address", "without masks"],
    ["10.0.0.1-10.0.0.2-10.0.0.3", "its end is not an IP address", "without masks"],
    ["::ffff:10.0.0.0/120", "invalid CIDR", "write a CIDR"],
    ["::ffff:10.0.0.0/24", "an IPv4-mapped IPv6 address", "write it as an IPv4 CIDR"],
    ["::/0", "contains the IPv4-mapped addresses", "leave that block out"],
    ["::1-fd00::1", "contains the IPv4-mapped addresses", "leave that block out"],
    ["x".repeat(10_000), "an entry of 10000 characters", "split it"],
    ["x".repeat(1_000_000), "too large: a text of 1000000 characters", "split it"],
  ])("%.40s", (text, message, fix) => {
    const { pools, issues } = parsePools([withAddresses(text)], []);
    expect(pools).toEqual([]);
    expect(issues).toEqual([
      {
        kind: "invalid",
        object: "IPAddressPool metallb-system/a",
        field: "spec.addresses[0]",
        message: expect.stringContaining(message) as string,
        fix: expect.stringContaining(fix) as string,
      },
    ]);
  });
});

describe("pools", () => {
  test("defaults, and the order of entries, are kept", () => {
    const { pools } = parsePools([pool("a", { addresses: ["10.0.1.0/30", "fd00::/126", "10.0.0.0/30"] })], []);
    expect(pools).toEqual([
      { name: "a", ranges: expect.anything(), autoAssign: true, avoidBuggyIPs: false, serviceAllocation: undefined },
    ]);
    expect(pools[0]!.ranges.map(formatRange)).toEqual(["10.0.1.0-10.0.1.3", "fd00::-fd00::3", "10.0.0.0-10.0.0.3"]);
  });

  test("all issues are found, not only the first, and good pools come back", () => {
    const { pools, issues } = parsePools(
      [
        pool("d", { addresses: ["10.1.0.0/24"] }),
        pool("c", { addresses: [], autoAssign: "yes" }),
        pool("b", { addresses: ["10.0.0.200", "10.0.0.128-10.0.1.5", "fd00::1:0/112"], avoidBuggyIPs: true }),
        pool("a", { addresses: ["10.0.0.0/24", "fd00::/64"] }),
      ],
      [],
    );
    expect(pools.map(({ name }) => name)).toEqual(["a", "d"]);
    expect(issues.map(formatIssue)).toEqual([
      'IPAddressPool metallb-system/b: spec.addresses[0]: invalid CIDR "10.0.0.200"; for a single address write "10.0.0.200/32"',
      'IPAddressPool metallb-system/b: spec.addresses[1]: "10.0.0.128-10.0.1.5" overlaps with already defined CIDR "10.0.0.0/24" of pool "a"; remove the addresses from one of the two',
      'IPAddressPool metallb-system/b: spec.addresses[2]: "fd00::1:0/112" overlaps with already defined CIDR "fd00::/64" of pool "a"; remove the addresses from one of the two',
      "IPAddressPool metallb-system/c: spec.autoAssign: Invalid input: expected boolean, received string; see kubectl explain ipaddresspool.spec.autoAssign",
    ]);
  });

  test.each([
    ["no spec", undefined, "spec.addresses"],
    ["no addresses", { addresses: [] }, "spec.addresses"],
    ["addresses of another type", { addresses: [7] }, "spec.addresses[0]"],
    ["the same entry twice", { addresses: ["10.0.0.0/30", "10.0.0.0/30"] }, "spec.addresses[1]"],
    ["overlap within the pool", { addresses: ["fd00::/64", "fd00::5/128"] }, "spec.addresses[1]"],
    [
      "a namespace twice",
      { addresses: ["10.0.0.0/30"], serviceAllocation: { namespaces: ["x", "x"] } },
      "spec.serviceAllocation.namespaces[1]",
    ],
    [
      "a namespace selector twice",
      {
        addresses: ["fd00::/126"],
        serviceAllocation: { namespaceSelectors: [{ matchLabels: { a: "b" } }, { matchLabels: { a: "b" } }] },
      },
      "spec.serviceAllocation.namespaceSelectors[1]",
    ],
    [
      "a namespace selector without an operator",
      { addresses: ["fd00::/126"], serviceAllocation: { namespaceSelectors: [{ matchExpressions: [{ key: "a" }] }] } },
      "spec.serviceAllocation.namespaceSelectors[0].matchExpressions[0].operator",
    ],
    [
      "a service selector twice",
      { addresses: ["fd00::/126"], serviceAllocation: { serviceSelectors: [{}, {}] } },
      "spec.serviceAllocation.serviceSelectors[1]",
    ],
    [
      "a priority that is no number",
      { addresses: ["fd00::/126"], serviceAllocation: { priority: "1" } },
      "spec.serviceAllocation.priority",
    ],
    [
      "a bad service selector",
      {
        addresses: ["10.0.0.0/30"],
        serviceAllocation: { serviceSelectors: [{ matchExpressions: [{ key: "a", operator: "Is" }] }] },
      },
      "spec.serviceAllocation.serviceSelectors[0].matchExpressions[0].operator",
    ],
  ])("%s is refused", (_, spec, field) => {
    const { pools, issues } = parsePools([pool("a", spec)], []);
    expect(pools).toEqual([]);
    expect(issues.map((issue) => issue.field)).toEqual([field]);
  });

  test("names are unique and not empty", () => {
    const spec = (n: number) => ({ addresses: [`10.0.${n}.0/24`] });
    const { pools, issues } = parsePools([pool("a", spec(1)), pool("a", spec(2)), pool("", spec(3))], []);
    expect(pools.map(({ name }) => name)).toEqual(["a"]);
    expect(issues.map(({ message }) => message)).toEqual([
      "a name is required",
      'duplicate definition of IPAddressPool "a"',
    ]);
  });
});

describe("serviceAllocation", () => {
  const allocation = (serviceAllocation: unknown) =>
    parsePools([pool("a", { addresses: ["10.0.0.0/24"], serviceAllocation })], NAMESPACES).pools[0]!.serviceAllocation;

  test("only a priority limits nothing", () => {
    expect(allocation({ priority: 5 })).toEqual({ priority: 5, namespaces: undefined, matchesService: undefined });
    expect(allocation({})).toEqual({ priority: 0, namespaces: undefined, matchesService: undefined });
  });

  test("namespaces are the named ones and those selected by label", () => {
    const red = { matchLabels: { team: "red" } };
    expect(allocation({ namespaces: ["later"], namespaceSelectors: [red] })?.namespaces).toEqual(
      new Set(["later", "shop"]),
    );
    expect(allocation({ namespaceSelectors: [{}] })?.namespaces).toEqual(new Set(["shop", "blog"]));
  });

  test("a selector that matches no namespace leaves the pool to nobody", () => {
    expect(allocation({ namespaceSelectors: [{ matchLabels: { team: "green" } }] })?.namespaces).toEqual(new Set());
  });

  test("service selectors are an OR", () => {
    const matches = allocation({
      serviceSelectors: [
        { matchLabels: { tier: "web" } },
        { matchExpressions: [{ key: "tier", operator: "In", values: ["db", "cache"] }] },
      ],
    })!.matchesService!;
    expect([{ tier: "web" }, { tier: "cache" }, { tier: "x" }, {}].map(matches)).toEqual([true, true, false, false]);
  });
});

test("ranges that come back never overlap, and every pool comes back or has an issue", () => {
  const entry = fc.oneof(
    fc.tuple(fc.nat(40), fc.nat(6)).map(([host, bits]) => `10.0.0.${host}/${32 - bits}`),
    fc.tuple(fc.nat(40), fc.nat(40)).map(([from, to]) => `10.0.0.${from}-10.0.0.${to}`),
    fc.tuple(fc.nat(40), fc.nat(6)).map(([host, bits]) => `fd00::${host.toString(16)}/${128 - bits}`),
  );
  fc.assert(
    fc.property(fc.array(fc.array(entry, { minLength: 1, maxLength: 3 }), { maxLength: 4 }), (configs) => {
      const { pools, issues } = parsePools(
        configs.map((addresses, i) => pool(`p${i}`, { addresses })),
        [],
      );
      const ranges = pools.flatMap((parsed) => parsed.ranges);
      for (const [i, a] of ranges.entries())
        for (const b of ranges.slice(i + 1)) expect(rangesOverlap(a, b)).toBe(false);
      const accounted = new Set([
        ...pools.map(({ name }) => name),
        ...issues.map(({ object }) => object.slice("IPAddressPool metallb-system/".length)),
      ]);
      expect(accounted.size).toBe(configs.length);
    }),
  );
});

test("any JSON is parsed without throwing", () => {
  const selector = fc.record({ matchLabels: fc.jsonValue(), matchExpressions: fc.jsonValue() }, { requiredKeys: [] });
  const spec = fc.oneof(
    fc.jsonValue(),
    fc.record({
      addresses: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
      serviceAllocation: fc.record({ namespaceSelectors: fc.array(selector), priority: fc.jsonValue() }),
    }),
  );
  fc.assert(
    fc.property(fc.array(spec), (specs) => {
      const { pools, issues } = parsePools(
        specs.map((hostile, i) => pool(`p${i}`, hostile)),
        NAMESPACES,
      );
      expect(pools.length + issues.length).toBeGreaterThanOrEqual(specs.length);
    }),
  );
});
