import type { ApiObject, Json } from "../../objects.ts";
import { at, record, records } from "../../objects.ts";
import { replicasOf } from "./replica-plan.ts";
import { count } from "./rollout-plan.ts";

/** What a Deployment says about itself. `sets` are its ReplicaSets, `current` is the one of its present template. */
export function deploymentStatus(
  deployment: ApiObject,
  sets: readonly ApiObject[],
  current: ApiObject,
  now: string,
): Json {
  const wanted = replicasOf(deployment);
  const replicas = total(sets, "replicas");
  const available = total(sets, "availableReplicas");
  const updated = total([current], "replicas");
  const mayMiss = Math.floor(count(maxUnavailable(deployment), wanted));
  const complete = updated === wanted && replicas === wanted && available >= wanted;
  const conditions = [
    condition("Available", available >= wanted - mayMiss, [
      "MinimumReplicasAvailable",
      "Deployment has minimum availability.",
      "MinimumReplicasUnavailable",
      "Deployment does not have minimum availability.",
    ]),
    condition("Progressing", true, [
      complete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
      `ReplicaSet "${current.metadata.name}" ${complete ? "has successfully progressed." : "is progressing."}`,
    ]),
  ];
  return {
    observedGeneration: deployment.metadata.generation,
    replicas,
    updatedReplicas: updated,
    readyReplicas: total(sets, "readyReplicas"),
    availableReplicas: available,
    ...(available < wanted ? { unavailableReplicas: wanted - available } : {}),
    conditions: conditions.map((one) => dated(one, deployment, now)),
  };
}

function total(sets: readonly ApiObject[], field: string): number {
  return sets.reduce((sum, set) => sum + Number(record(set["status"])[field] ?? 0), 0);
}

function maxUnavailable(deployment: ApiObject): number | string {
  return (at(deployment["spec"], "strategy", "rollingUpdate", "maxUnavailable") ?? 0) as number | string;
}

function condition(type: string, holds: boolean, texts: readonly string[]): Json {
  const [reason, message] = holds ? texts : texts.slice(2);
  return { type, status: holds ? "True" : "False", reason, message };
}

/** With the times at which it became so; one that stays as it was keeps them. */
function dated(one: Json, deployment: ApiObject, now: string): Json {
  const before = records(at(deployment["status"], "conditions")).find(({ type }) => type === one["type"]);
  const same = before?.["status"] === one["status"];
  const unchanged = same && before?.["reason"] === one["reason"] && before?.["message"] === one["message"];
  return {
    ...one,
    lastTransitionTime: same ? before?.["lastTransitionTime"] : now,
    lastUpdateTime: unchanged ? before?.["lastUpdateTime"] : now,
  };
}
