import type { EndpointSliceView } from "../config/endpoint-slice.ts";
import type { NodeView } from "../config/node.ts";
import type { ServiceView } from "../config/service.ts";
import type { ObjectKey } from "../ports/kube.ts";
import type { Decision, PlanContext, SkipReason } from "./announce-plan.ts";
import { decide, notOurs, sameDecision, skip } from "./announce-plan.ts";
import { electionContext, endpointsIn, type Layer2Config } from "./election-context.ts";

/**
 * What the plan says about a Service now and what it said before; undefined: nothing was decided. The two are equal
 * when the Service was made anew under the same name.
 */
export interface PlanChange {
  readonly key: ObjectKey;
  /** Undefined when it is gone or no longer ours. */
  readonly service: ServiceView | undefined;
  readonly before: Decision | undefined;
  readonly after: Decision;
}

export interface AnnounceOptions {
  /** Name of this node. */
  readonly node: string;
  readonly loadBalancerClass: string;
  readonly ignoreExcludeLabel: boolean;
}

/**
 * The objects the plan is made from, and the plan itself. Changes mark what they affect; `replan` decides only that
 * again. Every Node is a candidate, unless membership says which speakers are alive.
 */
export class AnnounceState {
  readonly #options: AnnounceOptions;
  readonly #services = new Map<ObjectKey, ServiceView>();
  readonly #slices = new Map<ObjectKey, EndpointSliceView>();
  readonly #slicesOf = new Map<ObjectKey, Map<ObjectKey, EndpointSliceView>>();
  readonly #nodes = new Map<string, NodeView>();
  readonly #decisions = new Map<ObjectKey, Decision>();
  readonly #dirty = new Set<ObjectKey>();
  /** Services that were planned for and are no longer ours, until the next plan. */
  readonly #left = new Map<ObjectKey, SkipReason>();
  /** Services that went and came back under the same name since the last plan. */
  readonly #renewed = new Set<ObjectKey>();
  #config: Layer2Config | undefined;
  #context: PlanContext | undefined;
  #alive: ReadonlySet<string> | undefined;

  constructor(options: AnnounceOptions) {
    this.#options = options;
  }

  /** Services that are not ours, the most in many clusters, are not kept. */
  setService(key: ObjectKey, service: ServiceView): void {
    const foreign = notOurs(service, this.#options.loadBalancerClass);
    if (foreign !== undefined) return this.#forget(key, foreign);
    const old = this.#services.get(key);
    if (this.#left.delete(key) || (old !== undefined && old.uid !== service.uid)) this.#renewed.add(key);
    this.#services.set(key, service);
    this.#dirty.add(key);
  }

  deleteService(key: ObjectKey): void {
    this.#forget(key, "serviceDeleted");
  }

  #forget(key: ObjectKey, reason: SkipReason): void {
    if (!this.#services.delete(key)) return;
    this.#left.set(key, reason);
    this.#dirty.add(key);
  }

  setSlice(key: ObjectKey, slice: EndpointSliceView): void {
    const old = this.#slices.get(key);
    if (old !== undefined && sameSlice(old, slice)) return;
    if (old !== undefined) this.deleteSlice(key);
    this.#slices.set(key, slice);
    if (slice.service === undefined) return;
    const siblings = this.#slicesOf.get(slice.service);
    if (siblings === undefined) this.#slicesOf.set(slice.service, new Map([[key, slice]]));
    else siblings.set(key, slice);
    this.#dirty.add(slice.service);
  }

  deleteSlice(key: ObjectKey): void {
    const service = this.#slices.get(key)?.service;
    this.#slices.delete(key);
    if (service === undefined) return;
    const siblings = this.#slicesOf.get(service);
    siblings?.delete(key);
    if (siblings?.size === 0) this.#slicesOf.delete(service);
    this.#dirty.add(service);
  }

  setNode(node: NodeView): void {
    const old = this.#nodes.get(node.name);
    if (old !== undefined && sameNode(old, node)) return;
    this.#nodes.set(node.name, node);
    this.#replanAll();
  }

  deleteNode(name: string): void {
    if (this.#nodes.delete(name)) this.#replanAll();
  }

  /** From now on only these nodes can own addresses. */
  setAlive(nodes: ReadonlySet<string>): void {
    const same = this.#alive?.size === nodes.size && [...nodes].every((node) => this.#alive?.has(node));
    this.#alive = nodes;
    if (!same) this.#replanAll();
  }

  setConfig(config: Layer2Config): void {
    this.#config = config;
    this.#replanAll();
  }

  /** Services that this node announces by the last plan, as they are now. */
  announced(): readonly ServiceView[] {
    return [...this.#decisions]
      .filter(([, decision]) => decision.announce)
      .map(([key]) => this.#services.get(key))
      .filter((service) => service !== undefined);
  }

  decisionOf(key: ObjectKey): Decision | undefined {
    return this.#decisions.get(key);
  }

  /** Whether there ever was a valid configuration; without one nothing is decided. */
  get configured(): boolean {
    return this.#config !== undefined;
  }

  /** Brings the plan up to date and tells what changed. Nothing is decided before there is a configuration. */
  replan(): readonly PlanChange[] {
    if (this.#config === undefined) return [];
    this.#context ??= this.#contextOf(this.#config);
    const context = this.#context;
    const changes = [...this.#dirty].map((key) => this.#decide(key, context));
    this.#dirty.clear();
    this.#left.clear();
    this.#renewed.clear();
    return changes.filter((change) => change !== undefined);
  }

  #decide(key: ObjectKey, context: PlanContext): PlanChange | undefined {
    const service = this.#services.get(key);
    const before = this.#decisions.get(key);
    if (service === undefined) {
      this.#decisions.delete(key);
      const after = skip(this.#left.get(key) ?? "serviceDeleted");
      return before === undefined ? undefined : { key, service, before, after };
    }
    const after = decide(service, endpointsIn(this.#slicesOf.get(key)?.values() ?? []), context);
    if (before !== undefined && sameDecision(before, after) && !this.#renewed.has(key)) return undefined;
    this.#decisions.set(key, after);
    return { key, service, before, after };
  }

  #replanAll(): void {
    this.#context = undefined;
    for (const key of this.#services.keys()) this.#dirty.add(key);
  }

  #contextOf(config: Layer2Config): PlanContext {
    const { node, loadBalancerClass, ignoreExcludeLabel } = this.#options;
    const conditions = { ignoreExcludeLabel, alive: this.#alive };
    return { self: node, ...electionContext(config, this.#nodes.values(), { loadBalancerClass, ...conditions }) };
  }
}

function sameSlice(a: EndpointSliceView, b: EndpointSliceView): boolean {
  return a.service === b.service && a.usable === b.usable && a.nodes.join() === b.nodes.join();
}

function sameNode(a: NodeView, b: NodeView): boolean {
  if (a.networkUnavailable !== b.networkUnavailable) return false;
  const keys = Object.keys(a.labels);
  return keys.length === Object.keys(b.labels).length && keys.every((key) => a.labels[key] === b.labels[key]);
}
