import { beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { millis, seconds } from "../lib/duration.ts";
import { PacedQueue } from "./paced-queue.ts";

let clock: ManualClock;
let handled: number[];
let queue: PacedQueue<number>;

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** What was handled since the last call. */
const taken = (): readonly number[] => handled.splice(0);

beforeEach(() => {
  clock = new ManualClock();
  handled = [];
  queue = new PacedQueue(clock, {
    perTurn: 10,
    perSecond: 100,
    atOnce: 20,
    costOf: () => 2,
    handle: (item) => void handled.push(item),
  });
});

test("urgent items are handled in order, some per turn, and as fast as turns come", () => {
  queue.hurry(range(0, 25));
  expect(taken()).toEqual(range(0, 10));
  queue.hurry([25]);
  expect(taken()).toEqual([]);
  clock.advance(millis(0));
  expect(taken()).toEqual(range(10, 16));
  expect(clock.pending).toBe(0);
});

test("patient items cost time, after the first ones", () => {
  queue.add(range(0, 200));
  clock.advance(millis(0));
  // What may be had at once, and the one that uses it up.
  expect(taken()).toEqual(range(0, 11));
  clock.advance(seconds(1));
  expect(taken()).toEqual(range(11, 50));
  clock.advance(seconds(10));
  expect(taken()).toHaveLength(139);
  expect(clock.pending).toBe(0);
});

test("time in which nothing was done pays for no more than may be had at once", () => {
  clock.advance(seconds(3600));
  queue.add(range(0, 100));
  clock.advance(millis(0));
  expect(taken()).toHaveLength(11);
});

test("urgent items pass patient ones, and don't wait for what these cost", () => {
  queue.add(range(0, 100));
  clock.advance(millis(0));
  taken();
  queue.hurry([1000, 1001]);
  expect(taken()).toEqual([1000, 1001]);
  clock.advance(millis(20));
  expect(taken()).toEqual([11]);
});

test("an item that waits already is handled once", () => {
  queue.hurry(range(0, 20));
  queue.add([15, 100]);
  queue.hurry([15]);
  clock.advance(seconds(1));
  expect(taken()).toEqual([...range(0, 20), 100]);
});

test("what is deleted or cleared is not handled", () => {
  queue.hurry(range(0, 20));
  queue.add([50, 51]);
  queue.delete(12);
  queue.delete(50);
  clock.advance(seconds(1));
  expect(taken()).toEqual([...range(0, 12), ...range(13, 7), 51]);
  queue.hurry(range(0, 20));
  taken();
  queue.clear();
  clock.advance(seconds(1));
  expect(taken()).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("what is added while an item is handled comes after it", () => {
  let once = true;
  queue = new PacedQueue(clock, {
    perTurn: 10,
    perSecond: 100,
    atOnce: 20,
    costOf: () => 2,
    handle: (item) => {
      if (once) queue.hurry([7]);
      once = false;
      handled.push(item);
    },
  });
  queue.hurry([1, 2]);
  expect(taken()).toEqual([1, 2, 7]);
});
