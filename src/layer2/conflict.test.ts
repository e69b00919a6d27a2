import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAddress } from "../ip/address.ts";
import { parseMac } from "../ip/mac.ts";
import { millis, seconds } from "../lib/duration.ts";
import { type Conflict, Conflicts, DEFEND_INTERVAL, SETTLING } from "./conflict.ts";

const RIVAL = "02:00:00:00:00:66";
const OTHER = "02:00:00:00:00:77";
const OURS = "02:00:00:00:00:01";
const NEVER = undefined;

/** What comes of claims at these times, when the address was gained at 0 and is looked at as soon as something is due. */
function outcomes(address: string, claims: readonly (readonly [at: number, mac: string])[], lostAt = Infinity) {
  const conflicts = new Conflicts();
  conflicts.setOwnMacs([parseMac(OURS)!]);
  const ip = parseAddress(address)!;
  conflicts.gained(ip, millis(0));
  const taken: (Conflict & { readonly at: number })[] = [];
  const takeUntil = (end: number): void => {
    for (let due = conflicts.due; due !== undefined && due <= end; due = conflicts.due) {
      const at = due;
      taken.push(...conflicts.take(due).map((conflict) => ({ ...conflict, at })));
    }
  };
  for (const [at, mac] of claims) {
    takeUntil(Math.min(at, lostAt));
    if (at >= lostAt) conflicts.lost(ip);
    conflicts.hear({ address: ip, mac: parseMac(mac)! }, "eth0", millis(at));
  }
  takeUntil(lostAt);
  if (lostAt < Infinity) conflicts.lost(ip);
  takeUntil(Infinity);
  return taken;
}

describe.each(["10.9.0.100", "fd09::100"])("%s", (address) => {
  test("a claim that stands for two seconds is reported, and answered with one announcement", () => {
    const ip = parseAddress(address)!;
    expect(outcomes(address, [[5000, RIVAL]])).toEqual([
      { address: ip, mac: RIVAL, interface: "eth0", isNews: true, defend: true, at: 7000 },
    ]);
  });

  test.each<[string, readonly (readonly [number, string])[], number | undefined]>([
    ["heard while the old owner may not know yet", [[1999, RIVAL]], NEVER],
    ["of an interface of this node", [[5000, OURS]], NEVER],
    ["by the node that gets the address two seconds later", [[5000, RIVAL]], 6999],
    ["heard after the address was lost", [[5000, RIVAL]], 4000],
  ])("no conflict is a claim %s", (_, claims, lostAt) => {
    expect(outcomes(address, claims, lostAt)).toEqual([]);
  });

  test.each<[string, readonly (readonly [number, string])[], readonly (readonly [number, boolean, boolean])[]]>([
    // [at, isNews, defend]
    [
      "is not defended again within ten seconds (RFC 5227 §2.4 (b))",
      [
        [5000, RIVAL],
        [8000, RIVAL],
        [14_999, RIVAL],
        [15_000, RIVAL],
      ],
      [
        [7000, true, true],
        [10_000, false, false],
        [16_999, false, false],
      ],
    ],
    [
      "is defended again after ten seconds",
      [
        [5000, RIVAL],
        [15_000, RIVAL],
      ],
      [
        [7000, true, true],
        [17_000, false, true],
      ],
    ],
    [
      "is told of each claimant once",
      [
        [5000, RIVAL],
        [8000, OTHER],
        [11_000, RIVAL],
      ],
      [
        [7000, true, true],
        [10_000, true, false],
        [13_000, false, false],
      ],
    ],
    [
      "is told again of one that was silent for ten minutes",
      [
        [5000, RIVAL],
        [605_000, RIVAL],
      ],
      [
        [7000, true, true],
        [607_000, true, true],
      ],
    ],
  ])("%s", (_, claims, expected) => {
    expect(outcomes(address, claims).map(({ at, isNews, defend }) => [at, isNews, defend])).toEqual(expected);
  });

  test("a flood of invented claimants is neither remembered nor reported without end", () => {
    const flood = Array.from({ length: 300 }, (_, i): [number, string] => [
      5000 + i * 100,
      `02:00:00:00:${(i >> 8).toString(16).padStart(2, "0")}:${(i & 255).toString(16).padStart(2, "0")}`,
    ]);
    const conflicts = outcomes(address, flood);
    expect(conflicts.filter(({ isNews }) => isNews)).toHaveLength(8);
    expect(conflicts.length).toBeLessThanOrEqual(16);
  });

  test("whatever is claimed: one conflict in two seconds, one defence in ten, none by us or too early", () => {
    const claim = fc.tuple(fc.nat(90_000), fc.constantFrom(RIVAL, OTHER, OURS));
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 60 }), fc.integer({ min: 1, max: 90_000 }), (claims, lostAt) => {
        const conflicts = outcomes(
          address,
          claims.sort(([a], [b]) => a - b),
          lostAt,
        );
        const gaps = (times: readonly number[]): number[] => times.slice(1).map((at, i) => at - times[i]!);
        const defences = conflicts.filter(({ defend }) => defend).map(({ at }) => at);
        expect(Math.min(...gaps(conflicts.map(({ at }) => at)), Infinity)).toBeGreaterThanOrEqual(SETTLING);
        expect(Math.min(...gaps(defences), Infinity)).toBeGreaterThanOrEqual(DEFEND_INTERVAL);
        for (const { at, mac } of conflicts) {
          expect(mac).not.toBe(OURS);
          expect(at).toBeGreaterThanOrEqual(2 * SETTLING);
          expect(at).toBeLessThanOrEqual(lostAt);
        }
      }),
    );
  });
});

test("an address that is gained again starts anew", () => {
  const conflicts = new Conflicts();
  const address = parseAddress("10.9.0.100")!;
  const claim = { address, mac: parseMac(RIVAL)! };
  conflicts.gained(address, seconds(0));
  conflicts.hear(claim, "eth0", seconds(5));
  conflicts.gained(address, seconds(6));
  expect(conflicts.due).toBeUndefined();
  conflicts.hear(claim, "eth0", seconds(9));
  expect(conflicts.take(seconds(11))).toMatchObject([{ isNews: true, defend: true }]);
});
