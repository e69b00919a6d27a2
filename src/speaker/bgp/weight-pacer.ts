import type { Family } from "../../ip/family.ts";
import type { Millis } from "../../lib/duration.ts";
import { millis } from "../../lib/duration.ts";
import type { ObjectKey } from "../../ports/kube.ts";

export type Weights = Readonly<Record<Family, number>>;

interface Paced {
  shown: Weights;
  shownAt: Millis;
}

/**
 * Keeps the weights of a Service's routes from changing more often than routers should recompute theirs. A change is
 * shown at once unless the last one is too recent; then the newest is shown when the interval has passed. Times are those
 * of a monotonic clock.
 */
export class WeightPacer {
  readonly #interval: Millis;
  readonly #paced = new Map<ObjectKey, Paced>();
  /** Services whose weights have to wait, in the order in which they may be shown. */
  readonly #waiting = new Map<ObjectKey, Millis>();

  constructor(interval: Millis) {
    this.#interval = interval;
  }

  /** The weights to show now. */
  pace(service: ObjectKey, wanted: Weights, now: Millis): Weights {
    const paced = this.#paced.get(service);
    if (paced === undefined) {
      this.#paced.set(service, { shown: wanted, shownAt: now });
      return wanted;
    }
    if (paced.shown.IPv4 === wanted.IPv4 && paced.shown.IPv6 === wanted.IPv6) this.#waiting.delete(service);
    else if (now - paced.shownAt >= this.#interval) {
      this.#waiting.delete(service);
      paced.shown = wanted;
      paced.shownAt = now;
    } else this.#waiting.set(service, millis(paced.shownAt + this.#interval));
    return paced.shown;
  }

  /** The Service's routes say nothing of weights, or are gone. */
  forget(service: ObjectKey): void {
    this.#paced.delete(service);
    this.#waiting.delete(service);
  }

  /** Services whose weights may be shown by now. */
  due(now: Millis): readonly ObjectKey[] {
    return [...this.#waiting].filter(([, at]) => at <= now).map(([service]) => service);
  }

  /** When the next weights may be shown; undefined: none wait. */
  nextDue(): Millis | undefined {
    let next: Millis | undefined;
    for (const at of this.#waiting.values()) if (next === undefined || at < next) next = at;
    return next;
  }
}
