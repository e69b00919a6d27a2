import { expect, test } from "vitest";
import { wantsColor } from "./paint.ts";
import { counted, formatAgo, printable } from "./words.ts";

test.each([
  { isTty: true, env: {}, want: true },
  { isTty: false, env: {}, want: false },
  { isTty: false, env: { CI: "true", FORCE_COLOR: "1" }, want: false },
  { isTty: true, env: { NO_COLOR: "1" }, want: false },
  { isTty: true, env: { NO_COLOR: "" }, want: true },
  { isTty: true, env: { TERM: "dumb" }, want: false },
])("colour: $want with $env, terminal: $isTty", ({ isTty, env, want }) => {
  expect(wantsColor(isTty, env)).toBe(want);
});

test.each([
  { text: counted(1, "error"), want: "1 error" },
  { text: counted(0, "error"), want: "0 errors" },
  { text: counted(12_345, "address", "addresses"), want: "12,345 addresses" },
  { text: printable("fd00::1 ✓ näme"), want: "fd00::1 ✓ näme" },
  { text: printable("a\u001b[2Jb\n\u202e"), want: "a\\u001b[2Jb\\u000a\\u202e" },
])("$want", ({ text, want }) => {
  expect(text).toBe(want);
});

test.each([
  [0, "0.0 s ago"],
  [9.94, "9.9 s ago"],
  [10, "10 s ago"],
  [119, "119 s ago"],
  [120, "2 min ago"],
  [7199, "120 min ago"],
  [7200, "2 h ago"],
  [172_799, "48 h ago"],
  [172_800, "2 d ago"],
])("%d seconds were %s", (seconds, text) => {
  expect(formatAgo(seconds)).toBe(text);
});
