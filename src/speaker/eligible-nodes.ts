import type { L2Advertisement } from "../config/model.ts";
import type { NodeView } from "../config/node.ts";
import { EXCLUDE_LABEL } from "../config/node.ts";
import { anySelectorMatches, selectorMatches } from "../config/selector.ts";

/** What a Node object says that keeps the node from announcing, by whatever protocol. */
export type NodeCondition = "nodeNetworkUnavailable" | "nodeLabeledExcludeBalancers";

/** Why a node takes no part in elections. */
export type NodeRefusal = NodeCondition | "nodeNotAlive";

/** What decides it beside the Node object. */
export interface NodeConditions {
  readonly ignoreExcludeLabel: boolean;
  /** Nodes whose speakers are alive; undefined: there is no membership, and all are taken to be. */
  readonly alive: ReadonlySet<string> | undefined;
}

/** Why `node` may not own addresses; undefined when it may. */
export function nodeRefusal(node: NodeView, { ignoreExcludeLabel, alive }: NodeConditions): NodeRefusal | undefined {
  return alive?.has(node.name) === false ? "nodeNotAlive" : nodeCondition(node, ignoreExcludeLabel);
}

export function nodeCondition(node: NodeView, ignoreExcludeLabel: boolean): NodeCondition | undefined {
  if (node.networkUnavailable) return "nodeNetworkUnavailable";
  if (!ignoreExcludeLabel && Object.hasOwn(node.labels, EXCLUDE_LABEL)) return "nodeLabeledExcludeBalancers";
  return undefined;
}

/** An advertisement with the nodes it selects and how much it prefers each of them (0: not at all). */
export interface PlacedAdvertisement {
  readonly advertisement: L2Advertisement;
  readonly scores: ReadonlyMap<string, number>;
}

export function placeAdvertisement(advertisement: L2Advertisement, nodes: Iterable<NodeView>): PlacedAdvertisement {
  const { nodeSelectors, preferredNodes } = advertisement;
  const scores = new Map<string, number>();
  for (const node of nodes) {
    if (nodeSelectors.length > 0 && !anySelectorMatches(nodeSelectors, node.labels)) continue;
    const matching = preferredNodes.filter(({ selector }) => selectorMatches(selector, node.labels));
    scores.set(
      node.name,
      matching.reduce((sum, { weight }) => sum + weight, 0),
    );
  }
  return { advertisement, scores };
}
