import type { BackoffOptions } from "../lib/backoff.ts";
import { backoffDelay } from "../lib/backoff.ts";
import { seconds } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { ServiceReconciler } from "./service-reconciler.ts";

const RETRY: BackoffOptions = { first: seconds(5), max: seconds(600), jitter: 0 };

/**
 * Tries pending Services again from time to time, less and less often. They are tried at once when what they wait for
 * changes; this is the net below that.
 */
export class PendingRetry {
  readonly #clock: Clock;
  readonly #services: ServiceReconciler;
  #timer: Timer | undefined;
  #attempt = 0;

  constructor(clock: Clock, services: ServiceReconciler) {
    this.#clock = clock;
    this.#services = services;
  }

  /** There may be pending Services. */
  touch(): void {
    if (this.#timer !== undefined || this.#services.pending === 0) return;
    this.#timer = this.#clock.after(backoffDelay(RETRY, this.#attempt, 0), () => {
      this.#timer = undefined;
      this.#attempt = this.#services.pending === 0 ? 0 : this.#attempt + 1;
      this.#services.retryPending();
      this.touch();
    });
  }

  close(): void {
    this.#timer?.cancel();
  }
}
