import type { ServiceView } from "../config/service.ts";
import type { ObjectKey } from "../ports/kube.ts";
import type { Decision, PlanContext } from "./announce-plan.ts";
import { decide, sameDecision, skip } from "./announce-plan.ts";
import { electionContext, endpointsIn, type Layer2Config } from "./election-context.ts";
import type { ChangeLog, Changes, SpeakerObjects } from "./speaker-objects.ts";

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
  /** Whether another living node may answer still for what this node gains. */
  readonly takesOver: boolean;
}

export interface AnnounceOptions {
  /** Name of this node. */
  readonly node: string;
  readonly loadBalancerClass: string;
  readonly ignoreExcludeLabel: boolean;
}

/**
 * The plan for layer 2, made from `objects` and what else it is told. Changes mark what they affect; `replan` decides
 * only that again. Every Node is a candidate, unless membership says which speakers are alive.
 */
export class AnnounceState {
  readonly #options: AnnounceOptions;
  readonly #objects: SpeakerObjects;
  readonly #changes: ChangeLog;
  readonly #decisions = new Map<ObjectKey, Decision>();
  #config: Layer2Config | undefined;
  /** Undefined: something that all decisions depend on has changed. */
  #context: PlanContext | undefined;
  /** Whether there was a plan: before the first one, anybody may own anything. */
  #planned = false;
  #alive: ReadonlySet<string> | undefined;
  #speakers: readonly string[] = [];

  constructor(options: AnnounceOptions, objects: SpeakerObjects) {
    this.#options = options;
    this.#objects = objects;
    this.#changes = objects.follow();
  }

  /** From now on only these nodes can own addresses. */
  setAlive(nodes: ReadonlySet<string>): void {
    const same = this.#alive?.size === nodes.size && [...nodes].every((node) => this.#alive?.has(node));
    this.#alive = nodes;
    if (!same) this.#context = undefined;
  }

  setConfig(config: Layer2Config): void {
    this.#config = config;
    this.#context = undefined;
  }

  /** Services that this node announces by the last plan, as they are now. */
  announced(): readonly ServiceView[] {
    return [...this.#decisions]
      .filter(([, decision]) => decision.announce)
      .map(([key]) => this.#objects.services.get(key))
      .filter((service) => service !== undefined);
  }

  decisionOf(key: ObjectKey): Decision | undefined {
    return this.#decisions.get(key);
  }

  /**
   * Nodes whose speakers are alive, as far as the last plan knew; without membership all nodes. Another list when the
   * plan's surroundings changed, the same one when they did not.
   */
  get speakers(): readonly string[] {
    return this.#speakers;
  }

  /** Whether there ever was a valid configuration; without one nothing is decided. */
  get configured(): boolean {
    return this.#config !== undefined;
  }

  /** Brings the plan up to date and tells what changed. Nothing is decided before there is a configuration. */
  replan(): readonly PlanChange[] {
    if (this.#config === undefined) return [];
    const changes = this.#changes.take();
    if (changes.nodes) this.#context = undefined;
    const all = this.#context === undefined;
    const context = (this.#context ??= this.#contextOf(this.#config));
    const keys = all ? new Set([...changes.services, ...this.#objects.services.keys()]) : changes.services;
    const decided = [...keys]
      .map((key) => this.#decide(key, changes, context))
      .filter((change) => change !== undefined);
    this.#planned = true;
    return decided;
  }

  #decide(key: ObjectKey, changes: Changes, context: PlanContext): PlanChange | undefined {
    const service = this.#objects.services.get(key);
    const before = this.#decisions.get(key);
    if (service === undefined) {
      this.#decisions.delete(key);
      const after = skip(changes.left.get(key) ?? "serviceDeleted");
      return before === undefined ? undefined : { key, service, before, after, takesOver: false };
    }
    const after = decide(service, endpointsIn(this.#objects.slicesOf(key)), context);
    if (before !== undefined && sameDecision(before, after) && !changes.renewed.has(key)) return undefined;
    this.#decisions.set(key, after);
    return { key, service, before, after, takesOver: after.announce && this.#isOfAnother(before, context) };
  }

  /** Who was not alive to us a moment ago has not heard who owns what, either. */
  #isOfAnother(before: Decision | undefined, { candidates, self }: PlanContext): boolean {
    if (before?.announce === true) return false;
    if (before?.owner !== undefined)
      return candidates.has(before.owner) && candidates.get(before.owner) !== "nodeNotAlive";
    const unknown = before === undefined ? !this.#planned : before.reason === "nodeNotAlive";
    return unknown && this.#speakers.some((node) => node !== self);
  }

  #contextOf(config: Layer2Config): PlanContext {
    const { node, loadBalancerClass, ignoreExcludeLabel } = this.#options;
    const conditions = { ignoreExcludeLabel, alive: this.#alive };
    const context = electionContext(config, this.#objects.nodes.values(), { loadBalancerClass, ...conditions });
    this.#speakers = [...context.candidates].filter(([, refusal]) => refusal !== "nodeNotAlive").map(([name]) => name);
    return { self: node, ...context };
  }
}
