import type { PodSpec } from "./pod-spec.ts";

/** What is known of a Pod only on its node. */
export interface Placement {
  /** One per family. */
  readonly hostAddresses: readonly string[];
  readonly addresses: readonly string[];
}

/** The value of a `fieldPath` of the downward API; undefined for one that is not known. */
export function podField(path: string, pod: PodSpec, { hostAddresses, addresses }: Placement): string | undefined {
  const entry = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (entry !== null) return (entry[1] === "labels" ? pod.labels : pod.annotations)[entry[2]!] ?? "";
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": pod.name,
    "metadata.namespace": pod.namespace,
    "metadata.uid": pod.uid,
    "metadata.labels": lines(pod.labels),
    "metadata.annotations": lines(pod.annotations),
    "spec.nodeName": pod.node,
    "spec.serviceAccountName": pod.serviceAccount,
    "status.hostIP": hostAddresses[0],
    "status.hostIPs": hostAddresses.join(","),
    "status.podIP": addresses[0],
    "status.podIPs": addresses.join(","),
  };
  return Object.hasOwn(fields, path) ? fields[path] : undefined;
}

function lines(map: Readonly<Record<string, string>>): string {
  return Object.entries(map)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");
}
