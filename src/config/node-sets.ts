import * as z from "zod";
import type { KubeObject } from "../ports/kube.ts";
import { labelSelector } from "./crd/types.ts";
import { fieldsOf } from "./fields.ts";
import { parseSelectors } from "./parse-selector.ts";
import type { Labels, LabelSelector } from "./selector.ts";
import { anySelectorMatches } from "./selector.ts";

const SELECTORS = z.array(labelSelector).optional();

/** Anything that is limited to some nodes; no selector: every node. */
export interface OnNodes {
  readonly nodeSelectors: readonly LabelSelector[];
}

/** Whether a node with these labels is selected. */
function isOnNode({ nodeSelectors }: OnNodes, labels: Labels): boolean {
  return nodeSelectors.length === 0 || anySelectorMatches(nodeSelectors, labels);
}

/** Whether some node is selected by both. Without `nodes`, which means not known, only what holds for any node counts. */
export function shareNode(a: OnNodes, b: OnNodes, nodes: readonly { readonly labels: Labels }[] | undefined): boolean {
  if (nodes === undefined) return a.nodeSelectors.length === 0 && b.nodeSelectors.length === 0;
  return nodes.some(({ labels }) => isOnNode(a, labels) && isOnNode(b, labels));
}

/**
 * Whether a BGPPeer or BGPAdvertisement, as it is in the API, is for a node with these labels. One whose selectors can't
 * be read is, so that the mistake is reported.
 */
export function isForNode(object: KubeObject, labels: Labels): boolean {
  const raw = SELECTORS.safeParse(fieldsOf(object["spec"])["nodeSelectors"]);
  if (!raw.success) return true;
  let readable = true;
  const nodeSelectors = parseSelectors(raw.data, "spec.nodeSelectors", () => (readable = false));
  return !readable || isOnNode({ nodeSelectors }, labels);
}
