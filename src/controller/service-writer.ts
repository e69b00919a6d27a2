import type { ServiceId } from "../allocator/request.ts";
import { KINDS } from "../config/kinds.ts";
import type { ServiceView } from "../config/service.ts";
import { projectService } from "../config/service.ts";
import type { Millis } from "../lib/duration.ts";
import type { Handled } from "../lib/work-queue.ts";
import { formatAddress } from "../ip/address.ts";
import { WorkQueue } from "../lib/work-queue.ts";
import type { KubeError } from "../ports/kube.ts";
import { Handover, type Remnant } from "./handover.ts";
import type { ControllerPorts } from "./ports.ts";
import { rfc3339 } from "../reporting/rfc3339.ts";
import { retryTurn } from "./retry-turn.ts";
import type { ServiceReconciler } from "./service-reconciler.ts";
import { shownAddresses } from "./service-request.ts";
import { statusUpdate } from "./service-status.ts";

/** Writes to Services that are under way at the same time. */
const CONCURRENCY = 32;

/**
 * Brings the Services' status in line with their plans. Each write is one patch for the version it was computed from:
 * when somebody else was faster, the write is computed again from what the watch brings.
 */
export class ServiceWriter {
  readonly #ports: ControllerPorts;
  readonly #services: ServiceReconciler;
  readonly #queue: WorkQueue<ServiceId>;
  readonly #handover = new Handover((id) => this.#queue.add(id));
  /** When what is to be written was decided first. */
  readonly #decided = new Map<ServiceId, Millis>();
  /** Services whose last write failed, so that a failure is logged once and not at every try. */
  readonly #failing = new Set<ServiceId>();

  constructor(ports: ControllerPorts, services: ServiceReconciler) {
    this.#ports = ports;
    this.#services = services;
    const { clock, random } = ports;
    this.#queue = new WorkQueue({ clock, random, concurrency: CONCURRENCY, handle: (id) => this.#write(id) });
  }

  /** The Service or its plan may have changed. */
  offer(id: ServiceId): void {
    const update = this.#update(id);
    this.#handover.setRemnants(id, update?.remnants ?? []);
    if (update === undefined) return;
    if (!this.#decided.has(id)) this.#decided.set(id, this.#ports.clock.now());
    this.#queue.add(id);
  }

  forget(id: ServiceId): void {
    this.#queue.forget(id);
    this.#handover.forget(id);
    this.#decided.delete(id);
    this.#failing.delete(id);
  }

  /** Resolves when writes that are under way have ended. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  #update(id: ServiceId) {
    const service = this.#services.service(id);
    const plan = this.#services.plan(id);
    if (service === undefined || plan === undefined) return undefined;
    const update = statusUpdate(service, plan, rfc3339(this.#ports.clock.wallTime()));
    if (update === undefined) return undefined;
    const shown = shownAddresses(service);
    const remnants = shown.filter((address) => !plan.addresses.includes(address));
    const added = plan.addresses.filter((address) => !shown.includes(address));
    return { ...update, service, remnants, added };
  }

  async #write(id: ServiceId): Promise<Handled> {
    const update = this.#update(id);
    if (update === undefined) {
      this.#decided.delete(id);
      return "done";
    }
    const { service, patch, events, added } = update;
    const remnant = this.#handover.obstacle(id, added);
    if (remnant !== undefined) return this.#afterRemnant(id, remnant);
    const { namespace, name } = service;
    const result = await this.#ports.client.patch(
      KINDS.Service,
      { namespace, name },
      { type: "merge", body: patch },
      { subresource: "status" },
    );
    if (!result.ok) return this.#afterFailure(id, result.error);
    this.#failing.delete(id);
    this.#measure(id);
    for (const event of events) this.#ports.events.record({ regarding: regarding(service), ...event });
    // What the watch has told meanwhile is newer than this answer, or will be followed by it.
    if (this.#services.service(id) === service) this.#services.set(id, projectService(result.value));
    return "done";
  }

  #afterRemnant(id: ServiceId, { address, service }: Remnant): Handled {
    const fields = { service: id, address: formatAddress(address), otherService: service };
    this.#ports.log.debug(fields, "the address is still in the status of the other Service; waiting until it is not");
    return "done";
  }

  #measure(id: ServiceId): void {
    const { clock, metrics } = this.#ports;
    const decided = this.#decided.get(id);
    if (decided === undefined) return;
    this.#decided.delete(id);
    metrics.observe("metallb_controller_status_write_seconds", {}, (clock.now() - decided) / 1000);
  }

  #afterFailure(id: ServiceId, error: KubeError): Handled {
    if (error.code === 404) return "done";
    if (error.reason === "NotLeader") return retryTurn(error);
    if (error.code !== 409 && !this.#failing.has(id)) {
      this.#failing.add(id);
      if (!error.retryable) this.#complain(id, error);
      this.#ports.log.warn(
        { service: id, error: error.message, code: error.code },
        "writing the status failed; retrying",
      );
    }
    if (error.code !== 409) this.#ports.metrics.add("metallb_k8s_client_update_errors_total", {}, 1);
    return retryTurn(error);
  }

  /** What time doesn't mend, such as a missing permission, is shown where the Service's owner looks. */
  #complain(id: ServiceId, { message }: KubeError): void {
    const service = this.#services.service(id);
    if (service === undefined) return;
    const text = `the status can't be written, so the decision is not visible and not in force: ${message}`;
    const event = { type: "Warning", reason: "StatusNotWritten", message: text } as const;
    this.#ports.events.record({ regarding: regarding(service), ...event });
  }
}

function regarding({ namespace, name, uid }: ServiceView) {
  return { apiVersion: "v1", kind: "Service", namespace, name, uid };
}
