import { createHash } from "node:crypto";

/**
 * The order in which nodes are preferred as owner of an address: ascending by SHA-256 of `node#address`, which every
 * speaker computes alike without talking to the others. `ip` is the canonical text of the address.
 */
export function ownerOrder(nodes: readonly string[], ip: string): string[] {
  return nodes
    .map((node) => ({ node, digest: createHash("sha256").update(`${node}#${ip}`).digest("hex") }))
    .sort((a, b) => (a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0))
    .map(({ node }) => node);
}
