import type { IpAddress } from "../../ip/address.ts";
import { familyOf, isLinkLocalUnicast } from "../../ip/address.ts";
import type { Family } from "../../ip/family.ts";

/** Where a peer is to send what it has for our routes. */
export interface NextHop {
  readonly nextHop: IpAddress;
  /** For peers on the same link (RFC 2545 §3). */
  readonly linkLocalNextHop?: IpAddress;
}

/** Our addresses, as a peer can reach them. */
export interface SessionAddresses {
  /** Our end of the session's connection. */
  readonly local: IpAddress;
  /** All addresses of the interface that the session runs over, the most useful first. */
  readonly ofInterface: readonly IpAddress[];
  /** Whether the peer is on the same link, with no router in between. */
  readonly onLink: boolean;
}

/**
 * The next hop of routes of `family`; undefined: none that the peer could use. The address that the session itself runs
 * over comes first, because the peer is known to reach it. `extendedNextHop`: the peer takes IPv6 next hops for IPv4
 * routes (RFC 8950).
 */
export function nextHopOf(family: Family, addresses: SessionAddresses, extendedNextHop: boolean): NextHop | undefined {
  const { local, ofInterface } = addresses;
  const overIpv4 = familyOf(local) === "IPv4";
  if (family === "IPv6") return ipv6NextHop(addresses);
  if (overIpv4) return { nextHop: local };
  const extended = extendedNextHop ? ipv6NextHop(addresses) : undefined;
  if (extended !== undefined) return extended;
  const ipv4 = ofInterface.find((address) => familyOf(address) === "IPv4");
  return ipv4 === undefined ? undefined : { nextHop: ipv4 };
}

function ipv6NextHop({ local, ofInterface, onLink }: SessionAddresses): NextHop | undefined {
  const candidates = [local, ...ofInterface].filter((address) => familyOf(address) === "IPv6");
  const nextHop = candidates.find((address) => !isLinkLocalUnicast(address));
  const linkLocalNextHop = onLink ? candidates.find(isLinkLocalUnicast) : undefined;
  if (linkLocalNextHop === undefined) return nextHop === undefined ? undefined : { nextHop };
  // An interface without global addresses: the usual way is to send the link-local one in both places.
  return { nextHop: nextHop ?? linkLocalNextHop, linkLocalNextHop };
}
