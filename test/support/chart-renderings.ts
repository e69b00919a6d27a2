import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "./helm.ts";
import { CHART, renderChart } from "./helm.ts";

export interface ChartRendering {
  /** The values file in `charts/metallb/ci`, without `-values.yaml`. */
  readonly name: string;
  readonly manifests: readonly Manifest[];
}

const FOLDER = join(CHART, "ci");
const SUFFIX = "-values.yaml";
const rendered = new Map<string, readonly Manifest[]>();

/** What the chart makes of each of its values files for tests. */
export function renderAllValues(): readonly ChartRendering[] {
  return readdirSync(FOLDER)
    .map((file) => file.slice(0, -SUFFIX.length))
    .map((name) => ({ name, manifests: renderValues(name) }));
}

/** What it makes of one of them, by name as in `ChartRendering`. */
export function renderValues(name: string): readonly Manifest[] {
  const manifests = rendered.get(name) ?? renderChart({ files: [join(FOLDER, `${name}${SUFFIX}`)] });
  rendered.set(name, manifests);
  return manifests;
}

/** Each manifest once, however many renderings have it. */
export function distinct(renderings: readonly ChartRendering[]): readonly Manifest[] {
  const all = renderings.flatMap(({ manifests }) => manifests);
  return [...new Map(all.map((manifest) => [JSON.stringify(manifest), manifest])).values()];
}

/** The Pods of Deployments and DaemonSets. */
export function workloads(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.filter(({ kind }) => kind === "Deployment" || kind === "DaemonSet");
}
