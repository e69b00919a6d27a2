export type MetricLabels = Readonly<Record<string, string>>;

/**
 * Metrics by their exposed names. Names, help texts, types and labels stand in one table in `telemetry/metrics.ts`;
 * an unknown name or label set is a bug and throws.
 */
export interface Metrics {
  /** Adds to a counter. */
  add(name: string, labels: MetricLabels, value: number): void;
  /** Sets a gauge. */
  set(name: string, labels: MetricLabels, value: number): void;
  /** Puts a value into a histogram. */
  observe(name: string, labels: MetricLabels, value: number): void;
  /** Drops one series. */
  remove(name: string, labels: MetricLabels): void;
}
