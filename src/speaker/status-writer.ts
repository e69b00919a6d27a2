import { isOlder } from "../config/resource-version.ts";
import type { ServiceStatusView } from "../config/service-status.ts";
import type { KubeClient, KubeError, ObjectKey } from "../ports/kube.ts";
import { sendStatusWrite } from "./send-status-write.ts";
import type { StatusKind } from "./status-kind.ts";
import type { StatusIdentity, StatusWrite } from "./status-plan.ts";
import { planStatus } from "./status-plan.ts";

/** Brings the status objects of a kind to what the plan says, one Service at a time; the caller decides when and retries. */
export class StatusWriter<What, View extends ServiceStatusView> {
  readonly #kind: StatusKind<What, View>;
  readonly #client: KubeClient;
  readonly #identity: () => StatusIdentity;
  readonly #announced = new Map<ObjectKey, What>();
  /** By Service, then by name. */
  readonly #existing = new Map<ObjectKey, Map<string, View>>();
  readonly #serviceOf = new Map<string, ObjectKey>();
  #silent = false;

  constructor(kind: StatusKind<What, View>, client: KubeClient, identity: () => StatusIdentity) {
    this.#kind = kind;
    this.#client = client;
    this.#identity = identity;
  }

  /** What the plan says; undefined: not announced from this node. Returns whether that is news. */
  want(service: ObjectKey, announced: What | undefined): boolean {
    const before = this.#announced.get(service);
    if (announced === undefined) return this.#announced.delete(service);
    this.#announced.set(service, announced);
    if (before === undefined) return true;
    return JSON.stringify(this.#kind.fieldsOf(before)) !== JSON.stringify(this.#kind.fieldsOf(announced));
  }

  /** Whether to act as if nothing were announced, whatever the plan says. Returns whether that is news. */
  silence(silent: boolean): boolean {
    const before = this.#silent;
    this.#silent = silent;
    return silent !== before;
  }

  /** What the API server has. Older news than what we wrote ourselves meanwhile is passed over. */
  see(status: View): void {
    const siblings = this.#existing.get(status.service) ?? new Map<string, View>();
    const known = siblings.get(status.name);
    if (known !== undefined && isOlder(status.resourceVersion, known.resourceVersion)) return;
    this.#existing.set(status.service, siblings.set(status.name, status));
    this.#serviceOf.set(status.name, status.service);
  }

  /** The object is gone. Returns the Service it was about, if it was known. */
  forget(name: string): ObjectKey | undefined {
    const service = this.#serviceOf.get(name);
    if (service === undefined) return undefined;
    this.#serviceOf.delete(name);
    const siblings = this.#existing.get(service);
    siblings?.delete(name);
    if (siblings?.size === 0) this.#existing.delete(service);
    return service;
  }

  /** All Services for which something is wanted or there. */
  services(): ReadonlySet<ObjectKey> {
    return new Set([...this.#announced.keys(), ...this.#existing.keys()]);
  }

  /** Makes these writes, which `plan` gave; returns the error of the first that failed. */
  async carryOut(service: ObjectKey, writes: readonly StatusWrite[]): Promise<KubeError | undefined> {
    for (const write of writes) {
      const error = await this.#write(service, write);
      if (error !== undefined) return error;
    }
    return undefined;
  }

  /** The writes that bring the objects of a Service to what is wanted. */
  plan(service: ObjectKey): readonly StatusWrite[] {
    const slash = service.indexOf("/");
    const name = { namespace: service.slice(0, slash), name: service.slice(slash + 1) };
    const existing = [...(this.#existing.get(service)?.values() ?? [])];
    const announced = this.#silent ? undefined : this.#announced.get(service);
    return planStatus(this.#kind, name, announced, existing, this.#identity());
  }

  async #write(service: ObjectKey, write: StatusWrite): Promise<KubeError | undefined> {
    const sent = await sendStatusWrite(this.#client, this.#kind.resource, this.#identity().namespace, write);
    if (!sent.ok) return sent.error;
    // What was written is known at once, not only when the watch tells it.
    if (sent.value !== undefined) this.see(this.#kind.project(sent.value));
    else if (write.do === "delete") this.forget(write.name);
    if (write.do !== "create") return undefined;
    // The API server takes no status at creation; it follows at once, so that nobody sees it empty for long.
    const follow = this.plan(service).find((next) => next.do === "status");
    return follow && this.#write(service, follow);
  }
}
