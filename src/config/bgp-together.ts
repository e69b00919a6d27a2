import type { Pool } from "../allocator/pool.ts";
import { familyOf } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import type { IpPrefix } from "../ip/prefix.ts";
import type { BfdProfile, BgpAdvertisement, BgpPeer } from "./model.ts";
import type { NodeSets } from "./node-sets.ts";
import type { Complain } from "./resource.ts";
import { widestPrefix } from "./widest-prefix.ts";

/** BGP objects that are right by themselves, for checks of what they get wrong together. */
export interface BgpTogether {
  readonly advertisements: readonly AttachedAdvertisement[];
  readonly peers: readonly BgpPeer[];
  readonly bfdProfiles: readonly BfdProfile[];
  readonly nodes: NodeSets;
  /** Gives the collector for the issues of an object. */
  readonly complainAbout: (kind: "BGPPeer" | "BGPAdvertisement", name: string) => Complain;
}

/** An advertisement with the pools it is for, as far as those are right by themselves. */
export interface AttachedAdvertisement extends BgpAdvertisement {
  readonly attached: readonly AnnouncedPool[];
}

/** What matters of a pool when it is announced with BGP. */
export interface AnnouncedPool extends Pool {
  readonly families: ReadonlySet<Family>;
  /** The widest prefix in each of `ranges`. */
  readonly widest: readonly IpPrefix[];
}

export function attachPools(
  advertisements: readonly BgpAdvertisement[],
  pools: readonly Pool[],
): readonly AttachedAdvertisement[] {
  const announced = new Map(pools.map((pool) => [pool.name, announcedPool(pool)]));
  return advertisements.map((advertisement) => ({
    ...advertisement,
    attached: advertisement.pools.map((name) => announced.get(name)).filter((pool) => pool !== undefined),
  }));
}

function announcedPool(pool: Pool): AnnouncedPool {
  const families = new Set(pool.ranges.map(({ first }) => familyOf(first)));
  return { ...pool, families, widest: pool.ranges.map(widestPrefix) };
}
