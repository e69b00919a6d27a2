import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { crdTemplates } from "../scripts/generate-crds.ts";

const FOLDER = join(import.meta.dirname, "../charts/metallb/charts/crds/templates");

test("the chart's CRDs are what scripts/generate-crds.ts writes", () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"));
  const there = new Map(names.map((name) => [name, readFileSync(join(FOLDER, name), "utf8")]));
  expect(there).toEqual(new Map(crdTemplates()));
});
