import type { IpPrefix } from "../../ip/prefix.ts";
import type { LargeCommunity } from "../path-attributes.ts";

/** A route as it is meant, whichever peer is told of it. */
export interface Route {
  readonly prefix: IpPrefix;
  readonly attributes: RouteAttributes;
}

/** What a route says beside where it leads. Lists have no repeats and are in order, so that equal ones look equal. */
export interface RouteAttributes {
  /** For internal peers; undefined: the default. */
  readonly localPref: number | undefined;
  /** MULTI_EXIT_DISC; undefined: none. */
  readonly med: number | undefined;
  /** How many times more than once our AS number is in the path; for external peers. */
  readonly prepend: number;
  /** RFC 1997, ascending. */
  readonly communities: readonly number[];
  /** RFC 8092, ascending. */
  readonly largeCommunities: readonly LargeCommunity[];
  /** RFC 4360, as unsigned 64-bit numbers, ascending. */
  readonly extendedCommunities: readonly bigint[];
  /** Bytes per second that this way is good for, for weighted multipath (RFC 10005); undefined: not said. */
  readonly linkBandwidth: number | undefined;
}

/** Two prefixes are the same when their keys are. */
export function prefixKey({ address, length }: IpPrefix): bigint {
  return (address << 8n) | BigInt(length);
}
