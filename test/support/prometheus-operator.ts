import type { Manifest } from "./helm.ts";
import { plainLabel, type TargetGroup } from "./kubernetes-discovery.ts";

/** A scrape configuration of Prometheus. */
export type ScrapeConfig = Readonly<Record<string, unknown>>;

interface Relabeling {
  readonly [field: string]: unknown;
}

/** What a PodMonitor or a ServiceMonitor of ours says. */
interface MonitorSpec {
  readonly jobLabel?: string;
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly podMetricsEndpoints?: readonly MonitorEndpoint[];
  readonly endpoints?: readonly MonitorEndpoint[];
}

interface MonitorEndpoint {
  readonly port: string;
  readonly path: string;
  readonly scheme: string;
  readonly honorLabels: boolean;
  readonly interval?: string;
  readonly authorization: {
    readonly type: string;
    readonly credentials: { readonly name: string; readonly key: string };
  };
  readonly tlsConfig?: { readonly insecureSkipVerify?: boolean; readonly serverName?: string };
  readonly relabelings?: readonly Relabeling[];
  readonly metricRelabelings?: readonly Relabeling[];
}

export interface Surroundings {
  /** The text of a Secret's key in the monitor's namespace. */
  readonly secret: (name: string, key: string) => string;
  /**
   * What Prometheus finds in the monitor's namespace, by the role of its discovery. Debian's Prometheus is built without
   * the discovery itself.
   */
  readonly discovered: { readonly pod: readonly TargetGroup[]; readonly endpoints: readonly TargetGroup[] };
}

/**
 * The scrape configurations that the Prometheus Operator makes of a monitor, one for each endpoint, for the fields that
 * the chart uses. Throws for a field of an endpoint that it doesn't know.
 */
export function scrapeConfigsOf(monitor: Manifest, surroundings: Surroundings): readonly ScrapeConfig[] {
  const { kind, metadata } = monitor;
  const spec = monitor["spec"] as MonitorSpec;
  const ofPods = kind === "PodMonitor";
  const name = `${metadata.namespace}/${metadata.name}`;
  const endpoints = (ofPods ? spec.podMetricsEndpoints : spec.endpoints) ?? [];
  return endpoints.map((endpoint, i) => {
    const { port, path, scheme, honorLabels, interval, authorization, tlsConfig, ...more } = endpoint;
    const { relabelings = [], metricRelabelings = [], ...unknown } = more;
    if (Object.keys(unknown).length > 0) throw new Error(`${name}: ${Object.keys(unknown).join()} is not translated`);
    const { type, credentials } = authorization;
    return {
      job_name: `${ofPods ? "podMonitor" : "serviceMonitor"}/${name}/${i}`,
      honor_labels: honorLabels,
      metrics_path: path,
      scheme,
      ...(interval === undefined ? {} : { scrape_interval: interval }),
      authorization: { type, credentials: surroundings.secret(credentials.name, credentials.key) },
      tls_config: { insecure_skip_verify: tlsConfig?.insecureSkipVerify, server_name: tlsConfig?.serverName },
      static_configs: surroundings.discovered[ofPods ? "pod" : "endpoints"],
      relabel_configs: [...(ofPods ? podRelabelings : serviceRelabelings)(spec, name, port), ...relabelings.map(snake)],
      metric_relabel_configs: metricRelabelings.map(snake),
    };
  });
}

function podRelabelings({ selector, jobLabel }: MonitorSpec, name: string, port: string): readonly Relabeling[] {
  return [
    drop("__meta_kubernetes_pod_phase", "(Failed|Succeeded)"),
    ...selected(selector.matchLabels, "pod"),
    keep("__meta_kubernetes_pod_container_port_name", port),
    ...["namespace", "pod", "container"].map(copyMeta),
    { target_label: "job", replacement: name },
    ...jobOf(jobLabel, "pod"),
    { target_label: "endpoint", replacement: port },
  ];
}

function serviceRelabelings({ selector, jobLabel }: MonitorSpec, _name: string, port: string): readonly Relabeling[] {
  return [
    ...selected(selector.matchLabels, "service"),
    keep("__meta_kubernetes_endpoint_port_name", port),
    { source_labels: ["__meta_kubernetes_service_name"], target_label: "service" },
    ...["namespace", "pod", "container"].map(copyMeta),
    drop("__meta_kubernetes_pod_phase", "(Failed|Succeeded)"),
    { source_labels: ["__meta_kubernetes_service_name"], target_label: "job" },
    ...jobOf(jobLabel, "service"),
    { target_label: "endpoint", replacement: port },
  ];
}

function selected(labels: Readonly<Record<string, string>>, of: "pod" | "service"): readonly Relabeling[] {
  return Object.entries(labels).map(([label, value]) => ({
    action: "keep",
    source_labels: [
      `__meta_kubernetes_${of}_label_${plainLabel(label)}`,
      `__meta_kubernetes_${of}_labelpresent_${plainLabel(label)}`,
    ],
    regex: `(${value});true`,
  }));
}

function jobOf(label: string | undefined, of: "pod" | "service"): readonly Relabeling[] {
  if (label === undefined || label === "") return [];
  const source_labels = [`__meta_kubernetes_${of}_label_${plainLabel(label)}`];
  return [{ source_labels, target_label: "job", regex: "(.+)", replacement: "${1}" }];
}

function copyMeta(what: string): Relabeling {
  const meta = { namespace: "namespace", pod: "pod_name", container: "pod_container_name" }[what];
  return { source_labels: [`__meta_kubernetes_${meta}`], target_label: what };
}

function keep(label: string, regex: string): Relabeling {
  return { action: "keep", source_labels: [label], regex };
}

function drop(label: string, regex: string): Relabeling {
  return { action: "drop", source_labels: [label], regex };
}

/** Fields as Prometheus calls them. */
function snake(relabeling: Relabeling): Relabeling {
  const name = (field: string): string => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(relabeling).map(([field, value]) => [name(field), value]));
}
