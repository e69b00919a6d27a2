import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { validateManifests } from "../src/inspect/validate/validate-manifests.ts";

function fileOf(path: string): string {
  return readFileSync(join(import.meta.dirname, "..", path), "utf8");
}

test("the README's manifest is the example that its commands name, and is valid", () => {
  const text = fileOf("examples/production.yaml");
  expect(/```yaml\n(.*?)```/s.exec(fileOf("README.md"))?.[1]).toBe(text);
  const report = validateManifests([{ path: "examples/production.yaml", text, named: true }], undefined);
  expect(report).toMatchObject({ valid: true, issues: [] });
});
