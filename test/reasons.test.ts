import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reasonsPage } from "../scripts/generate-reasons.ts";
import { REFUSAL_CODES } from "../src/allocator/refusal.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/reasons.md"), "utf8");

test("docs/reasons.md is what scripts/generate-reasons.ts writes", () => {
  expect(page).toBe(reasonsPage());
});

test("every reason has one row with all its cells", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  expect(rows).toHaveLength(REFUSAL_CODES.length);
  for (const row of rows) expect(row.split(" | ").filter((cell) => cell.length > 3)).toHaveLength(5);
});
