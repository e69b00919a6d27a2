import type { EndpointSliceView } from "../config/endpoint-slice.ts";
import type { NodeView } from "../config/node.ts";
import type { ServiceView } from "../config/service.ts";
import type { ObjectKey } from "../ports/kube.ts";
import type { ForeignReason } from "./service-addresses.ts";
import { notOurs } from "./service-addresses.ts";

/** Why a Service that a plan was made for needs none any more. */
export type LeaveReason = "serviceDeleted" | ForeignReason;

/** What happened since a plan was last made. */
export interface Changes {
  /** Services to plan for again: they changed, their endpoints did, or they left. */
  readonly services: ReadonlySet<ObjectKey>;
  /** Services that are gone or no longer ours. */
  readonly left: ReadonlyMap<ObjectKey, LeaveReason>;
  /** Services that were made anew under the same name. */
  readonly renewed: ReadonlySet<ObjectKey>;
  readonly nodes: boolean;
}

/** Collects changes for one plan, until it takes them. */
export class ChangeLog {
  #services = new Set<ObjectKey>();
  #left = new Map<ObjectKey, LeaveReason>();
  #renewed = new Set<ObjectKey>();
  #nodes = false;

  take(): Changes {
    const changes = { services: this.#services, left: this.#left, renewed: this.#renewed, nodes: this.#nodes };
    this.#services = new Set();
    this.#left = new Map();
    this.#renewed = new Set();
    this.#nodes = false;
    return changes;
  }

  came(key: ObjectKey, replacesAnother: boolean): void {
    if (this.#left.delete(key) || replacesAnother) this.#renewed.add(key);
    this.#services.add(key);
  }

  went(key: ObjectKey, reason: LeaveReason): void {
    this.#left.set(key, reason);
    this.#services.add(key);
  }

  endpointsChanged(key: ObjectKey): void {
    this.#services.add(key);
  }

  nodesChanged(): void {
    this.#nodes = true;
  }
}

/** The objects that plans are made from, kept once for all plans. What changes nothing we look at is no change. */
export class SpeakerObjects {
  readonly #loadBalancerClass: string;
  readonly #services = new Map<ObjectKey, ServiceView>();
  readonly #slices = new Map<ObjectKey, EndpointSliceView>();
  readonly #slicesOf = new Map<ObjectKey, Map<ObjectKey, EndpointSliceView>>();
  readonly #nodes = new Map<string, NodeView>();
  readonly #logs: ChangeLog[] = [];

  constructor({ loadBalancerClass }: { readonly loadBalancerClass: string }) {
    this.#loadBalancerClass = loadBalancerClass;
  }

  /** A log of everything that changes from now on. */
  follow(): ChangeLog {
    const log = new ChangeLog();
    this.#logs.push(log);
    return log;
  }

  get services(): ReadonlyMap<ObjectKey, ServiceView> {
    return this.#services;
  }

  get nodes(): ReadonlyMap<string, NodeView> {
    return this.#nodes;
  }

  slicesOf(service: ObjectKey): Iterable<EndpointSliceView> {
    return this.#slicesOf.get(service)?.values() ?? [];
  }

  /** Services that are not ours, the most in many clusters, are not kept. */
  setService(key: ObjectKey, service: ServiceView): void {
    const foreign = notOurs(service, this.#loadBalancerClass);
    if (foreign !== undefined) return this.#forget(key, foreign);
    const old = this.#services.get(key);
    this.#services.set(key, service);
    for (const log of this.#logs) log.came(key, old !== undefined && old.uid !== service.uid);
  }

  deleteService(key: ObjectKey): void {
    this.#forget(key, "serviceDeleted");
  }

  #forget(key: ObjectKey, reason: LeaveReason): void {
    if (!this.#services.delete(key)) return;
    for (const log of this.#logs) log.went(key, reason);
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
    for (const log of this.#logs) log.endpointsChanged(slice.service);
  }

  deleteSlice(key: ObjectKey): void {
    const service = this.#slices.get(key)?.service;
    this.#slices.delete(key);
    if (service === undefined) return;
    const siblings = this.#slicesOf.get(service);
    siblings?.delete(key);
    if (siblings?.size === 0) this.#slicesOf.delete(service);
    for (const log of this.#logs) log.endpointsChanged(service);
  }

  setNode(node: NodeView): void {
    const old = this.#nodes.get(node.name);
    if (old !== undefined && sameNode(old, node)) return;
    this.#nodes.set(node.name, node);
    for (const log of this.#logs) log.nodesChanged();
  }

  deleteNode(name: string): void {
    if (!this.#nodes.delete(name)) return;
    for (const log of this.#logs) log.nodesChanged();
  }
}

function sameSlice(a: EndpointSliceView, b: EndpointSliceView): boolean {
  const same = a.service === b.service && a.usable === b.usable && a.family === b.family;
  return same && a.nodes.join() === b.nodes.join() && a.ready.join() === b.ready.join();
}

function sameNode(a: NodeView, b: NodeView): boolean {
  if (a.networkUnavailable !== b.networkUnavailable) return false;
  const keys = Object.keys(a.labels);
  return keys.length === Object.keys(b.labels).length && keys.every((key) => a.labels[key] === b.labels[key]);
}
