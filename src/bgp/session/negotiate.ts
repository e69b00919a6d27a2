import { type Family, otherFamily } from "../../ip/family.ts";
import { type Millis, seconds } from "../../lib/duration.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { afiOf, unicastFamily } from "../address-family.ts";
import { AS_TRANS, type Capability, type GracefulRestart, type Open } from "../message.ts";
import { NOTIFICATION, OPEN_ERROR, type ProtocolError } from "../notification.ts";
import { describeRemoteAs, satisfiesRemoteAs, type SessionConfig } from "./config.ts";
import { keepaliveInterval, negotiatedHoldTime } from "./timing.ts";

/** What two OPENs make of a session. */
export interface Negotiated {
  /** Families that both sides want, in our order. */
  readonly families: readonly Family[];
  /** Families that we want and the peer does not: their routes can't be announced to it. */
  readonly missingFamilies: readonly Family[];
  readonly fourOctetAs: boolean;
  readonly extendedMessages: boolean;
  readonly routeRefresh: boolean;
  readonly enhancedRefresh: boolean;
  /** Families whose routes may have a next hop of the other family. */
  readonly extendedNextHop: readonly Family[];
  /** What the peer offers, if we offered it, too. */
  readonly gracefulRestart: GracefulRestart | undefined;
  /** 0: the session never expires. */
  readonly holdTime: Millis;
  /** What the peer asked for. */
  readonly peerHoldTime: Millis;
  /** Before jitter; 0: no keepalives are sent. */
  readonly keepaliveTime: Millis;
  readonly peerRouterId: number;
  readonly peerAsn: number;
  readonly internal: boolean;
  /** All that the peer said of itself, for people. */
  readonly peerCapabilities: readonly Capability[];
}

/**
 * Judges the peer's OPEN beside ours (RFC 4271 §6.2, RFC 5492, RFC 6286). What needs no configuration has been checked
 * when it was decoded. A family that the peer doesn't want is no error, or a router without IPv6 would cost IPv4.
 */
export function negotiate(config: SessionConfig, ours: Open, peers: Open): Result<Negotiated, ProtocolError> {
  const peerAsn = asnOf(peers);
  const internal = peerAsn === config.localAsn;
  const complaint = asnComplaint(config, peers, peerAsn) ?? identifierComplaint(config, peers, internal);
  if (complaint !== undefined) return err(complaint);
  const both = (is: Capability["is"]): boolean => has(ours, is) && has(peers, is);
  const families = familiesOf(ours).filter((family) => familiesOf(peers).includes(family));
  const peerHoldTime = seconds(peers.holdTime);
  const holdTime = negotiatedHoldTime(config.holdTime, peerHoldTime);
  return ok({
    families,
    missingFamilies: config.families.filter((family) => !families.includes(family)),
    fourOctetAs: both("four-octet-as"),
    extendedMessages: both("extended-message"),
    routeRefresh: both("route-refresh"),
    enhancedRefresh: both("enhanced-route-refresh"),
    extendedNextHop: nextHopsOf(ours).filter((f) => families.includes(f) && nextHopsOf(peers).includes(f)),
    gracefulRestart: has(ours, "graceful-restart") ? gracefulRestartOf(peers) : undefined,
    holdTime,
    peerHoldTime,
    keepaliveTime: keepaliveInterval(config.keepaliveTime, holdTime),
    peerRouterId: peers.routerId,
    peerAsn,
    internal,
    peerCapabilities: peers.capabilities,
  });
}

function asnComplaint({ remoteAs, localAsn }: SessionConfig, peers: Open, asn: number): ProtocolError | undefined {
  if (!fieldAgrees(peers.asn, asn)) {
    return openError(OPEN_ERROR.BAD_PEER_AS, `the peer says both AS ${peers.asn} and AS ${asn}`);
  }
  if (asn === AS_TRANS) return openError(OPEN_ERROR.BAD_PEER_AS, `the peer says AS ${AS_TRANS}, which nobody has`);
  if (satisfiesRemoteAs(remoteAs, asn, localAsn)) return undefined;
  const wanted = describeRemoteAs(remoteAs, localAsn);
  return openError(OPEN_ERROR.BAD_PEER_AS, `the peer is in AS ${asn}; configured is ${wanted}`);
}

/** An AS number that fits stands in the field of 16 bits, too; some write AS_TRANS there nevertheless. */
function fieldAgrees(field: number, asn: number): boolean {
  return field === AS_TRANS || field === asn;
}

function identifierComplaint(config: SessionConfig, peers: Open, internal: boolean): ProtocolError | undefined {
  if (!internal || peers.routerId !== config.routerId) return undefined;
  return openError(OPEN_ERROR.BAD_IDENTIFIER, "the peer has our BGP identifier, in our own AS");
}

function openError(subcode: number, message: string): ProtocolError {
  return { code: NOTIFICATION.OPEN, subcode, data: new Uint8Array(), message };
}

/** RFC 6793 §4.1: the capability has the number; speakers without it mean the field. */
function asnOf({ asn, capabilities }: Open): number {
  return capabilities.find((one) => one.is === "four-octet-as")?.asn ?? asn;
}

function has({ capabilities }: Open, is: Capability["is"]): boolean {
  return capabilities.some((one) => one.is === is);
}

/** RFC 4760 §8: who speaks of no family has IPv4 unicast only. */
function familiesOf({ capabilities }: Open): readonly Family[] {
  const tables = capabilities.filter((one) => one.is === "multiprotocol");
  if (tables.length === 0) return ["IPv4"];
  return tables.map((table) => unicastFamily(table)).filter((family) => family !== undefined);
}

/** Families whose routes may have a next hop of the other one. */
function nextHopsOf({ capabilities }: Open): readonly Family[] {
  return capabilities.flatMap((one) => {
    if (one.is !== "extended-next-hop") return [];
    return one.entries.flatMap((entry) => {
      const family = unicastFamily(entry);
      return family !== undefined && entry.nextHopAfi === afiOf(otherFamily(family)) ? [family] : [];
    });
  });
}

/** RFC 4724 §3: what counts is the last one. */
function gracefulRestartOf({ capabilities }: Open): GracefulRestart | undefined {
  return capabilities.findLast((one) => one.is === "graceful-restart");
}
