import fc from "fast-check";
import { expect, test } from "vitest";
import { closestName } from "./closest-name.ts";

const FIELDS = ["addresses", "autoAssign", "avoidBuggyIPs", "serviceAllocation"];

test.each([
  { name: "adresses", meant: "addresses" },
  { name: "addressses", meant: "addresses" },
  { name: "adderses", meant: "addresses" },
  { name: "autoassign", meant: "autoAssign" },
  { name: "avoidBuggyIps", meant: "avoidBuggyIPs" },
  { name: "serivceAllocation", meant: "serviceAllocation" },
  { name: "protocol", meant: undefined },
  { name: "a", meant: undefined },
  { name: "", meant: undefined },
  { name: "a".repeat(100_000), meant: undefined },
])("$name: $meant", ({ name, meant }) => {
  expect(closestName(name, FIELDS)).toBe(meant);
});

test("of equally close names the first wins, and an exact one beats all", () => {
  expect(closestName("web-3", ["web-1", "web-2"])).toBe("web-1");
  expect(closestName("web-2", ["web-1", "web-2"])).toBe("web-2");
});

test("one wrong letter in a name of three or more is always found", () => {
  const names = fc.stringMatching(/^[a-z]{3,40}$/);
  fc.assert(
    fc.property(names, fc.nat(), fc.constantFrom("delete", "double", "change"), (name, at, mistake) => {
      const i = at % name.length;
      const middle = { delete: "", double: name[i]! + name[i]!, change: "9" }[mistake];
      expect(closestName(name.slice(0, i) + middle + name.slice(i + 1), [name])).toBe(name);
    }),
  );
});
