import type { KubeObject } from "../ports/kube.ts";
import { fieldsOf, itemsOf, textOf } from "./fields.ts";
import { STATUS_LABELS } from "./service-status.ts";

/** Labels by which a BGPSessionState says what it is about. A peer's name may be too long for a label: it is cut there. */
export const SESSION_LABELS = { node: STATUS_LABELS.node, peer: "metallb.io/peer", vrf: "metallb.io/vrf" } as const;

/** What a speaker keeps of a BGPSessionState. */
export interface BgpSessionStateView {
  readonly name: string;
  readonly resourceVersion: string;
  /** From the labels. */
  readonly node: string;
  /** uid of the owning Pod; "" when nobody owns it. */
  readonly owner: string;
  /** The status in one text, to be compared. */
  readonly status: string;
}

/** Never throws. */
export function projectBgpSessionState(object: KubeObject): BgpSessionStateView {
  const metadata = fieldsOf(object.metadata);
  const labels = fieldsOf(metadata["labels"]);
  return {
    name: textOf(metadata["name"]) ?? "",
    resourceVersion: textOf(metadata["resourceVersion"]) ?? "",
    node: textOf(labels[SESSION_LABELS.node]) ?? "",
    owner: textOf(fieldsOf(itemsOf(metadata["ownerReferences"], 1)[0])["uid"]) ?? "",
    status: canonical(object["status"]),
  };
}

/** Equal for statuses that say the same. */
export function canonical(status: unknown): string {
  return JSON.stringify(status ?? {}, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
