import type { Labels, LabelSelector } from "./selector.ts";
import { anySelectorMatches } from "./selector.ts";

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
