import { expect, test } from "vitest";
import { sizeProblem } from "./size-limits.ts";

const list = (length: number, item: unknown = 0) => Array.from({ length }, () => item);

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < depth; i += 1) value = [value];
  return value;
}

test.each([
  ["nothing", undefined],
  ["null", null],
  ["a long list", list(10_000)],
  ["a long text", "x".repeat(65_536)],
  ["much depth", nested(32)],
  ["many values", list(19, list(10_000))],
])("fine: %s", (_, value) => {
  expect(sizeProblem({ field: value })).toBeUndefined();
});

test.each([
  ["a list", { field: list(10_001) }, ".field", "10001 items"],
  ["a map", { field: Object.fromEntries(list(10_001).map((_, i) => [`k${i}`, 0])) }, ".field", "10001 items"],
  ["a text", { field: ["", "x".repeat(65_537)] }, ".field[1]", "a text of 65537 characters"],
  ["depth", nested(34), "[0]".repeat(33), "nested more than 32 levels deep"],
  ["no stack is needed for depth", nested(1_000_000), "[0]".repeat(33), "nested more than 32 levels deep"],
  ["all values together", list(30, list(10_000)), "", "more than 200000 values"],
])("too large: %s", (_, value, path, message) => {
  expect(sizeProblem(value)).toEqual({ path, message });
});
