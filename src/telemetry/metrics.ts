import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { BugError } from "../lib/errors.ts";
import type { MetricLabels, Metrics } from "../ports/metrics.ts";
import { type Component, METRICS, type MetricSpec, type MetricTable } from "./metric-table.ts";

/** Metrics with what it takes to expose them. */
export interface ExposedMetrics extends Metrics {
  /** All series in the Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

interface Family {
  readonly spec: MetricSpec;
  readonly series: readonly Series[];
}

type Series = Counter | Gauge | Histogram;

/** The component's metrics and those of its process, in a registry of their own. */
export function createMetrics(component: Component): ExposedMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const families = new Map<string, Family>();
  for (const [name, spec] of Object.entries<MetricSpec>(METRICS[component] satisfies MetricTable))
    families.set(name, createFamily(registry, name, spec));
  return new PromMetrics(registry, families);
}

function createFamily(registry: Registry, name: string, spec: MetricSpec): Family {
  const names = spec.alias === undefined ? [name] : [name, spec.alias];
  const series = names.map((each) => {
    const config = { name: each, help: spec.help, labelNames: [...spec.labels], registers: [registry] };
    if (spec.type === "histogram") return new Histogram({ ...config, buckets: [...(spec.buckets ?? [])] });
    return spec.type === "counter" ? new Counter(config) : new Gauge(config);
  });
  return { spec, series };
}

class PromMetrics implements ExposedMetrics {
  readonly #registry: Registry;
  readonly #families: ReadonlyMap<string, Family>;

  constructor(registry: Registry, families: ReadonlyMap<string, Family>) {
    this.#registry = registry;
    this.#families = families;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  add(name: string, labels: MetricLabels, value: number): void {
    for (const series of this.#series(name, labels)) {
      if (!(series instanceof Counter)) throw new BugError(`metric ${name} is no counter`);
      series.inc(labels, value);
    }
  }

  set(name: string, labels: MetricLabels, value: number): void {
    for (const series of this.#series(name, labels)) {
      if (!(series instanceof Gauge)) throw new BugError(`metric ${name} is no gauge`);
      series.set(labels, value);
    }
  }

  observe(name: string, labels: MetricLabels, value: number): void {
    for (const series of this.#series(name, labels)) {
      if (!(series instanceof Histogram)) throw new BugError(`metric ${name} is no histogram`);
      series.observe(labels, value);
    }
  }

  remove(name: string, labels: MetricLabels): void {
    for (const series of this.#series(name, labels)) series.remove(labels);
  }

  #series(name: string, labels: MetricLabels): readonly Series[] {
    const family = this.#families.get(name);
    if (family === undefined) throw new BugError(`metric ${name} is not in the table`);
    const given = Object.keys(labels).sort().join();
    const wanted = [...family.spec.labels].sort().join();
    if (given !== wanted)
      throw new BugError(`metric ${name} has labels ${wanted || "(none)"}, not ${given || "(none)"}`);
    return family.series;
  }
}
