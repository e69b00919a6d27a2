import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { millis, seconds } from "../lib/duration.ts";
import { FAST_LAN, REFERENCE_LAN, WAN } from "./settings.ts";
import { shortestSuspicion, Suspicion, suspicionLength, suspicionTerms } from "./suspicion.ts";

test.each([
  [REFERENCE_LAN, 1, 4000],
  [REFERENCE_LAN, 3, 4000],
  [REFERENCE_LAN, 10, 4000],
  [REFERENCE_LAN, 50, 6796],
  [REFERENCE_LAN, 100, 8000],
  [REFERENCE_LAN, 1000, 12_000],
  [WAN, 3, 30_000],
  [FAST_LAN, 3, 400],
  [FAST_LAN, 100, 800],
])("shortest suspicion, row %#: %s members", (settings, members, want) => {
  expect(Math.round(shortestSuspicion(settings, members))).toBe(want);
});

test.each([
  // Two others have to confirm: that takes four members.
  { members: 2, needed: 0, max: 4000 },
  { members: 3, needed: 0, max: 4000 },
  { members: 4, needed: 2, max: 24_000 },
  { members: 100, needed: 2, max: 48_000 },
])("terms with $members members", ({ members, needed, max }) => {
  expect(suspicionTerms(REFERENCE_LAN, members)).toMatchObject({ needed, max });
});

test("multipliers below two need nobody, and the maximum is never below the minimum", () => {
  expect(suspicionTerms({ ...REFERENCE_LAN, suspicionMult: 1 }, 100)).toMatchObject({ needed: 0, max: 2000 });
  const odd = suspicionTerms({ ...REFERENCE_LAN, suspicionMaxTimeoutMult: 0 }, 10);
  expect(odd).toEqual({ needed: 2, min: 4000, max: 4000 });
});

// The same figures as in the Lifeguard paper's formula: max - (max - min) log(c + 1) / log(k + 1).
test.each([
  [0, 30_000],
  [1, 16_000],
  [2, 7810],
  [3, 2000],
])("with %i of 3 confirmations a suspicion of 2 to 30 s lasts %i ms", (confirmations, want) => {
  expect(suspicionLength({ needed: 3, min: seconds(2), max: seconds(30) }, confirmations)).toBe(want);
});

describe("suspicion", () => {
  const terms = { needed: 2, min: millis(1000), max: millis(6000) };

  test("gets shorter with every other accuser, up to those that are needed", () => {
    const suspicion = new Suspicion("a", terms, millis(100));
    expect(suspicion.deadline).toBe(6100);
    expect(suspicion.confirm("a")).toBe(false);
    expect(suspicion.confirm("b")).toBe(true);
    expect(suspicion.confirm("b")).toBe(false);
    expect(suspicion.deadline).toBe(100 + suspicionLength(terms, 1));
    expect(suspicion.confirm("c")).toBe(true);
    expect(suspicion.deadline).toBe(1100);
    expect(suspicion.confirm("d")).toBe(false);
    expect([suspicion.isBy("a"), suspicion.isBy("c"), suspicion.isBy("d")]).toEqual([true, true, false]);
  });

  test("that is postponed ends later", () => {
    const suspicion = new Suspicion("a", { ...terms, needed: 0 }, millis(0));
    suspicion.postpone(millis(250));
    expect(suspicion.deadline).toBe(1250);
  });
});

test("another confirmation never makes a suspicion longer, nor shorter than the minimum", () => {
  const terms = fc.record({
    needed: fc.integer({ min: 0, max: 20 }),
    min: fc.integer({ min: 1, max: 10_000 }).map(millis),
    times: fc.integer({ min: 1, max: 10 }),
  });
  fc.assert(
    fc.property(terms, ({ needed, min, times }) => {
      const lengths = Array.from({ length: needed + 1 }, (_, i) =>
        suspicionLength({ needed, min, max: millis(min * times) }, i),
      );
      expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
      expect(lengths.at(-1)).toBe(min);
    }),
  );
});
