import { hash } from "node:crypto";

/**
 * The order in which nodes are preferred as owner of an address: ascending by SHA-256 of `node#address`, which every
 * speaker computes alike without talking to the others. `ip` is the canonical text of the address.
 */
export function ownerOrder(nodes: readonly string[], ip: string): string[] {
  return nodes
    .map((node) => ({ node, rank: rankOf(node, ip) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0))
    .map(({ node }) => node);
}

/** The first in that order, without sorting; undefined when there are no nodes. */
export function firstOwner(nodes: readonly string[], ip: string): string | undefined {
  if (nodes.length < 2) return nodes[0];
  let first: string | undefined;
  let lowest = "";
  for (const node of nodes) {
    const rank = rankOf(node, ip);
    if (first !== undefined && rank >= lowest) continue;
    first = node;
    lowest = rank;
  }
  return first;
}

/** Sorts as the digest's bytes do. */
function rankOf(node: string, ip: string): string {
  return hash("sha256", `${node}#${ip}`, "hex");
}
