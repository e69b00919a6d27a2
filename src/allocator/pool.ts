import type { IpRange } from "../ip/range.ts";

/**
 * A pool of addresses. Its maker guarantees that ranges are not empty, that each range is of one family, and that no
 * address is in two ranges, within this pool or across pools.
 */
export interface Pool {
  readonly name: string;
  /** In the configured order, which is the allocation order. */
  readonly ranges: readonly IpRange[];
  /** Whether Services that ask for nothing may get an address from here. */
  readonly autoAssign: boolean;
  /** Never hand out IPv4 addresses that end in .0 or .255. */
  readonly avoidBuggyIPs: boolean;
  /** Who may use the pool; undefined: everybody. */
  readonly serviceAllocation: ServiceAllocation | undefined;
}

export interface ServiceAllocation {
  /** Lower is preferred; 0 is the lowest preference. */
  readonly priority: number;
  /** Namespaces that may use the pool (named, or selected by label); undefined: any. */
  readonly namespaces: ReadonlySet<string> | undefined;
  /** The Service's labels must satisfy this; undefined: any. */
  readonly matchesService: ((labels: Readonly<Record<string, string>>) => boolean) | undefined;
}
