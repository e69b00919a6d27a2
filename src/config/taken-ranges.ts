import type { IpRange } from "../ip/range.ts";
import { rangesOverlap } from "../ip/range.ts";
import { partitionPoint } from "../lib/search.ts";

/** A range with where it was written. */
export interface DefinedRange {
  readonly range: IpRange;
  readonly text: string;
  readonly pool: string;
}

/** Ranges none of which overlap, in address order. */
export class TakenRanges {
  readonly #sorted: DefinedRange[] = [];

  /** Adds a range, unless it overlaps one that is there, which is returned. */
  take(candidate: DefinedRange): DefinedRange | undefined {
    const at = this.#firstThatEndsAt(candidate.range.first);
    const next = this.#sorted[at];
    if (next !== undefined && rangesOverlap(next.range, candidate.range)) return next;
    this.#sorted.splice(at, 0, candidate);
    return undefined;
  }

  /** Index of the first range that ends at or behind `address`. */
  #firstThatEndsAt(address: bigint): number {
    return partitionPoint(this.#sorted.length, (i) => this.#sorted[i]!.range.last < address);
  }
}
