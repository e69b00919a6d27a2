import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LABELS, metricsPage } from "../scripts/generate-metrics.ts";
import { METRICS, type MetricSpec } from "../src/telemetry/metric-table.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/metrics.md"), "utf8");

test("docs/metrics.md is what scripts/generate-metrics.ts writes", async () => {
  expect(page).toBe(await metricsPage());
});

test("every metric has one row, and every label an explanation that is needed", () => {
  const table: Readonly<Record<string, MetricSpec>> = { ...METRICS.controller, ...METRICS.speaker };
  const rows = [...page.matchAll(/^\| `(metallb_\w+)`/gm)].map(([, name]) => name!);
  expect(rows.sort()).toEqual(Object.keys(table).sort());
  const labels = new Set(Object.values(table).flatMap((spec) => spec.labels));
  expect(Object.keys(LABELS).sort()).toEqual([...labels].sort());
});
