import { ALLOCATED_CONDITION, type ServiceView } from "../config/service.ts";
import type { ObjectKey } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";

/**
 * Repeats in the speaker's log why a Service has no address, once for each reason: people look there first when an
 * address does not answer.
 */
export class AllocationNotes {
  readonly #log: Log;
  readonly #told = new Map<ObjectKey, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  set(key: ObjectKey, service: ServiceView): void {
    const refusal = service.conditions.find(({ type, status }) => type === ALLOCATED_CONDITION && status === "False");
    if (refusal === undefined) return this.delete(key);
    if (this.#told.get(key) === refusal.message) return;
    this.#told.set(key, refusal.message);
    this.#log.warn({ service: key, reason: refusal.reason }, `${key} has no address to announce: ${refusal.message}`);
  }

  delete(key: ObjectKey): void {
    this.#told.delete(key);
  }
}
