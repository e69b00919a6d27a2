import type { Allocator, FamilyCount } from "../../allocator/allocator.ts";
import type { Family } from "../../ip/family.ts";

/** How full a pool is. Texts, since an IPv6 pool has more addresses than a JSON number can say. */
export type PoolUse = Readonly<Record<Family, { readonly inUse: string; readonly total: string }>>;

/** By name, in name order. */
export function poolUses(allocator: Allocator): ReadonlyMap<string, PoolUse> {
  return new Map(
    Array.from(allocator.pools.all(), ({ pool }) => {
      const { IPv4, IPv6 } = allocator.count(pool.name)!;
      return [pool.name, { IPv4: texts(IPv4), IPv6: texts(IPv6) }];
    }),
  );
}

function texts({ inUse, total }: FamilyCount) {
  return { inUse: String(inUse), total: String(total) };
}
