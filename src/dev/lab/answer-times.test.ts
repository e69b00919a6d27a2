import { expect, test } from "vitest";
import { AnswerTimes } from "./answer-times.ts";

const V4 = "http://192.168.1.220/";
const V6 = "http://[fd00:192:168:1::220]/";

test("the longest time without an answer, by URL", () => {
  const times = new AnswerTimes();
  const lines = [`100.5 ${V4}`, `110 ${V6}`, `120.5 ${V4}`, `620.5 ${V4}`, `630 ${V6}`, `640.5 ${V4}`];
  for (const line of lines) times.add(line);
  expect([V4, V6].map((url) => times.longestGap(url))).toEqual([500, 520]);
  expect([V4, V6].map((url) => times.count(url))).toEqual([4, 2]);
});

test("who was never answered, or once, has no gap to tell", () => {
  const times = new AnswerTimes();
  times.add(`100 ${V4}`);
  expect([V4, V6].map((url) => times.longestGap(url))).toEqual([0, 0]);
  expect(times.count(V6)).toBe(0);
});
