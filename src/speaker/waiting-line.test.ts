import { beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { millis } from "../lib/duration.ts";
import { WaitingLine } from "./waiting-line.ts";

let clock: ManualClock;
let line: WaitingLine<string>;
let due: (readonly string[])[];

beforeEach(() => {
  clock = new ManualClock();
  due = [];
  line = new WaitingLine(clock, millis(100), (items) => void due.push(items));
});

test("each item waits as long as the others, and those of one moment are due together", () => {
  line.add("a");
  line.add("b");
  clock.advance(millis(40));
  line.add("c");
  clock.advance(millis(59));
  expect(due).toEqual([]);
  clock.advance(millis(1));
  expect(due).toEqual([["a", "b"]]);
  clock.advance(millis(39));
  expect(due).toHaveLength(1);
  clock.advance(millis(1));
  expect(due).toEqual([["a", "b"], ["c"]]);
  expect([line.size, clock.pending]).toEqual([0, 0]);
});

test("an item that is added again waits anew, at the end", () => {
  line.add("a");
  line.add("b");
  clock.advance(millis(50));
  line.add("a");
  clock.advance(millis(50));
  expect(due).toEqual([["b"]]);
  clock.advance(millis(50));
  expect(due).toEqual([["b"], ["a"]]);
});

test("a deleted item is never due, and leaves nothing behind", () => {
  line.add("a");
  clock.advance(millis(10));
  line.add("b");
  line.delete("a");
  line.delete("nobody");
  clock.advance(millis(99));
  expect(due).toEqual([]);
  clock.advance(millis(1));
  expect(due).toEqual([["b"]]);
  line.add("c");
  line.delete("c");
  expect(clock.pending).toBe(0);
});

test("items that were due while nothing ran are due together, late", () => {
  line.add("a");
  clock.advance(millis(50));
  line.add("b");
  clock.skip(millis(500));
  clock.advance(millis(0));
  expect(due).toEqual([["a", "b"]]);
});

test("what is added when something is due waits its time", () => {
  line = new WaitingLine(clock, millis(100), (items) => {
    due.push(items);
    if (due.length === 1) line.add("b");
  });
  line.add("a");
  clock.advance(millis(100));
  clock.advance(millis(99));
  expect(due).toEqual([["a"]]);
  clock.advance(millis(1));
  expect(due).toEqual([["a"], ["b"]]);
});
