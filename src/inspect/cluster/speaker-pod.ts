import { type Fields, fieldsOf, itemsOf, textMapOf, textOf, textsOf } from "../../config/fields.ts";
import { COMMON_DEFAULTS } from "../../lib/flags.ts";
import type { KubeObject } from "../../ports/kube.ts";

/** A speaker's Pod, as far as it tells whether a node has a speaker at work, and how to ask it. */
export interface SpeakerPod {
  readonly name: string;
  readonly node: string;
  /** The kubelet finds it ready, and it is not being deleted. */
  readonly ready: boolean;
  /** Where it serves its metrics, and its state beside them; 0: nowhere. */
  readonly metricsPort: number;
  readonly serviceAccount: string;
}

/** Labels of the speakers' Pods: those of the reference's manifests, and of its Helm chart. */
const LABELS: Readonly<Record<string, string>> = {
  component: "speaker",
  "app.kubernetes.io/component": "speaker",
};

/** More than a Pod has of anything. */
const MOST = 100;

/** Undefined for other Pods, and for speakers that have no node yet. Never throws. */
export function projectSpeakerPod(object: KubeObject): SpeakerPod | undefined {
  const metadata = fieldsOf(object.metadata);
  const labels = textMapOf(metadata["labels"]);
  const spec = fieldsOf(object["spec"]);
  const node = textOf(spec["nodeName"]);
  const isSpeaker = Object.entries(LABELS).some(([key, value]) => labels[key] === value);
  if (!isSpeaker || node === undefined) return undefined;
  const conditions = itemsOf(fieldsOf(object["status"])["conditions"], MOST).map(fieldsOf);
  const ready = conditions.some(({ type, status }) => type === "Ready" && status === "True");
  const going = textOf(metadata["deletionTimestamp"]) !== undefined;
  return {
    name: textOf(metadata["name"]) ?? "",
    node,
    ready: ready && !going,
    metricsPort: metricsPortOf(itemsOf(spec["containers"], MOST).map(fieldsOf)),
    serviceAccount: textOf(spec["serviceAccountName"]) || "default",
  };
}

/** By its flag, else by the name of a port. The reference's Pods have containers with metrics of their own beside it. */
function metricsPortOf(containers: readonly Fields[]): number {
  const container = containers.find(({ name }) => name === "speaker") ?? containers[0] ?? {};
  const args = [...textsOf(container["command"], MOST), ...textsOf(container["args"], MOST)].join("\n");
  const flag = /^--?port[=\n](\d{1,5})$/m.exec(args)?.[1];
  if (flag !== undefined) return Number(flag);
  const ports = itemsOf(container["ports"], MOST).map(fieldsOf);
  const named = ports.find(({ name }) => /^(metrics|monitoring)/.test(textOf(name) ?? ""))?.["containerPort"];
  return typeof named === "number" ? named : COMMON_DEFAULTS.port;
}
