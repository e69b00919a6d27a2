import { type Millis, millis } from "../lib/duration.ts";
import type { MembershipSettings } from "./settings.ts";

/** How long a suspicion lasts, depending on who else suspects. */
export interface SuspicionTerms {
  /** Confirmations after which it lasts only `min`. */
  readonly needed: number;
  readonly min: Millis;
  readonly max: Millis;
}

type Multipliers = Pick<MembershipSettings, "suspicionMult" | "suspicionMaxTimeoutMult" | "probeInterval">;

/** What a suspect has at least in a cluster of `members`: time for the news to reach it, and for its answer. */
export function shortestSuspicion(settings: Multipliers, members: number): Millis {
  const scale = Math.max(1, Math.log10(Math.max(1, members)));
  return millis(settings.suspicionMult * scale * settings.probeInterval);
}

/**
 * Terms of a new suspicion in a cluster of `members`, ourselves and the suspect included. A single accuser may be the
 * one with the trouble, so others have to confirm; where there can't be enough others, none is waited for.
 */
export function suspicionTerms(settings: Multipliers, members: number): SuspicionTerms {
  const min = shortestSuspicion(settings, members);
  const wanted = settings.suspicionMult - 2;
  const needed = members - 2 < wanted ? 0 : Math.max(0, wanted);
  const max = needed === 0 ? min : millis(Math.max(min, settings.suspicionMaxTimeoutMult * min));
  return { needed, min, max };
}

/** Length of a suspicion with so many confirmations: from `max` down to `min`, the first ones counting most. */
export function suspicionLength(terms: SuspicionTerms, confirmations: number): Millis {
  const { needed, min, max } = terms;
  if (needed === 0) return min;
  const share = Math.log(confirmations + 1) / Math.log(needed + 1);
  return millis(Math.max(min, Math.floor(max - share * (max - min))));
}

/** One member's suspicion, from the first accuser on. */
export class Suspicion {
  readonly #terms: SuspicionTerms;
  readonly #accusers: Set<string>;
  #startedAt: Millis;

  constructor(accuser: string, terms: SuspicionTerms, now: Millis) {
    this.#terms = terms;
    this.#accusers = new Set([accuser]);
    this.#startedAt = now;
  }

  isBy(accuser: string): boolean {
    return this.#accusers.has(accuser);
  }

  /** Accusers other than the first. */
  get confirmations(): number {
    return this.#accusers.size - 1;
  }

  /** When the suspect is taken for dead. */
  get deadline(): Millis {
    return millis(this.#startedAt + suspicionLength(this.#terms, this.confirmations));
  }

  /** Returns whether that was news which shortens the suspicion, and so is worth passing on. */
  confirm(accuser: string): boolean {
    if (this.confirmations >= this.#terms.needed || this.#accusers.has(accuser)) return false;
    this.#accusers.add(accuser);
    return true;
  }

  /** Gives the suspect more time. */
  postpone(by: Millis): void {
    this.#startedAt = millis(this.#startedAt + by);
  }
}
