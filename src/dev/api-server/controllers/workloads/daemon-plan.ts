import type { ApiObject, Json } from "../../objects.ts";
import { at, record } from "../../objects.ts";
import { fits } from "./node-fit.ts";
import { isActive, isReady, nodeOf } from "./pods.ts";
import { count } from "./rollout-plan.ts";

/** Tells which template a Pod of a DaemonSet was made from. */
export const REVISION_LABEL = "controller-revision-hash";

export interface DaemonPlan {
  /** Nodes that need a Pod. */
  readonly create: readonly string[];
  readonly remove: readonly ApiObject[];
  readonly status: Json;
}

/**
 * What a DaemonSet needs: one Pod on each node that it fits. A Pod that goes holds its node's place until it is gone,
 * because its successor wants the same ports. `pods` are the set's own, `revision` is that of the present template.
 */
export function planDaemons(
  set: ApiObject,
  {
    nodes,
    pods,
    revision,
  }: { readonly nodes: readonly ApiObject[]; readonly pods: readonly ApiObject[]; readonly revision: string },
): DaemonPlan {
  const spec = record(at(set["spec"], "template", "spec"));
  const wanted = nodes.filter((node) => fits(spec, node, { daemon: true })).map((node) => node.metadata.name);
  const placed = Map.groupBy(pods, nodeOf);
  const misplaced = pods.filter((pod) => isActive(pod) && !wanted.includes(nodeOf(pod)));
  const kept = wanted.flatMap((node) => placed.get(node)?.find(isActive) ?? []);
  const doubles = pods.filter((pod) => isActive(pod) && !misplaced.includes(pod) && !kept.includes(pod));
  const ready = kept.filter(isReady);
  const updated = kept.filter((pod) => pod.metadata.labels?.[REVISION_LABEL] === revision);
  return {
    create: wanted.filter((node) => (placed.get(node) ?? []).every(hasEnded)),
    remove: [
      ...misplaced,
      ...doubles,
      ...pods.filter(hasEnded),
      ...outdated(set, { kept, updated, wanted: wanted.length }),
    ],
    status: {
      desiredNumberScheduled: wanted.length,
      currentNumberScheduled: kept.length,
      numberMisscheduled: misplaced.length,
      numberReady: ready.length,
      numberAvailable: ready.length,
      ...(ready.length < wanted.length ? { numberUnavailable: wanted.length - ready.length } : {}),
      updatedNumberScheduled: updated.length,
      observedGeneration: set.metadata.generation,
    },
  };
}

/** Pods of an older template that may go now: at most `maxUnavailable` nodes are without a ready Pod at a time. */
function outdated(
  set: ApiObject,
  {
    kept,
    updated,
    wanted,
  }: { readonly kept: readonly ApiObject[]; readonly updated: readonly ApiObject[]; readonly wanted: number },
): ApiObject[] {
  const strategy = record(at(set["spec"], "updateStrategy"));
  if (strategy["type"] === "OnDelete") return [];
  const old = kept.filter((pod) => !updated.includes(pod));
  const broken = old.filter((pod) => !isReady(pod));
  const limit = Math.max(1, Math.ceil(count(at(strategy, "rollingUpdate", "maxUnavailable") as number, wanted) || 1));
  const missing = wanted - kept.filter(isReady).length;
  return [...broken, ...old.filter(isReady).slice(0, Math.max(0, limit - missing))];
}

function hasEnded(pod: ApiObject): boolean {
  return pod.metadata.deletionTimestamp === undefined && !isActive(pod);
}
