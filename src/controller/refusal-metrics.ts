import type { Refusal, RefusalCode } from "../allocator/refusal.ts";
import { REFUSAL_CODES } from "../allocator/refusal.ts";
import type { Metrics } from "../ports/metrics.ts";

const PENDING = "metallb_controller_services_pending";
const REFUSED = "metallb_controller_allocations_refused_total";

/**
 * Counts refused Services by reason. There is a series for each reason from the start, so that an alert does not miss
 * the first refusal.
 */
export class RefusalMetrics {
  readonly #metrics: Metrics;
  readonly #pending = new Map<RefusalCode, number>();
  #closed = false;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    for (const reason of REFUSAL_CODES) {
      this.#add(reason, 0);
      metrics.add(REFUSED, { reason }, 0);
    }
  }

  /** A Service is refused for another reason than before; undefined: it is not, or is gone. */
  change(before: Refusal | undefined, after: Refusal | undefined): void {
    if (this.#closed) return;
    if (before !== undefined) this.#add(before.code, -1);
    if (after === undefined) return;
    this.#add(after.code, 1);
    this.#metrics.add(REFUSED, { reason: after.code }, 1);
  }

  /** Nobody is pending here any more. */
  close(): void {
    this.#closed = true;
    for (const reason of REFUSAL_CODES) this.#metrics.set(PENDING, { reason }, 0);
  }

  #add(reason: RefusalCode, change: number): void {
    const count = (this.#pending.get(reason) ?? 0) + change;
    this.#pending.set(reason, count);
    this.#metrics.set(PENDING, { reason }, count);
  }
}
