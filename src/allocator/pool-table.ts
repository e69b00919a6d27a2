import type { IpAddress } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import { rangeContains } from "../ip/range.ts";
import { partitionPoint } from "../lib/search.ts";
import { FamilySpace } from "./family-space.ts";
import type { Segment } from "./ordinal-space.ts";
import type { Pool } from "./pool.ts";
import type { Refusal } from "./refusal.ts";
import type { ServiceRequest } from "./request.ts";

/** A pool with its addresses. */
export interface PoolSpaces {
  readonly pool: Pool;
  readonly IPv4: FamilySpace;
  readonly IPv6: FamilySpace;
}

/** Where an address is: `ordinal` is undefined when avoidBuggyIPs leaves it out. */
export interface Location {
  readonly spaces: PoolSpaces;
  readonly space: FamilySpace;
  readonly ordinal: bigint | undefined;
}

interface Entry {
  readonly spaces: PoolSpaces;
  readonly space: FamilySpace;
  readonly segment: Segment;
}

const FAMILIES: readonly Family[] = ["IPv4", "IPv6"];

/** All pools of one configuration, found by name and by address. */
export class PoolTable {
  readonly #byName: ReadonlyMap<string, PoolSpaces>;
  /** Every range of every pool, by first address. */
  readonly #entries: readonly Entry[];
  /** Pools with a serviceAllocation: by priority, 0 last, then by name. */
  readonly #pinned: readonly PoolSpaces[];
  /** Pools of which Services that ask for nothing may get an address, whoever they are; by name. */
  readonly forEverybody: readonly PoolSpaces[];

  /** Spaces of pools whose addresses didn't change are taken over from `old`, with all that is in use. */
  constructor(pools: readonly Pool[], old?: PoolTable) {
    const sorted = pools
      .toSorted((a, b) => compareText(a.name, b.name))
      .map((pool) => old?.spacesFor(pool) ?? newSpaces(pool));
    this.#byName = new Map(sorted.map((spaces) => [spaces.pool.name, spaces]));
    this.#entries = sorted.flatMap(entriesOf).sort((a, b) => (a.segment.range.first < b.segment.range.first ? -1 : 1));
    const automatic = sorted.filter(({ pool }) => pool.autoAssign);
    this.#pinned = automatic.filter(({ pool }) => !isForEverybody(pool)).sort(byPriority);
    this.forEverybody = automatic.filter(({ pool }) => isForEverybody(pool));
  }

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): PoolSpaces | undefined {
    return this.#byName.get(name);
  }

  /** In name order. */
  all(): Iterable<PoolSpaces> {
    return this.#byName.values();
  }

  locate(address: IpAddress): Location | undefined {
    const behind = partitionPoint(this.#entries.length, (i) => this.#entries[i]!.segment.range.first <= address);
    const entry = this.#entries[behind - 1];
    if (entry === undefined || !rangeContains(entry.segment.range, address)) return undefined;
    const { spaces, space, segment } = entry;
    return { spaces, space, ordinal: space.space.ordinalOf(segment, address) };
  }

  /**
   * The pools a Service may get addresses from without asking, in groups: those made for it first, then those made for
   * everybody.
   */
  automaticFor(request: ServiceRequest): readonly (readonly PoolSpaces[])[] {
    const pinned = this.#pinned.filter(({ pool }) => poolRefusal(pool, request) === undefined);
    return [pinned, this.forEverybody].filter((group) => group.length > 0);
  }

  /** The spaces of a pool with the same name and addresses, under the new rules of `pool`. */
  spacesFor(pool: Pool): PoolSpaces | undefined {
    const old = this.#byName.get(pool.name);
    return old !== undefined && sameAddresses(old.pool, pool) ? { ...old, pool } : undefined;
  }
}

/** Whether Services that ask for nothing may get an address of the pool, whoever they are. */
export function isForEverybody(pool: Pool): boolean {
  return pool.autoAssign && pool.serviceAllocation === undefined;
}

/** Why a Service may not use the pool at all. */
export function poolRefusal(pool: Pool, request: ServiceRequest): Refusal | undefined {
  const { namespaces, matchesService } = pool.serviceAllocation ?? {};
  if (namespaces !== undefined && !namespaces.has(request.namespace))
    return { code: "namespace-not-allowed", pool: pool.name, namespace: request.namespace };
  if (matchesService !== undefined && !matchesService(request.labels))
    return { code: "service-not-selected", pool: pool.name };
  return undefined;
}

/** Whether two versions of a pool let the same Services in. Functions can't be compared: they count as different. */
export function sameRules(a: Pool, b: Pool): boolean {
  const [x, y] = [a.serviceAllocation, b.serviceAllocation];
  if (x === undefined || y === undefined) return x === y;
  return x.matchesService === y.matchesService && sameNames(x.namespaces, y.namespaces);
}

function sameNames(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && [...a].every((name) => b.has(name));
}

function sameAddresses(a: Pool, b: Pool): boolean {
  return (
    a.avoidBuggyIPs === b.avoidBuggyIPs &&
    a.ranges.length === b.ranges.length &&
    a.ranges.every(({ first, last }, i) => first === b.ranges[i]!.first && last === b.ranges[i]!.last)
  );
}

function newSpaces(pool: Pool): PoolSpaces {
  return { pool, IPv4: new FamilySpace(pool, "IPv4"), IPv6: new FamilySpace(pool, "IPv6") };
}

function entriesOf(spaces: PoolSpaces): Entry[] {
  return FAMILIES.flatMap((family) => {
    const space = spaces[family];
    return space.space.segments.map((segment) => ({ spaces, space, segment }));
  });
}

function byPriority(a: PoolSpaces, b: PoolSpaces): number {
  return rank(a) - rank(b) || compareText(a.pool.name, b.pool.name);
}

function rank({ pool }: PoolSpaces): number {
  const priority = pool.serviceAllocation?.priority ?? 0;
  return priority > 0 ? priority : Number.MAX_VALUE;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
