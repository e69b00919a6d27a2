import type { Family } from "../../ip/family.ts";
import type { LivePeer } from "../../speaker/bgp/live-bgp.ts";

/**
 * The session in which a node's routes of a family reach the router of `peer`, when that session is not for the family itself:
 * one session for each family with one router is the usual way of configuring it. Undefined: there is no such session.
 * `peers`: all of the node.
 */
export function otherSession(family: Family, peer: LivePeer, peers: Iterable<LivePeer>): LivePeer | undefined {
  const { negotiated } = peer;
  if (negotiated === undefined || negotiated.families.includes(family) || negotiated.missingFamilies.includes(family))
    return undefined;
  for (const other of peers) if (isForRouter(other, negotiated) && carries(other, family)) return other;
  return undefined;
}

/** A router is known by AS number and BGP identifier (RFC 6286 §2.1). */
function isForRouter(other: LivePeer, { peerAsn, peerRouterId }: NonNullable<LivePeer["negotiated"]>): boolean {
  const { state, negotiated } = other;
  return state === "Established" && negotiated?.peerAsn === peerAsn && negotiated.peerRouterId === peerRouterId;
}

function carries({ negotiated, prefixes }: LivePeer, family: Family): boolean {
  return negotiated?.families.includes(family) === true && Object.keys(prefixes[family].unsent).length === 0;
}
