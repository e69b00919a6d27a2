/**
 * Writes what follows from the chart's values.yaml: values.schema.json and known-values.json beside it, and docs/chart.md.
 * Run it after a change of values.yaml; test/chart-values.test.ts fails until it was.
 *
 *     npm run generate:chart
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chartPage } from "./chart-page.ts";
import { chartSchema, knownValues } from "./chart-schema.ts";
import { readChartValues } from "./chart-values.ts";

const ROOT = join(import.meta.dirname, "..");

/** The files' contents by their paths in the project. */
export function chartFiles(): Readonly<Record<string, string>> {
  const values = readChartValues();
  return {
    "charts/metallb/values.schema.json": `${JSON.stringify(chartSchema(values), null, 2)}\n`,
    "charts/metallb/known-values.json": `${JSON.stringify(knownValues(values), null, 2)}\n`,
    "docs/chart.md": chartPage(values),
  };
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(chartFiles())) writeFileSync(join(ROOT, path), text);
}
