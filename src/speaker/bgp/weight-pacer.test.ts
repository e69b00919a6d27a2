import fc from "fast-check";
import { expect, test } from "vitest";
import { millis, seconds } from "../../lib/duration.ts";
import { WeightPacer } from "./weight-pacer.ts";

const both = (weight: number) => ({ IPv4: weight, IPv6: weight });

test("the first weight and the first change are shown at once, the next after the interval", () => {
  const pacer = new WeightPacer(seconds(5));
  const pace = (weight: number, at: number) => pacer.pace("shop/web", both(weight), seconds(at)).IPv4;
  expect(pace(1, 0)).toBe(1);
  expect(pacer.nextDue()).toBeUndefined();
  expect(pace(2, 60)).toBe(2);
  expect(pace(3, 61)).toBe(2);
  expect(pace(4, 64)).toBe(2);
  expect(pacer.nextDue()).toBe(seconds(65));
  expect(pacer.due(millis(64_999))).toEqual([]);
  expect(pacer.due(seconds(65))).toEqual(["shop/web"]);
  expect(pace(4, 65)).toBe(4);
  expect(pacer.nextDue()).toBeUndefined();
});

test("a weight that goes and comes back waits for nothing", () => {
  const pacer = new WeightPacer(seconds(5));
  for (const weight of [1, 2, 1]) expect(pacer.pace("shop/web", both(weight), seconds(0)).IPv6).toBe(1);
  expect(pacer.nextDue()).toBeUndefined();
});

test("a Service that was withdrawn starts anew, and others keep their own time", () => {
  const pacer = new WeightPacer(seconds(5));
  for (const service of ["shop/a", "shop/b"]) {
    pacer.pace(service, both(1), seconds(service === "shop/a" ? 0 : 2));
    pacer.pace(service, both(2), seconds(3));
  }
  expect(pacer.nextDue()).toBe(seconds(5));
  pacer.forget("shop/a");
  expect(pacer.nextDue()).toBe(seconds(7));
  expect(pacer.pace("shop/a", both(3), seconds(3))).toEqual(both(3));
});

test("weights change at most once in an interval, and the last one wanted is shown when it has passed", () => {
  const step = fc.record({ after: fc.nat(4000), weight: fc.integer({ min: 1, max: 4 }) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1 }), (steps) => {
      const pacer = new WeightPacer(seconds(5));
      const changes: number[] = [];
      let [now, shown, wanted] = [0, 0, 0];
      const look = (): void => {
        const { IPv4 } = pacer.pace("shop/web", both(wanted), millis(now));
        if (IPv4 !== shown) changes.push(now);
        shown = IPv4;
      };
      for (const { after, weight } of steps) {
        now += after;
        wanted = weight;
        look();
      }
      const due = pacer.nextDue();
      if (due !== undefined) {
        now = due;
        look();
      }
      expect(shown).toBe(wanted);
      // The first one is an announcement, not a change.
      for (let i = 2; i < changes.length; i++) expect(changes[i]! - changes[i - 1]!).toBeGreaterThanOrEqual(5000);
    }),
  );
});
