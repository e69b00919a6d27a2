import type { IpAddress } from "../ip/address.ts";
import type { IpPrefix } from "../ip/prefix.ts";
import type { PathAttributes } from "./path-attributes.ts";

/** What a peer is to learn, before it is packed into UPDATEs by `wire/encode-updates.ts`. */
export interface RouteChanges {
  /** Of both families, in any order. */
  readonly withdrawn: readonly IpPrefix[];
  readonly groups: readonly RouteGroup[];
}

/** Prefixes, of both families if need be, that are announced with the same attributes over the same next hop. */
export interface RouteGroup {
  /** `nextHop` in it is not looked at. */
  readonly attributes: PathAttributes;
  /** IPv4 prefixes over an IPv6 next hop need the peer's consent (RFC 8950). */
  readonly nextHop: IpAddress;
  /** For IPv6 next hops, when the peer is on the same link (RFC 2545 §3). */
  readonly linkLocalNextHop?: IpAddress;
  readonly prefixes: readonly IpPrefix[];
}
