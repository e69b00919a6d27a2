import type { LargeCommunity } from "../../bgp/path-attributes.ts";
import type { RouteAttributes } from "../../bgp/rib/route.ts";
import type { BgpAdvertisement } from "../../config/model.ts";

/** What one ready endpoint counts for: 1 Mbit/s. Routers only look at ratios, and have room for 30,000 endpoints. */
const BYTES_PER_ENDPOINT = 125_000;

/**
 * What a route says that several advertisements make, of one Service or of several. Communities add up. Of the rest, what
 * attracts the most traffic counts: the highest local preference, the lowest MED, the fewest prepends. What an
 * advertisement doesn't give, it has no say in. `weight`: ready endpoints behind the route; 0: not to be said.
 */
export function attributesOf(advertisements: readonly BgpAdvertisement[], weight: number): RouteAttributes {
  const communities = advertisements.flatMap((advertisement) => advertisement.communities);
  const standard = communities.filter((community) => community.is === "standard");
  const large = communities.filter((community) => community.is === "large");
  const extended = advertisements.flatMap(({ extendedCommunities }) => extendedCommunities);
  return {
    localPref: most(advertisements.map(({ localPref }) => localPref)),
    med: least(advertisements.map(({ med }) => med)),
    prepend: least(advertisements.map(({ prepend }) => prepend)) ?? 0,
    communities: [...new Set(standard.map(({ asn, value }) => asn * 0x1_0000 + value))].sort((a, b) => a - b),
    largeCommunities: withoutRepeats(large.map(({ asn, data1, data2 }): LargeCommunity => [asn, data1, data2])),
    extendedCommunities: [...new Set(extended)].sort((a, b) => (a < b ? -1 : 1)),
    linkBandwidth: weight === 0 ? undefined : weight * BYTES_PER_ENDPOINT,
  };
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

function most(values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.max(...given);
}

function withoutRepeats(communities: readonly LargeCommunity[]): readonly LargeCommunity[] {
  const byText = new Map(communities.map((community) => [community.join(), community]));
  return [...byText.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
}
