import { KINDS } from "../config/kinds.ts";
import type { ServiceView } from "../config/service.ts";
import { projectService } from "../config/service.ts";
import { firstOwner } from "../layer2/election.ts";
import { type Millis, seconds } from "../lib/duration.ts";
import { type Handled, WorkQueue } from "../lib/work-queue.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { EventRecorder, KubeClient, KubeError, ObjectKey } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Random } from "../ports/random.ts";
import { rfc3339 } from "../reporting/rfc3339.ts";
import type { PlanChange } from "./announce-state.ts";
import { conditionPatch, showsCondition } from "./layer2-condition.ts";
import type { NobodyReport } from "./no-announcer.ts";
import { notOurs } from "./service-addresses.ts";

export interface ConditionIdentity {
  /** This node. */
  readonly node: string;
  readonly loadBalancerClass: string;
}

export interface ConditionPorts {
  readonly client: KubeClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}

const UNANNOUNCED = "metallb_layer2_services_unannounced";

/** A report that does not stand for this long is none: nodes and speakers restart. */
const SETTLING: Millis = seconds(5);
const WRITES_AT_ONCE = 4;

/**
 * Keeps the condition that no node can announce a Service, tells it in one event, and counts such Services. All speakers come to the same
 * report, and one of them writes: the first of those alive in hash order, whether it could announce the Service or not.
 * What is shown already is not written again, whoever wrote it.
 */
export class Layer2ConditionKeeper {
  readonly #identity: ConditionIdentity;
  readonly #ports: ConditionPorts;
  readonly #queue: WorkQueue<ObjectKey>;
  readonly #reports = new Map<ObjectKey, NobodyReport>();
  /** How many reports there are of each reason that there ever was. */
  readonly #counts = new Map<string, number>();
  /** Services with a report, or that show the condition. */
  readonly #services = new Map<ObjectKey, ServiceView>();
  /** Services whose report is too young to be told. */
  readonly #settling = new Map<ObjectKey, Timer>();
  /** What was said in an event alone, since the status may not be written. */
  readonly #onlyTold = new Map<ObjectKey, string>();
  /** Services that changed since the last plan. */
  readonly #changed = new Set<ObjectKey>();
  #speakers: readonly string[] = [];

  constructor(identity: ConditionIdentity, ports: ConditionPorts) {
    this.#identity = identity;
    this.#ports = ports;
    const { clock, random } = ports;
    const handle = (key: ObjectKey) => this.#write(key);
    this.#queue = new WorkQueue({ clock, random, concurrency: WRITES_AT_ONCE, handle });
  }

  /** A Service, of whatever kind. One of another class is somebody else's, and so is its condition. */
  set(key: ObjectKey, service: ServiceView): void {
    const foreign = notOurs(service, this.#identity.loadBalancerClass) === "otherLoadBalancerClass";
    if (foreign || !(showsCondition(service) || this.#reports.has(key))) return this.delete(key);
    this.#services.set(key, service);
    this.#changed.add(key);
  }

  delete(key: ObjectKey): void {
    this.#services.delete(key);
    this.#setReport(key, undefined);
    this.#queue.forget(key);
  }

  /** What a plan has changed, and the nodes whose speakers are alive: the same list when they are the same. */
  apply(changes: readonly PlanChange[], speakers: readonly string[]): void {
    for (const { key, service, after } of changes) {
      const report = after.announce ? undefined : after.nobody;
      if (service !== undefined && report !== undefined) this.#services.set(key, service);
      this.#setReport(key, report);
      this.#changed.add(key);
    }
    const all = speakers !== this.#speakers;
    this.#speakers = speakers;
    for (const key of all ? this.#services.keys() : this.#changed) if (this.#services.has(key)) this.#queue.add(key);
    this.#changed.clear();
  }

  /** Resolves when the writes that are under way have ended. */
  async close(): Promise<void> {
    for (const timer of this.#settling.values()) timer.cancel();
    await this.#queue.close();
  }

  #setReport(key: ObjectKey, report: NobodyReport | undefined): void {
    this.#count(this.#reports.get(key)?.reason, -1);
    this.#count(report?.reason, 1);
    if (report === undefined) {
      this.#reports.delete(key);
      this.#settling.get(key)?.cancel();
      this.#settling.delete(key);
      this.#onlyTold.delete(key);
      return;
    }
    const isNew = !this.#reports.has(key);
    this.#reports.set(key, report);
    if (!isNew) return;
    const timer = this.#ports.clock.after(SETTLING, () => {
      this.#settling.delete(key);
      this.#queue.add(key);
    });
    this.#settling.set(key, timer);
  }

  #count(reason: string | undefined, change: number): void {
    if (reason === undefined) return;
    const count = (this.#counts.get(reason) ?? 0) + change;
    this.#counts.set(reason, count);
    this.#ports.metrics.set(UNANNOUNCED, { reason }, count);
  }

  async #write(key: ObjectKey): Promise<Handled> {
    const service = this.#services.get(key);
    const report = this.#reports.get(key);
    if (service === undefined || this.#settling.has(key) || !this.#isWriter(key)) return "done";
    const { client, clock } = this.#ports;
    const body = conditionPatch(service, report, rfc3339(clock.wallTime()));
    if (body === undefined) return "done";
    const { namespace, name } = service;
    const result = await client.patch(
      KINDS.Service,
      { namespace, name },
      { type: "merge", body },
      { subresource: "status" },
    );
    if (!result.ok) return this.#afterFailure(key, service, report, result.error);
    if (report !== undefined) this.#tell(key, service, report);
    // What the watch has told meanwhile is newer than this answer, or will be followed by it.
    if (this.#services.get(key) === service) this.set(key, projectService(result.value));
    return "done";
  }

  #isWriter(key: ObjectKey): boolean {
    return firstOwner(this.#speakers, key) === this.#identity.node;
  }

  /** MetalLB's own roles don't let a speaker write the status of Services: then the event has to do. */
  #afterFailure(
    key: ObjectKey,
    service: ServiceView,
    report: NobodyReport | undefined,
    { code, reason, message }: KubeError,
  ): Handled {
    if (code === 404) return "done";
    if (code === 409) return "retry";
    const { log } = this.#ports;
    if (code !== 403) {
      log.warn({ service: key, code, reason }, `condition of ${key} not written, will retry: ${message}`);
      return "retry";
    }
    log.debug({ service: key, code, reason }, `condition of ${key} can't be written: ${message}`);
    if (report === undefined || this.#onlyTold.get(key) === report.message) return "done";
    this.#onlyTold.set(key, report.message);
    this.#tell(key, service, report);
    return "done";
  }

  #tell(key: ObjectKey, { namespace, name, uid }: ServiceView, { reason, message }: NobodyReport): void {
    this.#ports.log.warn({ service: key, reason }, `${key}: ${message}`);
    const regarding = { apiVersion: "v1", kind: "Service", namespace, name, uid };
    this.#ports.events.record({ regarding, type: "Warning", reason: "announceFailed", message });
  }
}
