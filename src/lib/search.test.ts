import fc from "fast-check";
import { expect, test } from "vitest";
import { partitionPoint } from "./search.ts";

test("finds where a sorted list reaches a value, as counting does", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.integer({ min: -1, max: 51 }), (list, value) => {
      const sorted = list.toSorted((a, b) => a - b);
      const found = partitionPoint(sorted.length, (i) => sorted[i]! < value);
      expect(found).toBe(sorted.filter((item) => item < value).length);
    }),
  );
});
