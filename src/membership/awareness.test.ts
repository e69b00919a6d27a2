import { expect, test } from "vitest";
import { millis } from "../lib/duration.ts";
import { Awareness } from "./awareness.ts";

test("the score stays between 0 and below the multiplier, and stretches intervals", () => {
  const awareness = new Awareness(8);
  const seen = [0, 1, 3, -2, 10, -20].map((by) => {
    awareness.change(by);
    return [awareness.score, awareness.stretch(millis(50))];
  });
  expect(seen).toEqual([
    [0, 50],
    [1, 100],
    [4, 250],
    [2, 150],
    [7, 400],
    [0, 50],
  ]);
});

test("a multiplier of 0 or 1 never stretches", () => {
  for (const multiplier of [0, 1]) {
    const awareness = new Awareness(multiplier);
    awareness.change(5);
    expect(awareness.stretch(millis(50))).toBe(50);
  }
});
