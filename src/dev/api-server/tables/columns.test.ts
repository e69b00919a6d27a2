import { expect, test } from "vitest";
import { humanDuration, since } from "./columns.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

test.each([
  { seconds: -5, text: "<invalid>" },
  { seconds: -0.5, text: "0s" },
  { seconds: 0, text: "0s" },
  { seconds: 119, text: "119s" },
  { seconds: 2 * MINUTE, text: "2m" },
  { seconds: 9 * MINUTE + 59, text: "9m59s" },
  { seconds: 10 * MINUTE + 59, text: "10m" },
  { seconds: 3 * HOUR - 1, text: "179m" },
  { seconds: 3 * HOUR + 5 * MINUTE, text: "3h5m" },
  { seconds: 8 * HOUR, text: "8h" },
  { seconds: 47 * HOUR, text: "47h" },
  { seconds: 2 * DAY + 3 * HOUR, text: "2d3h" },
  { seconds: 8 * DAY, text: "8d" },
  { seconds: 729 * DAY, text: "729d" },
  { seconds: 800 * DAY, text: "2y70d" },
  { seconds: 3650 * DAY, text: "10y" },
])("$seconds s is printed as $text", ({ seconds, text }) => {
  expect(humanDuration(seconds)).toBe(text);
});

test.each([undefined, null, "nonsense", 5])("the age of %s is unknown", (time) => {
  expect(since(time, 0)).toBe("<unknown>");
});
