import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { E2E_BEHAVIOURS, untested } from "./support/e2e-behaviours.ts";

const files = globSync("{scenario,interop}/e2e-l2*.test.ts", { cwd: import.meta.dirname });
const sources = files.map((file) => readFileSync(join(import.meta.dirname, file), "utf8"));

test("every layer-2 behaviour that the reference tests end to end has a test of its name", () => {
  expect(untested(E2E_BEHAVIOURS, sources)).toEqual([]);
});

test("one without a test, or with one that is skipped, is found", () => {
  const behaviours = { "a.go": ["one", "two", "three", "four"] };
  const source = 'test("a.go: one", () => {}); test.skip("a.go: three", () => {}); test.each(x)("a.go: four (%s)")';
  expect(untested(behaviours, [source])).toEqual(["a.go: two", "a.go: three"]);
});
