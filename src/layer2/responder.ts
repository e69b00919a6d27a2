/** A frame in; a reply frame or the reason for silence out, and whether somebody claims an address of ours. Pure. */
import type { IpAddress } from "../ip/address.ts";
import type { Claim } from "./conflict.ts";
import { type ArpFrame, ARP_OPERATION, decodeArp, encodeArp } from "./packet/arp.ts";
import { BROADCAST_MAC, isGroupMac, isStationMac, sameMac } from "./packet/ethernet.ts";
import { ALL_NODES, isMulticast, multicastMac, UNSPECIFIED } from "./packet/ipv6.ts";
import { decodeAdvertisement, decodeSolicitation, encodeAdvertisement, looksLikeAdvertisement } from "./packet/ndp.ts";

/** Why a frame is not answered. */
export type DropReason =
  /** Not a valid packet of its kind. */
  | "malformed"
  /** An ARP reply, or a neighbour advertisement. */
  | "not-request"
  /** Sent to another station's Ethernet address. */
  | "not-for-us"
  /** Our own frame, come back. */
  | "own-frame"
  /** It gives a group, or nothing, as its own address: an answer would reach many, or nobody. */
  | "bad-sender"
  /** We don't own the target. */
  | "not-announced"
  /** We own the target, but don't announce it on this interface. */
  | "other-interface";

/** Where an address is announced, from the point of view of one interface. */
export type Standing = "announced" | "other-interface" | "not-announced";

/**
 * `asker`: the Ethernet address of who asks. `claim`: another station says that an address which we announce here is its
 * own. Both have views into the frame.
 */
export type Answer = (
  | { readonly kind: "reply"; readonly address: IpAddress; readonly frame: Uint8Array; readonly asker: Uint8Array }
  | { readonly kind: "drop"; readonly reason: DropReason }
) & { readonly claim?: Claim };

/** The interface that a frame came in on. */
export interface Station {
  readonly mac: Uint8Array;
  standing(address: IpAddress): Standing;
}

const drop = (reason: DropReason): Answer => ({ kind: "drop", reason });

/**
 * RFC 826. Probes (sender 0.0.0.0, RFC 5227 §2.1.1) are answered too: the address is in use. The reply goes to the sender
 * hardware address of the request, as the reference does. Any ARP packet claims its sender's address (RFC 5227 §2.4).
 */
export function respondToArp(frame: Uint8Array, station: Station): Answer {
  const decoded = decodeArp(frame);
  if (!decoded.ok) return drop("malformed");
  const { senderIp, senderMac } = decoded.value;
  return withClaim(answerArp(decoded.value, station), { address: senderIp, mac: senderMac }, station);
}

function withClaim(answer: Answer, claim: Claim, station: Station): Answer {
  if (station.standing(claim.address) !== "announced") return answer;
  return sameMac(claim.mac, station.mac) || !isStationMac(claim.mac) ? answer : { ...answer, claim };
}

function answerArp(request: ArpFrame, station: Station): Answer {
  if (request.operation !== ARP_OPERATION.REQUEST) return drop("not-request");
  if (!isForStation(request.destination, station)) return drop("not-for-us");
  if (sameMac(request.senderMac, station.mac)) return drop("own-frame");
  if (!isStationMac(request.senderMac)) return drop("bad-sender");
  const standing = station.standing(request.targetIp);
  if (standing !== "announced") return drop(standing);
  const reply = encodeArp({
    destination: request.senderMac,
    source: station.mac,
    operation: ARP_OPERATION.REPLY,
    senderMac: station.mac,
    senderIp: request.targetIp,
    targetMac: request.senderMac,
    targetIp: request.senderIp,
  });
  return { kind: "reply", address: request.targetIp, frame: reply, asker: request.senderMac };
}

function isForStation(destination: Uint8Array, station: Station): boolean {
  return sameMac(destination, station.mac) || sameMac(destination, BROADCAST_MAC);
}

/** Answers solicitations. Any advertisement claims its target, with the Ethernet source if it names no other address. */
export function respondToNdp(frame: Uint8Array, station: Station): Answer {
  if (!looksLikeAdvertisement(frame)) return respondToSolicitation(frame, station);
  const decoded = decodeAdvertisement(frame);
  if (!decoded.ok) return drop("malformed");
  const { target, targetLinkLayerAddress, sourceMac } = decoded.value;
  return withClaim(drop("not-request"), { address: target, mac: targetLinkLayerAddress ?? sourceMac }, station);
}

/**
 * RFC 4861 §7.2.4. The advertisement's source is the target itself: some clients take no answer for a global address from a
 * link-local one. A solicitation from the unspecified address is duplicate address detection (RFC 4862 §5.4): everybody
 * hears that the address is in use.
 */
function respondToSolicitation(frame: Uint8Array, station: Station): Answer {
  const decoded = decodeSolicitation(frame);
  if (!decoded.ok) return drop("malformed");
  const solicitation = decoded.value;
  const { destinationMac } = solicitation;
  if (!isGroupMac(destinationMac) && !sameMac(destinationMac, station.mac)) return drop("not-for-us");
  if (sameMac(solicitation.sourceMac, station.mac)) return drop("own-frame");
  const asker = solicitation.sourceLinkLayerAddress ?? solicitation.sourceMac;
  if (!isStationMac(asker) || isMulticast(solicitation.source)) return drop("bad-sender");
  const standing = station.standing(solicitation.target);
  if (standing !== "announced") return drop(standing);
  const anonymous = solicitation.source === UNSPECIFIED;
  const reply = encodeAdvertisement({
    destinationMac: anonymous ? multicastMac(ALL_NODES) : asker,
    sourceMac: station.mac,
    source: solicitation.target,
    destination: anonymous ? ALL_NODES : solicitation.source,
    target: solicitation.target,
    solicited: !anonymous,
    override: anonymous,
    targetLinkLayerAddress: station.mac,
  });
  return { kind: "reply", address: solicitation.target, frame: reply, asker };
}
