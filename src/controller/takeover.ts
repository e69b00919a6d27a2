import { Allocator } from "../allocator/allocator.ts";
import type { Pool } from "../allocator/pool.ts";
import type { ServiceId } from "../allocator/request.ts";
import { KINDS } from "../config/kinds.ts";
import { isOlder } from "../config/resource-version.ts";
import { projectService, type ServiceView } from "../config/service.ts";
import { type Millis, seconds } from "../lib/duration.ts";
import { type Handled, WorkQueue } from "../lib/work-queue.ts";
import type { KubeError } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import { rfc3339 } from "../reporting/rfc3339.ts";
import type { ControllerPorts } from "./ports.ts";
import { retryTurn } from "./retry-turn.ts";
import { ServiceReconciler } from "./service-reconciler.ts";
import { renewedConditions, statusUpdate } from "./service-status.ts";

const CONCURRENCY = 32;

/** API servers drop a request after this time, unless they are told otherwise: nothing older can still arrive. */
const LONGEST_REQUEST = seconds(60);

/**
 * What a leader does before its first decision when the one before it did not end in order. Writes that the other sent
 * last may be on their way and arrive after ours: the address that one of them gives to a Service must not have been
 * given to another by then. Each such write names the version of the Service that it was made for, so a new version
 * makes it void. So every Service to which something could be given is written once, without a change to what it says,
 * and only then anything is given. Services that have what they ask for get nothing from anybody and are left alone.
 */
export class Takeover {
  readonly #ports: ControllerPorts;
  readonly #services: ServiceReconciler;
  readonly #loadBalancerClass: string;
  readonly #onDone: (pools: readonly Pool[]) => void;
  readonly #queue: WorkQueue<ServiceId>;
  readonly #startedAt: Millis;
  /** Services for which nothing can arrive any more, and the version that we know them to have at least. */
  readonly #settled = new Map<ServiceId, string>();
  readonly #left = new Set<ServiceId>();
  #pools: readonly Pool[] | undefined;

  /** `services` has not started. `onDone` is called once, when it may, with the pools that are in force by then. */
  constructor(
    ports: ControllerPorts,
    services: ServiceReconciler,
    loadBalancerClass: string,
    onDone: (pools: readonly Pool[]) => void,
  ) {
    const { clock, random } = ports;
    this.#ports = ports;
    this.#services = services;
    this.#loadBalancerClass = loadBalancerClass;
    this.#onDone = onDone;
    this.#startedAt = clock.now();
    this.#queue = new WorkQueue({ clock, random, concurrency: CONCURRENCY, handle: (id) => this.#handle(id) });
  }

  /** Whether the watch tells something that is older than what a write of ours has shown. */
  isOutdated(id: ServiceId, { resourceVersion }: ServiceView): boolean {
    return isOlder(resourceVersion, this.#settled.get(id) ?? "");
  }

  /** Valid pools, the first or other ones. */
  setPools(pools: readonly Pool[]): void {
    const begins = this.#pools === undefined;
    this.#pools = pools;
    if (begins) this.#proceed(pools);
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  /** Looks again after each round: there may be other pools by then, or other Services. */
  #proceed(pools: readonly Pool[]): void {
    for (const id of openServices(this.#services, pools, this.#loadBalancerClass)) {
      if (this.#settled.has(id)) continue;
      this.#left.add(id);
      this.#queue.add(id);
    }
    if (this.#left.size === 0) this.#done(pools);
  }

  #done(pools: readonly Pool[]): void {
    const took = Math.round(this.#ports.clock.now() - this.#startedAt);
    this.#ports.log.info({ services: this.#settled.size, ms: took }, "took over: late writes are void");
    this.#onDone(pools);
  }

  async #handle(id: ServiceId): Promise<Handled> {
    const handled = await this.#renew(id);
    if (handled === "done" && this.#left.delete(id) && this.#left.size === 0) this.#proceed(this.#pools!);
    return handled;
  }

  /** Gives the Service a new version. */
  async #renew(id: ServiceId): Promise<Handled> {
    const service = this.#services.service(id);
    if (service === undefined) return this.#settle(id, "");
    const { namespace, name, resourceVersion } = service;
    const conditions = renewedConditions(service, rfc3339(this.#ports.clock.wallTime()));
    const result = await this.#ports.client.patch(
      KINDS.Service,
      { namespace, name },
      { type: "merge", body: { metadata: { resourceVersion }, status: { conditions } } },
      { subresource: "status" },
    );
    if (!result.ok) return this.#afterFailure(id, service, result.error);
    const written = projectService(result.value);
    if (this.#services.service(id) !== undefined) this.#services.set(id, written);
    return this.#settle(id, written.resourceVersion);
  }

  async #afterFailure(id: ServiceId, { namespace, name }: ServiceView, error: KubeError): Promise<Handled> {
    if (error.code === 404) return this.#settle(id, "");
    if (error.code === 409) {
      // What has been written may be just what we wait for: it counts from now on.
      const found = await this.#ports.client.get(KINDS.Service, { namespace, name });
      if (found.ok && this.#services.service(id) !== undefined) this.#services.set(id, projectService(found.value));
      return "retry";
    }
    const late = this.#ports.clock.now() - this.#startedAt > LONGEST_REQUEST;
    // What we may not do, the leader before us could not do either.
    const impossible = !error.retryable;
    if (!late && !impossible) return retryTurn(error);
    this.#ports.log.warn({ service: id, error: error.message }, "not renewed before the first decision");
    return this.#settle(id, "");
  }

  #settle(id: ServiceId, version: string): "done" {
    this.#settled.set(id, version);
    return "done";
  }
}

/** Services that a leader could give something to, or take something from: all but those that are as they should be. */
function openServices(
  services: ServiceReconciler,
  pools: readonly Pool[],
  loadBalancerClass: string,
): readonly ServiceId[] {
  const trial = new ServiceReconciler({
    allocator: new Allocator(),
    loadBalancerClass,
    log: SILENT,
    onPlan: () => {},
    onRefusal: () => {},
  });
  const views = services.views();
  for (const [id, view] of views) trial.set(id, view);
  trial.setPools(pools);
  const now = rfc3339(0);
  return views.flatMap(([id, view]) => {
    const plan = trial.plan(id);
    if (plan === undefined) return [];
    const waits = plan.refusal !== undefined || plan.missing !== undefined;
    return waits || statusUpdate(view, plan, now) !== undefined ? [id] : [];
  });
}

/** A trial decides nothing, and so has nothing to say. */
const SILENT: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, with: () => SILENT };

function ignore(): void {}
