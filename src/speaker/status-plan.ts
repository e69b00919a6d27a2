/** The status plan: which writes bring the status objects of one Service to what the announce plan says. */
import type { PodView } from "../config/pod.ts";
import type { ServiceStatusView } from "../config/service-status.ts";
import { STATUS_LABELS } from "../config/service-status.ts";
import type { ObjectName } from "../ports/kube.ts";
import { ownerReference } from "../reporting/own-pod.ts";
import type { StatusKind } from "./status-kind.ts";

/** Who writes. */
export interface StatusIdentity {
  readonly node: string;
  /** Namespace of the status objects. */
  readonly namespace: string;
  /** Our own Pod, which owns what we write; undefined while it is not known. */
  readonly pod: PodView | undefined;
}

export type StatusWrite =
  | { readonly do: "create"; readonly body: object }
  | { readonly do: "delete"; readonly name: string }
  /** A merge patch of the object's metadata: a new Pod takes over what the one before it wrote. */
  | { readonly do: "adopt"; readonly name: string; readonly body: object }
  /** A merge patch of the status subresource. */
  | { readonly do: "status"; readonly name: string; readonly body: object };

/**
 * `announced` is what this node is to say of the Service; undefined when it does not announce it. Who announces keeps one
 * object of its own and, of a kind in which only one node does, removes those of others; who does not removes only its
 * own. Nothing to write: [].
 */
export function planStatus<What, View extends ServiceStatusView>(
  kind: StatusKind<What, View>,
  service: ObjectName,
  announced: What | undefined,
  existing: readonly View[],
  identity: StatusIdentity,
): readonly StatusWrite[] {
  const mine = existing.filter(({ node }) => node === identity.node).sort(byName);
  if (announced === undefined) return mine.map(({ name }) => ({ do: "delete", name }));
  const kept = mine[0];
  const others = (kind.oneNode ? existing : mine).filter((status) => status !== kept);
  const deletions = others.map(({ name }) => ({ do: "delete", name }) as const);
  if (kept === undefined) return [...deletions, { do: "create", body: newStatus(kind, service, identity) }];
  const isSaid = kept.written && kind.says(kept, announced);
  const status = { node: identity.node, serviceName: service.name, serviceNamespace: service.namespace };
  const body = { status: { ...status, ...kind.fieldsOf(announced) } };
  return [
    ...deletions,
    ...adoption(kept, identity),
    ...(isSaid ? [] : [{ do: "status", name: kept.name, body } as const]),
  ];
}

function newStatus(
  { namePrefix, resource }: Pick<StatusKind<never>, "namePrefix" | "resource">,
  service: ObjectName,
  { node, namespace, pod }: StatusIdentity,
): object {
  return {
    apiVersion: "metallb.io/v1beta1",
    kind: resource.kind,
    metadata: {
      generateName: namePrefix,
      namespace,
      labels: {
        [STATUS_LABELS.node]: node,
        [STATUS_LABELS.serviceName]: service.name,
        [STATUS_LABELS.serviceNamespace]: service.namespace,
      },
      ...(pod === undefined ? {} : { ownerReferences: [ownerReference(pod)] }),
    },
    spec: {},
  };
}

function adoption({ name, owner }: ServiceStatusView, { pod }: StatusIdentity): readonly StatusWrite[] {
  if (pod === undefined || owner === pod.uid) return [];
  return [{ do: "adopt", name, body: { metadata: { ownerReferences: [ownerReference(pod)] } } }];
}

function byName(a: ServiceStatusView, b: ServiceStatusView): number {
  return a.name < b.name ? -1 : 1;
}
