import type { Family } from "../../ip/family.ts";
import type { UnsentReason } from "./renderer.ts";

/** Numbers of routes of one family. */
export interface FamilyCounts {
  /** That the peer is meant to have. */
  readonly wanted: number;
  /** That it was told of. */
  readonly told: number;
  /** That it can't be told of, by reason; only while there is a session. */
  readonly unsent: Readonly<Partial<Record<UnsentReason, number>>>;
}

interface Counts extends FamilyCounts {
  wanted: number;
  told: number;
  unsent: Partial<Record<UnsentReason, number>>;
}

/** Kept up with every change, so that metrics and reports cost nothing. */
export class RibCounts {
  readonly #counts: Readonly<Record<Family, Counts>> = {
    IPv4: { wanted: 0, told: 0, unsent: {} },
    IPv6: { wanted: 0, told: 0, unsent: {} },
  };

  wanted(family: Family, change: number): void {
    this.#counts[family].wanted += change;
  }

  told(family: Family, change: number): void {
    this.#counts[family].told += change;
  }

  unsent(family: Family, reason: UnsentReason, change: number): void {
    const { unsent } = this.#counts[family];
    const count = (unsent[reason] ?? 0) + change;
    if (count === 0) delete unsent[reason];
    else unsent[reason] = count;
  }

  /** As they are now. */
  all(): Readonly<Record<Family, FamilyCounts>> {
    return copyOf(this.#counts);
  }
}

function copyOf(counts: Readonly<Record<Family, Counts>>): Readonly<Record<Family, FamilyCounts>> {
  const copy = ({ unsent, ...rest }: Counts): FamilyCounts => ({ ...rest, unsent: { ...unsent } });
  return { IPv4: copy(counts.IPv4), IPv6: copy(counts.IPv6) };
}
