import type { Route } from "../../bgp/rib/route.ts";
import type { NodeView } from "../../config/node.ts";
import type { ServiceView } from "../../config/service.ts";
import { familyOf } from "../../ip/address.ts";
import type { IpPrefix } from "../../ip/prefix.ts";
import { type Millis, millis } from "../../lib/duration.ts";
import type { ObjectKey } from "../../ports/kube.ts";
import { endpointsIn } from "../election-context.ts";
import type { ChangeLog, Changes, SpeakerObjects } from "../speaker-objects.ts";
import { type Audience, audiencesOf } from "./audiences.ts";
import { bgpContext, type BgpContext, type BgpOptions, type BgpSpeakerConfig } from "./bgp-context.ts";
import { type BgpDecision, decideBgp, sameBgpDecision, skipBgp } from "./bgp-plan.ts";
import { BgpRoutes, type Contribution } from "./bgp-routes.ts";
import { WeightPacer } from "./weight-pacer.ts";

/** What the plan says about a Service now and what it said before; undefined: nothing was decided. */
export interface BgpPlanChange {
  readonly key: ObjectKey;
  /** Undefined when it is gone or no longer ours. */
  readonly service: ServiceView | undefined;
  readonly before: BgpDecision | undefined;
  readonly after: BgpDecision;
}

/** What is to be changed of what a peer is meant to have. */
export interface PeerRoutes {
  readonly set: readonly Route[];
  readonly gone: readonly IpPrefix[];
  /** `set` is all that the peer is meant to have; whatever else it has goes. */
  readonly whole: boolean;
}

/** What came of planning again. */
export interface BgpReplan {
  readonly changes: readonly BgpPlanChange[];
  /** By the name of the peer; those without changes are left out. */
  readonly routes: ReadonlyMap<string, PeerRoutes>;
  /** Plan again after this time, even if nothing happens; undefined: no need. */
  readonly again: Millis | undefined;
}

export interface BgpStateOptions extends BgpOptions {
  /** The weights of a Service's routes don't change more often. */
  readonly weightInterval: Millis;
}

/**
 * The plan for BGP, made from `objects` and the configuration. Changes mark what they affect; `replan` decides only that
 * again, and tells what each peer is to learn.
 */
export class BgpState {
  readonly #options: BgpStateOptions;
  readonly #objects: SpeakerObjects;
  readonly #log: ChangeLog;
  readonly #pacer: WeightPacer;
  readonly #decisions = new Map<ObjectKey, BgpDecision>();
  #config: BgpSpeakerConfig | undefined;
  #node: NodeView | undefined;
  /** Undefined: something that all decisions depend on has changed. */
  #planner: Planner | undefined;

  constructor(options: BgpStateOptions, objects: SpeakerObjects) {
    this.#options = options;
    this.#objects = objects;
    this.#log = objects.follow();
    this.#pacer = new WeightPacer(options.weightInterval);
  }

  /** Whether there ever was a valid configuration. */
  get configured(): boolean {
    return this.#config !== undefined;
  }

  setConfig(config: BgpSpeakerConfig): void {
    this.#config = config;
    this.#planner = undefined;
  }

  /** Services that this node announces by the last plan, as they are now. */
  announced(): readonly ServiceView[] {
    return [...this.#decisions]
      .filter(([, decision]) => decision.announce)
      .map(([key]) => this.#objects.services.get(key))
      .filter((service) => service !== undefined);
  }

  decisionOf(key: ObjectKey): BgpDecision | undefined {
    return this.#decisions.get(key);
  }

  /** Brings the plan up to date. Nothing is decided before there is a configuration. `now` is monotonic. */
  replan(now: Millis): BgpReplan {
    if (this.#config === undefined) return { changes: [], routes: new Map(), again: undefined };
    const log = this.#log.take();
    const node = this.#objects.nodes.get(this.#options.node);
    if (node !== this.#node) this.#planner = undefined;
    this.#node = node;
    const whole = this.#planner === undefined;
    const planner = (this.#planner ??= new Planner(bgpContext(this.#config, node, this.#options)));
    const keys = new Set([...log.services, ...this.#pacer.due(now)]);
    if (whole) for (const key of this.#objects.services.keys()) keys.add(key);
    const changes = [...keys]
      .map((key) => this.#decide(key, log, planner, now))
      .filter((change) => change !== undefined);
    return { changes, routes: planner.routesByPeer(whole), again: this.#again(now) };
  }

  #decide(key: ObjectKey, log: Changes, planner: Planner, now: Millis): BgpPlanChange | undefined {
    const service = this.#objects.services.get(key);
    const before = this.#decisions.get(key);
    if (service === undefined) {
      this.#decisions.delete(key);
      const after = skipBgp(log.left.get(key) ?? "serviceDeleted");
      planner.routes.put(key, this.#contributions(key, after, now));
      return before === undefined ? undefined : { key, service, before, after };
    }
    const after = decideBgp(service, endpointsIn(this.#objects.slicesOf(key)), planner.context);
    this.#decisions.set(key, after);
    planner.routes.put(key, this.#contributions(key, after, now));
    if (before !== undefined && sameBgpDecision(before, after) && !log.renewed.has(key)) return undefined;
    return { key, service, before, after };
  }

  #contributions(key: ObjectKey, decision: BgpDecision, now: Millis): readonly Contribution[] {
    if (!decision.announce || decision.weights === undefined) this.#pacer.forget(key);
    if (!decision.announce) return [];
    const { routes, weights } = decision;
    if (weights === undefined) return routes.map((route) => ({ ...route, weight: 0 }));
    const paced = this.#pacer.pace(key, weights, now);
    return routes.map((route) => ({ ...route, weight: paced[familyOf(route.prefix.address)] }));
  }

  #again(now: Millis): Millis | undefined {
    const next = this.#pacer.nextDue();
    return next === undefined ? undefined : millis(Math.max(0, next - now));
  }
}

/** What depends on the configuration and this node's labels. */
class Planner {
  readonly context: BgpContext;
  readonly routes: BgpRoutes;
  readonly #audiences: readonly Audience[];

  constructor(context: BgpContext) {
    this.context = context;
    this.#audiences = audiencesOf(context.peers, [...new Set([...context.advertisements.values()].flat())]);
    this.routes = new BgpRoutes(this.#audiences);
  }

  routesByPeer(whole: boolean): ReadonlyMap<string, PeerRoutes> {
    const byPeer = new Map<string, PeerRoutes>();
    for (const [i, delta] of this.routes.take().entries()) {
      if (!whole && delta.set.length === 0 && delta.gone.length === 0) continue;
      for (const peer of this.#audiences[i]!.peers) byPeer.set(peer, { ...delta, whole });
    }
    return byPeer;
  }
}
