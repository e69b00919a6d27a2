import type { MetricLabels, Metrics } from "../../src/ports/metrics.ts";

/** Metrics that tests can read: values by name and labels. */
export class RecordingMetrics implements Metrics {
  readonly values = new Map<string, number>();

  add(name: string, labels: MetricLabels, value: number): void {
    const key = seriesOf(name, labels);
    this.values.set(key, (this.values.get(key) ?? 0) + value);
  }

  set(name: string, labels: MetricLabels, value: number): void {
    this.values.set(seriesOf(name, labels), value);
  }

  /** As the two series that Prometheus adds to the buckets. */
  observe(name: string, labels: MetricLabels, value: number): void {
    this.add(`${name}_count`, labels, 1);
    this.add(`${name}_sum`, labels, value);
  }

  remove(name: string, labels: MetricLabels): void {
    this.values.delete(seriesOf(name, labels));
  }

  /** All series of a metric, as Prometheus writes them. */
  series(name: string): readonly string[] {
    return [...this.values.keys()].filter((key) => key === name || key.startsWith(`${name}{`)).sort();
  }
}

function seriesOf(name: string, labels: MetricLabels): string {
  const text = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}="${value}"`)
    .join(",");
  return text === "" ? name : `${name}{${text}}`;
}
