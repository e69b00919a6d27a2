/** The status plan: which writes bring the ServiceL2Status objects of one Service to what the announce plan says. */
import type { L2StatusView } from "../config/l2-status.ts";
import { STATUS_LABELS } from "../config/l2-status.ts";
import type { PodView } from "../config/pod.ts";
import type { ObjectName } from "../ports/kube.ts";
import { ownerReference } from "../reporting/own-pod.ts";
import type { Announcement } from "./protocol.ts";

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
 * `announced` is where this node answers for the Service; undefined when it does not announce it. Who announces keeps
 * one object and removes all others, whoever wrote them; who does not removes only its own. Nothing to write: [].
 */
export function planStatus(
  service: ObjectName,
  announced: Announcement["interfaces"] | undefined,
  existing: readonly L2StatusView[],
  identity: StatusIdentity,
): readonly StatusWrite[] {
  const mine = existing.filter(({ node }) => node === identity.node).sort(byName);
  if (announced === undefined) return mine.map(({ name }) => ({ do: "delete", name }));
  const kept = mine[0];
  const others = existing.filter((status) => status !== kept).map(({ name }) => ({ do: "delete", name }) as const);
  if (kept === undefined) return [...others, { do: "create", body: newStatus(service, identity) }];
  return [...others, ...adoption(kept, identity), ...statusWrite(kept, service, announced, identity)];
}

function newStatus(service: ObjectName, { node, namespace, pod }: StatusIdentity): object {
  return {
    apiVersion: "metallb.io/v1beta1",
    kind: "ServiceL2Status",
    metadata: {
      generateName: "l2-",
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

function adoption({ name, owner }: L2StatusView, { pod }: StatusIdentity): readonly StatusWrite[] {
  if (pod === undefined || owner === pod.uid) return [];
  return [{ do: "adopt", name, body: { metadata: { ownerReferences: [ownerReference(pod)] } } }];
}

function statusWrite(
  kept: L2StatusView,
  service: ObjectName,
  announced: Announcement["interfaces"],
  { node }: StatusIdentity,
): readonly StatusWrite[] {
  const interfaces = announced === "all" ? undefined : [...announced].sort();
  if (kept.written && kept.interfaces?.join() === interfaces?.join()) return [];
  const status = {
    node,
    serviceName: service.name,
    serviceNamespace: service.namespace,
    interfaces: interfaces?.map((name) => ({ name })) ?? null,
  };
  return [{ do: "status", name: kept.name, body: { status } }];
}

function byName(a: L2StatusView, b: L2StatusView): number {
  return a.name < b.name ? -1 : 1;
}
