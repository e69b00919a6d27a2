import type { Manifest } from "./helm.ts";

/** Targets of Prometheus with the labels that relabelling begins with. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

interface Container {
  readonly name: string;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
}

interface Subset {
  readonly addresses?: readonly {
    readonly ip: string;
    readonly targetRef?: { readonly kind: string; readonly name: string };
  }[];
  readonly ports?: readonly { readonly name: string; readonly port: number }[];
}

/** What Prometheus' discovery makes of Pods, role `pod`, as far as monitors look at it: one target for each port. */
export function podTargets(pods: readonly Manifest[]): readonly TargetGroup[] {
  return pods.flatMap((pod) =>
    containersOf(pod).flatMap(({ name, ports = [] }) =>
      ports.map(({ name: portName, containerPort }) => ({
        targets: [`${pod["status"].podIP}:${containerPort}`],
        labels: { ...podLabels(pod, name), __meta_kubernetes_pod_container_port_name: portName },
      })),
    ),
  );
}

/** The same of Endpoints, role `endpoints`, with their Services and Pods: one target for each address and port. */
export function endpointTargets(objects: {
  readonly endpoints: readonly Manifest[];
  readonly services: readonly Manifest[];
  readonly pods: readonly Manifest[];
}): readonly TargetGroup[] {
  return objects.endpoints.flatMap(({ metadata: { name, namespace }, ...endpoints }) => {
    const service = objects.services.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
    if (service === undefined) return [];
    return ((endpoints["subsets"] as readonly Subset[] | undefined) ?? []).flatMap(({ addresses = [], ports = [] }) =>
      addresses.flatMap(({ ip, targetRef }) =>
        ports.map((port) => ({
          targets: [`${ip}:${port.port}`],
          labels: {
            __meta_kubernetes_namespace: namespace!,
            __meta_kubernetes_service_name: name,
            ...labelsOf("service", service.metadata.labels),
            __meta_kubernetes_endpoint_port_name: port.name,
            ...behind(
              objects.pods.find(({ metadata }) => metadata.name === targetRef?.name),
              port.port,
            ),
          },
        })),
      ),
    );
  });
}

/** The labels of the Pod whose port an endpoint is. */
function behind(pod: Manifest | undefined, port: number): Readonly<Record<string, string>> {
  if (pod === undefined) return {};
  const container = containersOf(pod).find(({ ports = [] }) =>
    ports.some(({ containerPort }) => containerPort === port),
  );
  return podLabels(pod, container?.name ?? "");
}

function podLabels(pod: Manifest, container: string): Readonly<Record<string, string>> {
  const { name, namespace, labels } = pod.metadata;
  return {
    __meta_kubernetes_namespace: namespace!,
    __meta_kubernetes_pod_name: name,
    __meta_kubernetes_pod_node_name: pod["spec"].nodeName as string,
    __meta_kubernetes_pod_phase: pod["status"].phase as string,
    __meta_kubernetes_pod_container_name: container,
    ...labelsOf("pod", labels),
  };
}

function labelsOf(
  of: "pod" | "service",
  labels: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(labels).flatMap(([name, value]) => [
      [`__meta_kubernetes_${of}_label_${plainLabel(name)}`, value],
      [`__meta_kubernetes_${of}_labelpresent_${plainLabel(name)}`, "true"],
    ]),
  );
}

/** As labels of Kubernetes are called among those of Prometheus. */
export function plainLabel(label: string): string {
  return label.replaceAll(/\W/g, "_");
}

function containersOf(pod: Manifest): readonly Container[] {
  return pod["spec"].containers as readonly Container[];
}
