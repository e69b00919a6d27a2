import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OrdinalSet } from "./ordinal-set.ts";

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

describe("OrdinalSet against a plain Set", () => {
  test("membership, count and the lowest absent number after any additions and removals", () => {
    fc.assert(
      fc.property(
        setAndOrdinals,
        fc.array(fc.boolean(), { minLength: 120, maxLength: 120 }),
        ([size, ordinals], adds) => {
          const set = new OrdinalSet(size);
          const model = new Set<bigint>();
          ordinals.forEach((ordinal, i) => {
            if (adds[i]) {
              expect(set.add(ordinal)).toBe(!model.has(ordinal));
              model.add(ordinal);
            } else expect(set.delete(ordinal)).toBe(model.delete(ordinal));
            let lowest = 0n;
            while (model.has(lowest)) lowest++;
            expect(set.firstAbsent()).toBe(lowest < size ? lowest : undefined);
          });
          expect(set.count).toBe(model.size);
          for (const ordinal of ordinals) expect(set.has(ordinal)).toBe(model.has(ordinal));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("the lowest member outside subsets", () => {
    const subsets = fc.array(fc.array(fc.boolean(), { minLength: 120, maxLength: 120 }), { maxLength: 4 });
    fc.assert(
      fc.property(setAndOrdinals, subsets, ([size, ordinals], masks) => {
        const set = new OrdinalSet(size);
        for (const ordinal of ordinals) set.add(ordinal);
        const excluded = masks.map((mask) => ordinals.filter((_, i) => mask[i]));
        const sets = excluded.map((members) => {
          const subset = new OrdinalSet(size);
          for (const member of members) subset.add(member);
          return subset;
        });
        const left = ordinals.filter((ordinal) => !excluded.some((members) => members.includes(ordinal)));
        expect(set.firstNotIn(sets)).toBe(left.sort((a, b) => (a < b ? -1 : 1))[0]);
      }),
      { numRuns: 300 },
    );
  });
});

test("a set that was filled to the last number says so, and gives back what is freed", () => {
  const set = new OrdinalSet(1000n);
  for (let i = 0n; i < 1000n; i++) {
    expect(set.firstAbsent()).toBe(i);
    set.add(i);
  }
  expect(set.firstAbsent()).toBeUndefined();
  set.delete(777n);
  expect(set.firstAbsent()).toBe(777n);
});
