import type { MetricSpec, MetricTable } from "../../src/telemetry/metric-table.ts";
import { METRICS } from "../../src/telemetry/metric-table.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";

/** What Prometheus adds to each series when the chart's monitors tell it what to scrape. */
export const TARGET_LABELS: ReadonlySet<string> = new Set(["job", "namespace", "pod", "node", "instance"]);

/** Names of series and the labels that each may have, beside those of its target. */
export async function exposedSeries(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const known = new Map<string, ReadonlySet<string>>();
  const tables: readonly MetricTable[] = [METRICS.controller, METRICS.speaker];
  for (const [name, spec] of tables.flatMap((table) => Object.entries(table)))
    for (const series of seriesOf(name, spec)) known.set(series, new Set([...spec.labels, ...bucketLabel(series)]));
  const text = await createMetrics("speaker").text();
  for (const [, name] of text.matchAll(/^# TYPE ((?:process|nodejs)_\w+)/gm)) known.set(name!, new Set());
  return known;
}

function seriesOf(name: string, { type, alias }: MetricSpec): readonly string[] {
  const names = alias === undefined ? [name] : [name, alias];
  if (type !== "histogram") return names;
  return names.flatMap((each) => ["_bucket", "_sum", "_count"].map((part) => `${each}${part}`));
}

function bucketLabel(series: string): readonly string[] {
  return series.endsWith("_bucket") ? ["le"] : [];
}

/** What an expression of PromQL asks for that no process of ours exposes, in words. */
export function unknownIn(expr: string, known: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const bare = expr.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  const selectors = [...bare.matchAll(/\b((?:metallb|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)];
  const grouped = [...bare.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, list]) => words(list!));
  const all = new Set(selectors.flatMap(([, name]) => [...(known.get(name!) ?? [])]));
  return [
    ...(selectors.length === 0 ? ["no series of ours"] : []),
    ...selectors.filter(([, name]) => !known.has(name!)).map(([, name]) => `series ${name}`),
    ...selectors.flatMap(([, name, matchers = ""]) => {
      const labels = words(matchers.replaceAll(/\s*(?:=~|!~|!=|=)\s*""/g, ""));
      return labels.filter((label) => !hasLabel(known.get(name!), label)).map((label) => `label ${label} of ${name}`);
    }),
    ...grouped.filter((label) => !hasLabel(all, label)).map((label) => `label ${label}`),
  ];
}

function words(list: string): readonly string[] {
  return list
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function hasLabel(labels: ReadonlySet<string> | undefined, label: string): boolean {
  return TARGET_LABELS.has(label) || labels?.has(label) === true;
}
