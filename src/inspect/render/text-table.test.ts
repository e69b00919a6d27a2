import fc from "fast-check";
import { expect, test } from "vitest";
import { textTable, wrap } from "./text-table.ts";

const HEAD = ["POOL", "IN USE", "WHY"];
const ROWS = [
  ["gold", "1/256", "it has addresses, but the Service has one elsewhere"],
  ["silver-and-bronze", "0/8", "its autoAssign is false"],
];

test("the last column is wrapped to the width, under itself", () => {
  expect(textTable(HEAD, ROWS, 60)).toEqual([
    "POOL               IN USE  WHY",
    "gold               1/256   it has addresses, but the Service",
    "                           has one elsewhere",
    "silver-and-bronze  0/8     its autoAssign is false",
  ]);
});

test("without room beside it, the last column goes below", () => {
  expect(textTable(HEAD, ROWS, 40)).toEqual([
    "POOL               IN USE",
    "gold               1/256",
    "    it has addresses, but the Service",
    "    has one elsewhere",
    "silver-and-bronze  0/8",
    "    its autoAssign is false",
  ]);
});

test("without a width nothing is wrapped", () => {
  expect(textTable(HEAD, ROWS, Number.POSITIVE_INFINITY)).toHaveLength(3);
});

test("a column that says nothing is left out; short rows are filled", () => {
  expect(textTable(["A", "B", "C"], [["1", "", "3"], ["4"]], 80)).toEqual(["A  C", "1  3", "4"]);
});

test("no word is lost or broken, and lines are no longer than they need to be", () => {
  const words = fc.array(fc.stringMatching(/^\S{1,12}$/), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 40 }), (parts, width) => {
      const lines = wrap(parts.join(" "), width);
      expect(lines.join(" ")).toBe(parts.join(" "));
      for (const line of lines) if (line.includes(" ")) expect(line.length).toBeLessThanOrEqual(width);
    }),
  );
});
