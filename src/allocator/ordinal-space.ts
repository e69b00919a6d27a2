import type { IpAddress } from "../ip/address.ts";
import { familyOf } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import type { IpRange } from "../ip/range.ts";
import { partitionPoint } from "../lib/search.ts";

/** A range of a pool, with the ordinals of its usable addresses: `start` and up. */
export interface Segment {
  readonly range: IpRange;
  readonly start: bigint;
  readonly size: bigint;
}

/**
 * The usable addresses of one family of a pool, numbered 0..size-1 in the configured order. Everything is arithmetic:
 * neither addresses nor the holes of avoidBuggyIPs are ever stored.
 */
export class OrdinalSpace {
  readonly segments: readonly Segment[];
  readonly size: bigint;
  readonly #avoidBuggy: boolean;

  constructor(ranges: readonly IpRange[], family: Family, avoidBuggyIPs: boolean) {
    this.#avoidBuggy = avoidBuggyIPs && family === "IPv4";
    const segments: Segment[] = [];
    let start = 0n;
    for (const range of ranges) {
      if (familyOf(range.first) !== family) continue;
      const size = this.#usableBelow(range.last + 1n) - this.#usableBelow(range.first);
      segments.push({ range, start, size });
      start += size;
    }
    this.segments = segments;
    this.size = start;
  }

  /** The ordinal of an address of `segment`; undefined when it is one that avoidBuggyIPs leaves out. */
  ordinalOf(segment: Segment, address: IpAddress): bigint | undefined {
    if (this.#avoidBuggy && isBuggy(address)) return undefined;
    return segment.start + this.#usableBelow(address) - this.#usableBelow(segment.range.first);
  }

  addressAt(ordinal: bigint): IpAddress {
    const segment = this.#segmentOf(ordinal);
    const rank = this.#usableBelow(segment.range.first) + ordinal - segment.start;
    return (this.#avoidBuggy ? ((rank / 254n) << 8n) + 1n + (rank % 254n) : rank) as IpAddress;
  }

  /** How many usable addresses have a value below `value`; of 256 in a row, avoidBuggyIPs leaves 254. */
  #usableBelow(value: bigint): bigint {
    if (!this.#avoidBuggy) return value;
    const octet = value & 0xffn;
    return (value >> 8n) * 254n + (octet === 0n ? 0n : octet - 1n);
  }

  /** The last segment that starts at or before `ordinal`; those without usable addresses share their successor's start. */
  #segmentOf(ordinal: bigint): Segment {
    const behind = partitionPoint(this.segments.length, (i) => this.segments[i]!.start <= ordinal);
    return this.segments[behind - 1]!;
  }
}

function isBuggy(address: IpAddress): boolean {
  const octet = address & 0xffn;
  return octet === 0n || octet === 255n;
}
