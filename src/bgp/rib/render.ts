import type { AsPathSegment, PathAttributes } from "../path-attributes.ts";
import { AS_TRANS } from "../message.ts";
import type { RouteAttributes } from "./route.ts";

/** What of a session decides how routes look in it. */
export interface PeerView {
  /** Whether the peer is in our own autonomous system. */
  readonly internal: boolean;
  /** The AS number that the peer knows us by. */
  readonly asn: number;
}

/** RFC 4271 leaves it to us; every implementation has this one. */
const DEFAULT_LOCAL_PREF = 100;

/** Transitive two-octet-AS type and sub-type of the link bandwidth community (RFC 10005). */
const LINK_BANDWIDTH = 0x0004n;

/** The path attributes, but for next hops, by which a peer learns what is meant. */
export function render(attributes: RouteAttributes, { internal, asn }: PeerView): PathAttributes {
  const { localPref, med, prepend, communities, largeCommunities } = attributes;
  return {
    origin: "igp",
    asPath: internal ? [] : [sequence(asn, 1 + prepend)],
    ...(med === undefined ? {} : { med }),
    ...(internal ? { localPref: localPref ?? DEFAULT_LOCAL_PREF } : {}),
    communities,
    largeCommunities,
    extendedCommunities: extendedCommunities(attributes, asn).map(toBytes),
    unknown: [],
  };
}

/** Equal for attributes that the peer can't tell apart. */
export function renderedKey(attributes: RouteAttributes, { internal, asn }: PeerView): string {
  const { localPref, med, prepend, communities, largeCommunities } = attributes;
  const own = internal ? (localPref ?? DEFAULT_LOCAL_PREF) : `x${prepend}`;
  const lists = [communities, largeCommunities, extendedCommunities(attributes, asn)];
  return [own, med, ...lists.map((list) => list.join())].join(";");
}

function sequence(asn: number, times: number): AsPathSegment {
  return { is: "sequence", asns: Array.from({ length: times }, () => asn) };
}

/** An AS number that needs four bytes is not in the link bandwidth community, which has room for two. */
function extendedCommunities(attributes: RouteAttributes, asn: number): readonly bigint[] {
  const { extendedCommunities: given, linkBandwidth } = attributes;
  if (linkBandwidth === undefined) return given;
  const administrator = BigInt(asn > 0xffff ? AS_TRANS : asn);
  const bandwidth = BigInt(floatBits(linkBandwidth));
  return [...given, (LINK_BANDWIDTH << 48n) | (administrator << 32n) | bandwidth];
}

/** IEEE 754 single precision, as an unsigned 32-bit number. */
function floatBits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0);
}

function toBytes(community: bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, community);
  return new Uint8Array(view.buffer);
}
