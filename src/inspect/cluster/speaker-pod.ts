import { fieldsOf, itemsOf, textMapOf, textOf } from "../../config/fields.ts";
import type { KubeObject } from "../../ports/kube.ts";

/** A speaker's Pod, as far as it tells whether a node has a speaker at work. */
export interface SpeakerPod {
  readonly name: string;
  readonly node: string;
  /** The kubelet finds it ready, and it is not being deleted. */
  readonly ready: boolean;
}

/** Labels of the speakers' Pods: those of the reference's manifests, and of its Helm chart. */
const LABELS: Readonly<Record<string, string>> = {
  component: "speaker",
  "app.kubernetes.io/component": "speaker",
};

/** Undefined for other Pods, and for speakers that have no node yet. Never throws. */
export function projectSpeakerPod(object: KubeObject): SpeakerPod | undefined {
  const metadata = fieldsOf(object.metadata);
  const labels = textMapOf(metadata["labels"]);
  const node = textOf(fieldsOf(object["spec"])["nodeName"]);
  const isSpeaker = Object.entries(LABELS).some(([key, value]) => labels[key] === value);
  if (!isSpeaker || node === undefined) return undefined;
  const conditions = itemsOf(fieldsOf(object["status"])["conditions"], 100).map(fieldsOf);
  const ready = conditions.some(({ type, status }) => type === "Ready" && status === "True");
  const going = textOf(metadata["deletionTimestamp"]) !== undefined;
  return { name: textOf(metadata["name"]) ?? "", node, ready: ready && !going };
}
