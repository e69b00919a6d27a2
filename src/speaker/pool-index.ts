import type { Pool } from "../allocator/pool.ts";
import type { IpAddress } from "../ip/address.ts";
import type { IpRange } from "../ip/range.ts";
import { rangeContains } from "../ip/range.ts";

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
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.range.last < address) low = middle + 1;
      else high = middle;
    }
    const entry = this.#sorted[low];
    return entry !== undefined && rangeContains(entry.range, address) ? entry.pool : undefined;
  }
}
