import type { IpAddress } from "../ip/address.ts";

/**
 * Path attributes as plain data. How a peer spells them (two or four bytes per AS number, flags, lengths) is the
 * business of `wire/`: here an AS path always has the true AS numbers.
 */
export interface PathAttributes {
  readonly origin: Origin;
  /** Empty for what an internal peer originated. */
  readonly asPath: readonly AsPathSegment[];
  /** NEXT_HOP, of the routes in `Update.announced`; those in `Update.reach` have their own. */
  readonly nextHop?: IpAddress;
  /** MULTI_EXIT_DISC, unsigned 32 bits. */
  readonly med?: number;
  /** Unsigned 32 bits. */
  readonly localPref?: number;
  readonly atomicAggregate?: true;
  readonly aggregator?: Aggregator;
  /** RFC 1997, each an unsigned 32-bit number. */
  readonly communities: readonly number[];
  /** RFC 8092. */
  readonly largeCommunities: readonly LargeCommunity[];
  /** RFC 4360, 8 bytes each, type first. */
  readonly extendedCommunities: readonly Uint8Array[];
  /** What we don't interpret, in order of arrival. */
  readonly unknown: readonly UnknownAttribute[];
}

/** RFC 4271 §5.1.1. */
type Origin = "igp" | "egp" | "incomplete";

/** RFC 4271 §4.3 b and, for confederations, RFC 5065 §3. */
export interface AsPathSegment {
  readonly is: "sequence" | "set" | "confed-sequence" | "confed-set";
  /** 1 to 255 AS numbers, unsigned 32 bits; a longer sequence is several segments. */
  readonly asns: readonly number[];
}

export interface Aggregator {
  readonly asn: number;
  /** IPv4: the router ID of who aggregated. */
  readonly address: IpAddress;
}

/** Global administrator, local data 1, local data 2; each an unsigned 32-bit number. */
export type LargeCommunity = readonly [number, number, number];

export interface UnknownAttribute {
  /** Optional, transitive and partial bits (RFC 4271 §4.3); the others say nothing. */
  readonly flags: number;
  readonly type: number;
  readonly value: Uint8Array;
}
