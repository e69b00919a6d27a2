import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "../ports/kube.ts";
import { parseL2Advertisements } from "./parse-l2-advertisements.ts";
import { anySelectorMatches } from "./selector.ts";

const POOLS = [pool("v6", { tier: "silver" }), pool("v4", { tier: "gold" }), pool("spare", {})];

function pool(name: string, labels: Record<string, string>): KubeObject {
  return { metadata: { namespace: "metallb-system", name, labels }, spec: {} };
}

function parse(spec: unknown) {
  const { advertisements, issues } = parseL2Advertisements(
    [{ metadata: { namespace: "metallb-system", name: "l2" }, spec }],
    POOLS,
  );
  return { advertisement: advertisements[0], issues };
}

test("an empty advertisement is for every pool, node, interface and Service", () => {
  for (const spec of [undefined, {}, { ipAddressPools: [], serviceSelectors: [] }]) {
    const { advertisement, issues } = parse(spec);
    expect(issues).toEqual([]);
    expect(advertisement).toEqual({
      name: "l2",
      pools: ["spare", "v4", "v6"],
      nodeSelectors: [],
      interfaces: [],
      serviceSelectors: [],
      preferredNodes: [],
    });
  }
});

describe("pools of an advertisement", () => {
  const gold = { matchLabels: { tier: "gold" } };
  const copper = { matchLabels: { tier: "copper" } };
  test.each([
    ["named", { ipAddressPools: ["v6"] }, ["v6"]],
    ["unknown names are ignored", { ipAddressPools: ["v6", "gone"] }, ["v6"]],
    ["only unknown names: none", { ipAddressPools: ["gone"] }, []],
    ["selected", { ipAddressPoolSelectors: [gold] }, ["v4"]],
    ["named and selected: both", { ipAddressPools: ["v6"], ipAddressPoolSelectors: [gold] }, ["v4", "v6"]],
    [
      "named and selected twice: once",
      { ipAddressPools: ["v4"], ipAddressPoolSelectors: [gold, {}] },
      ["spare", "v4", "v6"],
    ],
    ["a selector that matches nothing: none", { ipAddressPoolSelectors: [copper] }, []],
  ])("%s", (_, spec, want) => {
    expect(parse(spec).advertisement?.pools).toEqual(want);
  });
});

test("selectors, interfaces and weights are parsed", () => {
  const { advertisement } = parse({
    nodeSelectors: [{ matchLabels: { rack: "1" } }],
    interfaces: ["eth1", "eth0", "eth1"],
    serviceSelectors: [{ matchExpressions: [{ key: "app", operator: "NotIn", values: ["b", "a"] }] }],
    preferredNodeSelectors: [
      { weight: 100, preference: { matchExpressions: [{ key: "ssd", operator: "Exists" }] } },
      { weight: 100, preference: { matchExpressions: [{ key: "ssd", operator: "Exists" }] } },
    ],
  });
  const ssd = { requirements: [{ key: "ssd", operator: "Exists", values: [] }] };
  expect(advertisement).toEqual({
    name: "l2",
    pools: ["spare", "v4", "v6"],
    nodeSelectors: [{ requirements: [{ key: "rack", operator: "In", values: ["1"] }] }],
    interfaces: ["eth0", "eth1"],
    serviceSelectors: [{ requirements: [{ key: "app", operator: "NotIn", values: ["a", "b"] }] }],
    preferredNodes: [
      { weight: 100, selector: ssd },
      { weight: 100, selector: ssd },
    ],
  });
});

test.each([
  [undefined, undefined],
  ["0s", 0],
  ["10s", 10_000],
  ["1m30s", 90_000],
  ["1h", 3_600_000],
])("a gratuitous interval of %s", (gratuitousInterval, want) => {
  const { advertisement, issues } = parse({ gratuitousInterval });
  expect(issues).toEqual([]);
  expect(advertisement?.gratuitousInterval).toBe(want);
});

const inList = (values: unknown) => ({ matchExpressions: [{ key: "a", operator: "In", values }] });

describe("refused, with the advertisement left out", () => {
  test.each([
    ["repeats within the burst", { gratuitousInterval: "9s" }, "spec.gratuitousInterval"],
    ["repeats that nobody lives to see", { gratuitousInterval: "61m" }, "spec.gratuitousInterval"],
    ["repeats in the past", { gratuitousInterval: "-10s" }, "spec.gratuitousInterval"],
    ["an interval without a unit", { gratuitousInterval: "60" }, "spec.gratuitousInterval"],
    ["a pool twice", { ipAddressPools: ["v4", "v4"] }, "spec.ipAddressPools[1]"],
    ["a pool selector twice", { ipAddressPoolSelectors: [{}, {}] }, "spec.ipAddressPoolSelectors[1]"],
    [
      "a node selector twice, values in another order",
      { nodeSelectors: [inList(["x", "y"]), inList(["y", "x"])] },
      "spec.nodeSelectors[1]",
    ],
    [
      "a service selector twice",
      { serviceSelectors: [{ matchLabels: { a: "1", b: "2" } }, { matchLabels: { b: "2", a: "1" } }] },
      "spec.serviceSelectors[1]",
    ],
    ["a value twice", { nodeSelectors: [inList(["x", "x"])] }, "spec.nodeSelectors[0].matchExpressions[0].values"],
    ["In without values", { nodeSelectors: [inList([])] }, "spec.nodeSelectors[0].matchExpressions[0].values"],
    [
      "Exists with values",
      { nodeSelectors: [{ matchExpressions: [{ key: "a", operator: "Exists", values: ["x"] }] }] },
      "spec.nodeSelectors[0].matchExpressions[0].values",
    ],
    [
      "an expression twice",
      { nodeSelectors: [{ matchExpressions: [...inList(["x"]).matchExpressions, ...inList(["x"]).matchExpressions] }] },
      "spec.nodeSelectors[0].matchExpressions[1]",
    ],
    [
      "an unknown operator",
      { nodeSelectors: [{ matchExpressions: [{ key: "a", operator: "Gt", values: ["1"] }] }] },
      "spec.nodeSelectors[0].matchExpressions[0].operator",
    ],
    ["a bad key", { nodeSelectors: [{ matchLabels: { "-a": "1" } }] }, "spec.nodeSelectors[0].matchLabels"],
    [
      "a key with a bad prefix",
      { nodeSelectors: [{ matchLabels: { "A_/a": "1" } }] },
      "spec.nodeSelectors[0].matchLabels",
    ],
    ["a bad value", { nodeSelectors: [{ matchLabels: { a: "b c" } }] }, "spec.nodeSelectors[0].matchLabels"],
    [
      "no key",
      { nodeSelectors: [{ matchExpressions: [{ operator: "Exists" }] }] },
      "spec.nodeSelectors[0].matchExpressions[0].key",
    ],
    [
      "a weight of 0",
      { preferredNodeSelectors: [{ weight: 0, preference: {} }] },
      "spec.preferredNodeSelectors[0].weight",
    ],
    [
      "a weight of 101",
      { preferredNodeSelectors: [{ weight: 101, preference: {} }] },
      "spec.preferredNodeSelectors[0].weight",
    ],
    [
      "a bad preference",
      { preferredNodeSelectors: [{ weight: 1, preference: inList([]) }] },
      "spec.preferredNodeSelectors[0].preference.matchExpressions[0].values",
    ],
  ])("%s", (_, spec, field) => {
    const { advertisement, issues } = parse(spec);
    expect(advertisement).toBeUndefined();
    expect(issues.map((issue) => issue.field)).toEqual([field]);
    expect(issues[0]!.object).toBe("L2Advertisement metallb-system/l2");
  });
});

test("what is accepted names pools that exist, each once, and matches whatever labels without throwing", () => {
  const junk = fc.constantFrom<unknown>(undefined, null, 7, "x", [], {});
  const expression = fc.record(
    {
      key: fc.constantFrom("a", "b", "-", "x/y", "constructor"),
      operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist", "Gt"),
      values: fc.array(fc.constantFrom("1", "2", " "), { maxLength: 2 }),
    },
    { requiredKeys: ["key", "operator"] },
  );
  const selector = fc.record(
    {
      matchLabels: fc.oneof(
        fc.dictionary(fc.constantFrom("a", "tier", "__proto__"), fc.constantFrom("1", "gold")),
        junk,
      ),
      matchExpressions: fc.oneof(fc.array(expression, { maxLength: 2 }), junk),
    },
    { requiredKeys: [] },
  );
  const selectors = fc.oneof(fc.array(selector, { maxLength: 2 }), junk);
  const spec = fc.record({
    ipAddressPools: fc.oneof(fc.array(fc.constantFrom("v4", "v6", "gone"), { maxLength: 3 }), junk),
    ipAddressPoolSelectors: selectors,
    nodeSelectors: selectors,
  });
  let accepted = 0;
  fc.assert(
    fc.property(spec, (hostile) => {
      const { advertisement, issues } = parse(hostile);
      expect(advertisement === undefined).toBe(issues.length > 0);
      if (advertisement === undefined) return;
      accepted += 1;
      expect(POOLS.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining([...advertisement.pools]));
      expect(new Set(advertisement.pools).size).toBe(advertisement.pools.length);
      expect(anySelectorMatches(advertisement.nodeSelectors, { a: "1" })).toBeTypeOf("boolean");
    }),
    { numRuns: 500 },
  );
  expect(accepted).toBeGreaterThan(20);
});
