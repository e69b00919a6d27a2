import { toHex } from "../../bytes/hex.ts";
import type { PeerRib, RibRoute } from "../../bgp/rib/peer-rib.ts";
import type { Told } from "../../bgp/rib/renderer.ts";
import { prefixKey } from "../../bgp/rib/route.ts";
import { formatAddress } from "../../ip/address.ts";
import { formatPrefix, type IpPrefix } from "../../ip/prefix.ts";
import type { LiveAttributes, LiveRoute, LiveRouteState } from "./live-bgp.ts";

export interface RoutePage {
  readonly routes: readonly LiveRoute[];
  /** There are more: ask again for those after this one. */
  readonly next: string | undefined;
}

interface Keyed {
  readonly key: bigint;
  readonly route: RibRoute;
}

/** Type and sub-type of the link bandwidth community, whether it may pass on or not. */
const LINK_BANDWIDTH = [0x0004, 0x4004];

/** The routes of a peer after `after`, in the order of their prefixes, at most `limit` of them. */
export function routePage(rib: PeerRib, after: IpPrefix | undefined, limit: number): RoutePage {
  const begin = after === undefined ? -1n : prefixKey(after);
  const { first, more } = smallest(rib.routes(), begin, limit);
  const routes = liveRoutes(first);
  return { routes, next: more ? routes.at(-1)?.prefix : undefined };
}

/** What a peer has of these prefixes, in the order they are given. What is neither meant nor told is left out. */
export function routesOf(rib: PeerRib, prefixes: readonly IpPrefix[]): readonly LiveRoute[] {
  return liveRoutes(prefixes.map((prefix) => rib.route(prefix)).filter((route) => route !== undefined));
}

/**
 * The `limit` routes with the smallest keys after `begin`, in order. All are looked at, and never more than twice `limit`
 * sorted: pages of a large table cost little each.
 */
function smallest(
  routes: Iterable<RibRoute>,
  begin: bigint,
  limit: number,
): { readonly first: readonly RibRoute[]; readonly more: boolean } {
  const byKey = (a: Keyed, b: Keyed): number => (a.key < b.key ? -1 : 1);
  let kept: Keyed[] = [];
  let bound: bigint | undefined;
  let more = false;
  for (const route of routes) {
    const key = prefixKey(route.prefix);
    if (key <= begin) continue;
    if (bound !== undefined && key > bound) continue;
    kept.push({ key, route });
    if (kept.length < 2 * limit) continue;
    kept = kept.sort(byKey).slice(0, limit);
    bound = kept.at(-1)!.key;
    more = true;
  }
  more ||= kept.length > limit;
  return {
    first: kept
      .sort(byKey)
      .slice(0, limit)
      .map(({ route }) => route),
    more,
  };
}

function liveRoutes(routes: readonly RibRoute[]): readonly LiveRoute[] {
  const known = new Map<Told, LiveAttributes>();
  const attributesOf = (told: Told): LiveAttributes => {
    const attributes = known.get(told) ?? liveAttributes(told);
    known.set(told, attributes);
    return attributes;
  };
  return routes.map((route) => {
    const { prefix, told, unsent } = route;
    return {
      prefix: formatPrefix(prefix),
      state: stateOf(route),
      ...(unsent === undefined ? {} : { unsent }),
      ...(told === undefined ? {} : { told: attributesOf(told) }),
    };
  });
}

function stateOf({ wanted, told, unsent }: RibRoute): LiveRouteState {
  if (told !== undefined) return wanted === undefined ? "leaving" : "told";
  return unsent === undefined ? "waiting" : "unsent";
}

function liveAttributes({ attributes, nextHop: { nextHop, linkLocalNextHop } }: Told): LiveAttributes {
  const { asPath, localPref, med, communities, largeCommunities, extendedCommunities } = attributes;
  const linkBandwidth = extendedCommunities.map(bandwidthOf).find((bandwidth) => bandwidth !== undefined);
  return {
    nextHop: formatAddress(nextHop),
    ...(linkLocalNextHop === undefined ? {} : { linkLocalNextHop: formatAddress(linkLocalNextHop) }),
    asPath: asPath.flatMap(({ asns }) => asns),
    ...(localPref === undefined ? {} : { localPref }),
    ...(med === undefined ? {} : { med }),
    communities: [
      ...communities.map((community) => `${community >>> 16}:${community & 0xffff}`),
      ...largeCommunities.map((community) => `large:${community.join(":")}`),
      ...extendedCommunities.map((community) => `0x${toHex(community)}`),
    ],
    ...(linkBandwidth === undefined ? {} : { linkBandwidth }),
  };
}

function bandwidthOf(community: Uint8Array): number | undefined {
  const view = new DataView(community.buffer, community.byteOffset, 8);
  return LINK_BANDWIDTH.includes(view.getUint16(0)) ? view.getFloat32(4) : undefined;
}
