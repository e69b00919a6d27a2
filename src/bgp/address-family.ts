import type { Family } from "../ip/family.ts";

/** IANA "Address Family Numbers", those that a speaker for Services needs. */
const AFI = { IPV4: 1, IPV6: 2 } as const;

/** IANA "Subsequent Address Family Identifiers". */
export const SAFI = { UNICAST: 1 } as const;

/** A table of routes as BGP numbers it (RFC 4760 §5). Any number may come from a peer. */
export interface AfiSafi {
  /** Unsigned 16 bits. */
  readonly afi: number;
  /** Unsigned 8 bits. */
  readonly safi: number;
}

export function afiOf(family: Family): number {
  return family === "IPv4" ? AFI.IPV4 : AFI.IPV6;
}

/** The unicast table's family; undefined for every other table. */
export function unicastFamily({ afi, safi }: AfiSafi): Family | undefined {
  if (safi !== SAFI.UNICAST) return undefined;
  if (afi === AFI.IPV4) return "IPv4";
  return afi === AFI.IPV6 ? "IPv6" : undefined;
}
