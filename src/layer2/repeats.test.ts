import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IpAddress } from "../ip/address.ts";
import { parseAddress } from "../ip/address.ts";
import { type Millis, millis, seconds } from "../lib/duration.ts";
import { mostOften, REPEAT_INTERVAL, RepeatSchedule } from "./repeats.ts";

/** Until `end`, the times at which addresses are taken, when each costs `frames`. */
function run(schedule: RepeatSchedule, end: Millis, frames = 2): readonly (readonly [at: number, IpAddress])[] {
  const taken: [number, IpAddress][] = [];
  for (let due = schedule.due; due !== undefined && due <= end; due = schedule.due) {
    const address = schedule.take(due)!;
    schedule.spend(frames, due);
    taken.push([due, address]);
  }
  return taken;
}

const many = (family: string, count: number): readonly IpAddress[] =>
  Array.from({ length: count }, (_, i) =>
    parseAddress(family === "IPv4" ? `10.0.${i >> 8}.${i & 255}` : `fd00::${i}`)!,
  );

describe.each(["10.9.0.100", "fd09::100"])("%s", (text) => {
  const address = parseAddress(text)!;
  const times = (schedule: RepeatSchedule, end: Millis): number[] => run(schedule, end).map(([at]) => at);

  test.each([
    { random: 0, at: [60_000, 120_000, 180_000] },
    { random: 0.5, at: [75_000, 150_000] },
    { random: 0.999, at: [90_000, 180_000] },
  ])("every minute and up to half of one more, by chance: $random", ({ random, at }) => {
    const schedule = new RepeatSchedule(() => random);
    schedule.set(address, REPEAT_INTERVAL, millis(0));
    expect(times(schedule, seconds(180))).toEqual(at);
  });

  test("setting the same interval again changes nothing, another one counts from now", () => {
    const schedule = new RepeatSchedule(() => 0);
    schedule.set(address, seconds(60), seconds(0));
    schedule.set(address, seconds(60), seconds(50));
    expect(schedule.due).toBe(60_000);
    schedule.set(address, seconds(20), seconds(50));
    expect(schedule.due).toBe(70_000);
  });

  test("with 0, and when it is deleted, nothing is due", () => {
    const schedule = new RepeatSchedule(() => 0);
    schedule.set(address, millis(0), millis(0));
    expect(schedule.due).toBeUndefined();
    schedule.set(address, seconds(60), millis(0));
    schedule.set(address, millis(0), millis(0));
    expect(schedule.due).toBeUndefined();
    schedule.set(address, seconds(60), millis(0));
    schedule.delete(address);
    expect(schedule.due).toBeUndefined();
    expect(schedule.take(seconds(600))).toBeUndefined();
  });
});

describe.each(["IPv4", "IPv6"])("many addresses, %s", (family) => {
  test("3,000 taken over at once: never more than 100 frames in a second, and each has its turn", () => {
    const schedule = new RepeatSchedule(() => 0);
    const addresses = many(family, 3000);
    for (const address of addresses) schedule.set(address, REPEAT_INTERVAL, millis(0));
    const taken = run(schedule, millis(119_990));
    expect(taken).toHaveLength(3000);
    expect(new Set(taken.map(([, address]) => address)).size).toBe(3000);
    for (let i = 50; i < taken.length; i++) expect(taken[i]![0] - taken[i - 50]![0]).toBeGreaterThanOrEqual(1000);
  });

  test("whatever is set and deleted: what is there is repeated, in the interval or when the limit allows it", () => {
    const step = fc.record({ which: fc.nat(20), interval: fc.constantFrom(0, 10, 60), frames: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.double({ min: 0, max: 0.99, noNaN: true }), (steps, random) => {
        const schedule = new RepeatSchedule(() => random);
        const addresses = many(family, 21);
        const wanted = new Map<IpAddress, number>();
        for (const [now, { which, interval, frames }] of steps.entries()) {
          schedule.set(addresses[which]!, seconds(interval), millis(now));
          schedule.spend(frames, millis(now));
          if (interval === 0) wanted.delete(addresses[which]!);
          else wanted.set(addresses[which]!, interval);
        }
        const taken = run(schedule, seconds(200), 1);
        expect(new Set(taken.map(([, address]) => address))).toEqual(new Set(wanted.keys()));
        for (const [address, interval] of wanted) {
          const times = taken.filter(([, other]) => other === address).map(([at]) => at);
          const gaps = times.slice(1).map((at, i) => at - times[i]!);
          expect(Math.min(...gaps, Infinity)).toBeGreaterThanOrEqual(interval * 1000);
        }
      }),
    );
  });
});

test.each<[string, (number | undefined)[], number | undefined]>([
  ["nobody", [], undefined],
  ["the default", [undefined, undefined], undefined],
  ["never", [0, 0], 0],
  ["one wants it never", [0, 90_000], 90_000],
  ["one wants the default, one never", [0, undefined], undefined],
  ["the shorter", [90_000, 30_000], 30_000],
  ["the default is shorter", [90_000, undefined], 60_000],
])("of several intervals: %s", (_, intervals, want) => {
  expect(mostOften(intervals.map((interval) => (interval === undefined ? undefined : millis(interval))))).toBe(want);
});
