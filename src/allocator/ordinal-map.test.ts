import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OrdinalMap, type OrdinalSet } from "./ordinal-map.ts";

const SIZES = [1n, 31n, 32n, 33n, 1000n, 1n << 16n, 1n << 40n, 1n << 64n, 1n << 128n];

/** A size, and numbers below it that are close together or at the edges, where nodes fill up and empty. */
const setAndOrdinals = fc.constantFrom(...SIZES).chain((size) =>
  fc.tuple(
    fc.constant(size),
    fc.array(
      fc
        .oneof(fc.bigInt(0n, 70n), fc.bigInt(size > 70n ? size - 70n : 0n, size - 1n), fc.bigInt(0n, size - 1n))
        .map((ordinal) => ordinal % size),
      { maxLength: 120 },
    ),
  ),
);

describe("OrdinalMap against a plain Map", () => {
  test("members, values, count and the lowest absent number after any additions and removals", () => {
    const edits = fc.array(fc.nat(3), { minLength: 120, maxLength: 120 });
    fc.assert(
      fc.property(setAndOrdinals, edits, ([size, ordinals], values) => {
        const map = new OrdinalMap<number>(size);
        const model = new Map<bigint, number>();
        ordinals.forEach((ordinal, i) => {
          const value = values[i]!;
          if (value > 0) {
            map.set(ordinal, value);
            model.set(ordinal, value);
          } else expect(map.delete(ordinal)).toBe(model.delete(ordinal));
          let lowest = 0n;
          while (model.has(lowest)) lowest++;
          expect(map.firstAbsent()).toBe(lowest < size ? lowest : undefined);
        });
        expect(map.count).toBe(model.size);
        const inOrder = [...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
        expect([...map.values()]).toEqual(inOrder);
        for (const ordinal of ordinals) expect(map.get(ordinal)).toBe(model.get(ordinal));
      }),
      { numRuns: 300 },
    );
  });

  test("the lowest member outside subsets", () => {
    const subsets = fc.array(fc.array(fc.boolean(), { minLength: 120, maxLength: 120 }), { maxLength: 4 });
    fc.assert(
      fc.property(setAndOrdinals, subsets, ([size, ordinals], masks) => {
        const set = setOf(size, ordinals);
        const excluded = masks.map((mask) => ordinals.filter((_, i) => mask[i]));
        const left = ordinals.filter((ordinal) => !excluded.some((members) => members.includes(ordinal)));
        const lowest = left.sort((a, b) => (a < b ? -1 : 1))[0];
        expect(set.firstNotIn(excluded.map((members) => setOf(size, members)))).toBe(lowest);
      }),
      { numRuns: 300 },
    );
  });
});

test("a map that was filled to the last number says so, and gives back what is freed", () => {
  const map = new OrdinalMap<bigint>(1000n);
  for (let i = 0n; i < 1000n; i++) {
    expect(map.firstAbsent()).toBe(i);
    map.set(i, i);
  }
  expect(map.firstAbsent()).toBeUndefined();
  map.delete(777n);
  expect(map.firstAbsent()).toBe(777n);
});

function setOf(size: bigint, members: readonly bigint[]): OrdinalSet {
  const set = new OrdinalMap<true>(size);
  for (const member of members) set.set(member, true);
  return set;
}
