import type { Pool } from "../allocator/pool.ts";
import type { IpAddress } from "../ip/address.ts";
import type { IpRange } from "../ip/range.ts";
import { rangeContains } from "../ip/range.ts";
import { partitionPoint } from "../lib/search.ts";

interface Entry {
  readonly range: IpRange;
  readonly pool: string;
}

/** Finds the pool of an address in O(log n) of the number of ranges. */
export class PoolIndex {
  readonly #sorted: readonly Entry[];

  constructor(pools: readonly Pool[]) {
    this.#sorted = pools
      .flatMap((pool) => pool.ranges.map((range) => ({ range, pool: pool.name })))
      .sort((a, b) => (a.range.first < b.range.first ? -1 : 1));
  }

  /** Name of the one pool that holds all of `addresses`; undefined when there is none. */
  poolOf(addresses: readonly IpAddress[]): string | undefined {
    const pools = new Set(addresses.map((address) => this.#find(address)));
    const [pool] = pools;
    return pools.size === 1 ? pool : undefined;
  }

  #find(address: IpAddress): string | undefined {
    const at = partitionPoint(this.#sorted.length, (i) => this.#sorted[i]!.range.last < address);
    const entry = this.#sorted[at];
    return entry !== undefined && rangeContains(entry.range, address) ? entry.pool : undefined;
  }
}
