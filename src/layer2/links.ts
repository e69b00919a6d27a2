/** Which interfaces take part in layer 2, and why the others do not. Pure. */
import { isLinkLocalUnicast } from "../ip/address.ts";
import type { FrameKind } from "../ports/frames.ts";
import type { Link } from "../ports/links.ts";

/** Why a kind of request is not answered on an interface. */
export type LinkRefusal =
  /** Its name is on the list of excluded interfaces. */
  | "excluded"
  | "down"
  /** Up, but without a carrier; when it comes back, the other side may have forgotten us and is told again. */
  | "no-carrier"
  /** A port of a bridge, bond or VRF: its master answers. */
  | "enslaved"
  /** IFF_NOARP: address resolution is off. */
  | "no-arp"
  | "no-mac"
  /** ARP needs broadcast. */
  | "no-broadcast"
  /** Neighbour discovery needs a link-local address (RFC 4861 §2.1 "link-local address"). */
  | "no-link-local";

/** Undefined: requests of this kind are answered on the interface. An IPv4 address on it is not needed. */
export function linkRefusal(link: Link, kind: FrameKind, excluded: RegExp): LinkRefusal | undefined {
  if (isExcluded(link, excluded)) return "excluded";
  if (!link.up) return "down";
  if (!link.running) return "no-carrier";
  if (link.hasMaster) return "enslaved";
  if (link.noArp) return "no-arp";
  if (link.mac === undefined) return "no-mac";
  if (kind === "arp") return link.broadcast ? undefined : "no-broadcast";
  return link.addresses.some(({ address }) => isLinkLocalUnicast(address)) ? undefined : "no-link-local";
}

export function isExcluded(link: Link, excluded: RegExp): boolean {
  return excluded.test(link.name);
}
