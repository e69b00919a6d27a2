import fc from "fast-check";
import { expect, test } from "vitest";
import { configObject } from "../../test/support/config-objects.ts";
import { parseCommunities } from "./parse-communities.ts";

test("aliases of all objects come together", () => {
  const { aliases, issues } = parseCommunities([
    configObject("b", { communities: [{ name: "far", value: "large:1:2:3" }] }),
    configObject("a", { communities: [{ name: "near", value: "65000:1" }] }),
    configObject("empty", {}),
    configObject("none"),
  ]);
  expect(issues).toEqual([]);
  expect([...aliases]).toEqual([
    ["near", { is: "standard", asn: 65_000, value: 1 }],
    ["far", { is: "large", asn: 1, data1: 2, data2: 3 }],
  ]);
});

test.each([
  ["a wrong number", [{ name: "a", value: "1:70000" }], "value", "invalid community value: invalid section"],
  [
    "four parts of another kind",
    [{ name: "a", value: "1:2:3:4" }],
    "value",
    "expected community to be of format large",
  ],
  ["no colon", [{ name: "a", value: "100" }], "value", "invalid community format"],
  ["no value", [{ name: "a" }], "value", "invalid community format"],
])("%s is refused", (_, communities, field, message) => {
  const { aliases, issues } = parseCommunities([configObject("c", { communities })]);
  expect(aliases.size).toBe(0);
  expect(issues).toEqual([
    {
      kind: "invalid",
      object: "Community metallb-system/c",
      field: `spec.communities[0].${field}`,
      message: expect.stringContaining(message) as string,
      fix: "write 65000:100 or large:65000:1:2",
    },
  ]);
});

test("an alias is defined once, within one object and across all of them", () => {
  const near = (value: string) => ({ name: "near", value });
  const { aliases, issues } = parseCommunities([
    configObject("b", { communities: [near("65000:3")] }),
    configObject("a", { communities: [near("65000:1"), near("65000:2")] }),
  ]);
  expect(aliases.get("near")).toEqual({ is: "standard", asn: 65_000, value: 1 });
  const message = 'duplicate definition of community "near", which is in Community "a"';
  expect(issues.map((issue) => [issue.object, issue.field, issue.message])).toEqual([
    ["Community metallb-system/a", "spec.communities[1].name", message],
    ["Community metallb-system/b", "spec.communities[0].name", message],
  ]);
});

test("every entry is an alias or an issue, and no alias is there twice", () => {
  const entry = fc.record({
    name: fc.constantFrom("a", "b", "c", "constructor"),
    value: fc.constantFrom("1:1", "large:1:2:3", "x", "1:99999"),
  });
  fc.assert(
    fc.property(fc.array(fc.array(entry, { maxLength: 4 }), { maxLength: 3 }), (lists) => {
      const { aliases, issues } = parseCommunities(
        lists.map((communities, i) => configObject(`c${i}`, { communities })),
      );
      expect(aliases.size + issues.length).toBe(lists.flat().length);
      for (const { name } of lists.flat())
        expect(aliases.has(name) || issues.some(({ kind }) => kind === "invalid")).toBe(true);
    }),
  );
});
