import { createHash } from "node:crypto";
import type { ApiObject, Json } from "../../objects.ts";
import { at, record, records, text } from "../../objects.ts";

/** No vowels, nothing that looks alike: what the names of Pods and ReplicaSets are made of. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const HASH_LENGTH = 10;

/** A short text that tells one Pod template from another. */
export function templateHash(template: unknown): string {
  const digest = createHash("sha256").update(canonical(template)).digest();
  return [...digest.subarray(0, HASH_LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** JSON whose keys are in order, so that equal templates have equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The ownerReference of a controller. */
export function controllerReference({ apiVersion, kind, metadata: { name, uid } }: ApiObject): Json {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** The UID of the controller that an object belongs to; "" when it has none. */
export function controllerOf({ metadata: { ownerReferences = [] } }: ApiObject): string {
  return ownerReferences.find(({ controller }) => controller === true)?.uid ?? "";
}

/** A new Pod of a workload's template; the server makes up the end of its name. */
export function podOf(owner: ApiObject, labels: Readonly<Record<string, string>>, node?: string): Json {
  const template = record(at(owner["spec"], "template"));
  const metadata = record(template["metadata"]);
  const { name, namespace } = owner.metadata;
  return {
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...record(metadata["labels"]), ...labels },
      ...(metadata["annotations"] === undefined ? {} : { annotations: metadata["annotations"] }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: { ...record(template["spec"]), ...(node === undefined ? {} : { nodeName: node }) },
  };
}

/** Whether a Pod counts for its workload: it is not on its way out, and has not ended for good. */
export function isActive(pod: ApiObject): boolean {
  const phase = at(pod["status"], "phase");
  return pod.metadata.deletionTimestamp === undefined && phase !== "Succeeded" && phase !== "Failed";
}

export function isReady(pod: ApiObject): boolean {
  return records(at(pod["status"], "conditions")).some(({ type, status }) => type === "Ready" && status === "True");
}

/** The node that a Pod is bound to; "" before it is. */
export function nodeOf(pod: ApiObject): string {
  return text(at(pod["spec"], "nodeName"));
}
