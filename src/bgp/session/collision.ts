/** Who began a TCP connection. */
export type Initiator = "us" | "peer";

interface Speaker {
  /** BGP identifier, unsigned 32 bits. */
  readonly routerId: number;
  readonly asn: number;
}

/**
 * Whose connection is kept when both sides have begun one: that of the higher BGP identifier (RFC 4271 §6.8), or of the
 * higher AS number where two AS use the same identifier (RFC 6286 §2.3).
 */
export function dominantSide(we: Speaker, peer: Speaker): Initiator {
  const difference = we.routerId === peer.routerId ? we.asn - peer.asn : we.routerId - peer.routerId;
  return difference > 0 ? "us" : "peer";
}

/** A connection that may collide with the one on which an OPEN has come. */
export interface Rival {
  readonly initiator: Initiator;
  readonly is:
    /** There is no TCP connection yet. */
    | "attempt"
    /** The peer's OPEN has not come there. */
    | "silent"
    /** The peer's OPEN has come there: OpenConfirm. */
    | "opened"
    | "established";
}

/**
 * What becomes of two connections when an OPEN has come on the newer one to be heard: `keep` it and drop the rival, `drop`
 * it, or `wait` for the rival's OPEN.
 *
 * RFC 4271 §6.8 looks only at connections in OpenConfirm, and permits to look at those in OpenSent when the peer is known,
 * as it is here: connections of a session are all with one configured peer. Deciding by order of arrival would let both
 * sides drop different connections when OPENs and KEEPALIVEs cross, so the connection that loses is not confirmed while
 * the one that wins may still come up. When it can't win any more, it is closed at once: FRR, which closes it as well,
 * loses both more often when that is left to it.
 */
export function resolveCollision(initiator: Initiator, rival: Rival, dominant: Initiator): "keep" | "drop" | "wait" {
  if (rival.is === "attempt") return "keep";
  if (rival.is === "established") return "drop";
  // The peer has begun both: it can't want the older one any more.
  if (rival.initiator === initiator) return "keep";
  if (initiator === dominant) return "keep";
  return rival.is === "silent" ? "wait" : "drop";
}
