import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "./helm.ts";
import { CHART, renderChart } from "./helm.ts";

export interface ChartRendering {
  /** The values file in `charts/metallb/ci`, without `-values.yaml`. */
  readonly name: string;
  readonly manifests: readonly Manifest[];
}

/** What the chart makes of each of its values files for tests. */
export function renderAllValues(): readonly ChartRendering[] {
  const folder = join(CHART, "ci");
  return readdirSync(folder).map((file) => ({
    name: file.replace(/-values\.yaml$/, ""),
    manifests: renderChart({ files: [join(folder, file)] }),
  }));
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
