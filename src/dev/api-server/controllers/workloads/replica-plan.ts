import type { ApiObject, Json } from "../../objects.ts";
import { at, record } from "../../objects.ts";
import { isActive, isReady, nodeOf } from "./pods.ts";

export interface ReplicaPlan {
  /** How many Pods are missing. */
  readonly create: number;
  readonly remove: readonly ApiObject[];
  readonly status: Json;
}

/** What a ReplicaSet needs, given the Pods that are its own. Of too many, those go first that are of least use. */
export function planReplicas(set: ApiObject, pods: readonly ApiObject[]): ReplicaPlan {
  const active = pods.filter(isActive);
  const wanted = replicasOf(set);
  const surplus = active
    .toSorted((a, b) => use(a) - use(b) || byAge(b, a))
    .slice(0, Math.max(0, active.length - wanted));
  const ready = active.filter(isReady).length;
  return {
    create: Math.max(0, wanted - active.length),
    remove: surplus,
    status: {
      replicas: active.length,
      fullyLabeledReplicas: active.length,
      readyReplicas: ready,
      availableReplicas: ready,
      observedGeneration: set.metadata.generation,
    },
  };
}

export function replicasOf(workload: ApiObject): number {
  return Number(at(workload["spec"], "replicas") ?? 1);
}

export function availableOf(workload: ApiObject): number {
  return Number(record(workload["status"])["availableReplicas"] ?? 0);
}

function use(pod: ApiObject): number {
  return (nodeOf(pod) === "" ? 0 : 1) + (isReady(pod) ? 2 : 0);
}

/** Older first. */
function byAge(a: ApiObject, b: ApiObject): number {
  return (a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? -1 : 1;
}
