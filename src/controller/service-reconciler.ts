import type { Allocator } from "../allocator/allocator.ts";
import type { Pool } from "../allocator/pool.ts";
import type { Refusal } from "../allocator/refusal.ts";
import { explainRefusal, refusingService } from "../allocator/refusal.ts";
import type { Holder, ServiceId } from "../allocator/request.ts";
import { newHolder } from "../allocator/request.ts";
import type { Change } from "../allocator/topic.ts";
import type { ServiceView } from "../config/service.ts";
import { isOurClass } from "../config/service.ts";
import { formatAddress } from "../ip/address.ts";
import { Dispatcher } from "../lib/queue.ts";
import type { Log } from "../ports/log.ts";
import { shownAddresses } from "./service-request.ts";
import type { ServicePlan } from "./service-plan.ts";
import { claimable, NOTHING, planService } from "./service-plan.ts";
import { claimStanding } from "./service-status.ts";
import { type Waiter, WaitingList } from "./waiting-list.ts";

interface Entry {
  view: ServiceView;
  /** Undefined before the first decision, and for Services that are not ours to touch. */
  plan: ServicePlan | undefined;
  readonly holder: Holder;
}

/**
 * Keeps a plan for every Service as Services and pools change, all in memory and at once. Work goes with what changed:
 * a change makes only those Services be looked at again that it concerns or that wait for it, the oldest first.
 * Nothing is decided before `start`.
 */
export class ServiceReconciler {
  readonly #allocator: Allocator;
  readonly #loadBalancerClass: string;
  readonly #log: Log;
  readonly #onPlan: (id: ServiceId) => void;
  readonly #onRefusal: (before: Refusal | undefined, after: Refusal | undefined) => void;
  readonly #entries = new Map<ServiceId, Entry>();
  readonly #waiting = new WaitingList();
  readonly #changes = new Dispatcher<readonly Change[]>((changes) => this.#wake(changes));
  #started = false;

  /**
   * `onPlan` is called after each decision on a Service, also when it is the same as before; `onRefusal` when the reason
   * why one is refused has changed, came or went.
   */
  constructor(options: {
    readonly allocator: Allocator;
    readonly loadBalancerClass: string;
    readonly log: Log;
    readonly onPlan: (id: ServiceId) => void;
    readonly onRefusal: (before: Refusal | undefined, after: Refusal | undefined) => void;
  }) {
    this.#allocator = options.allocator;
    this.#loadBalancerClass = options.loadBalancerClass;
    this.#log = options.log;
    this.#onPlan = options.onPlan;
    this.#onRefusal = options.onRefusal;
  }

  get started(): boolean {
    return this.#started;
  }

  /** How many Services wait for something. */
  get pending(): number {
    return this.#waiting.size;
  }

  retryPending(): void {
    for (const id of this.#inOrder(this.#waiting.ids())) this.reconsider(id);
  }

  service(id: ServiceId): ServiceView | undefined {
    return this.#entries.get(id)?.view;
  }

  /** All that are known, whoever serves them. */
  views(): readonly (readonly [ServiceId, ServiceView])[] {
    return Array.from(this.#entries, ([id, { view }]) => [id, view]);
  }

  plan(id: ServiceId): ServicePlan | undefined {
    return this.#entries.get(id)?.plan;
  }

  set(id: ServiceId, view: ServiceView): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) this.#entries.set(id, { view, plan: undefined, holder: newHolder(id) });
    else entry.view = view;
    if (this.#started) this.reconsider(id);
  }

  delete(id: ServiceId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    if (entry.plan?.refusal !== undefined) this.#onRefusal(entry.plan.refusal, undefined);
    this.#waiting.set(id, "", []);
    const changes = this.#allocator.release(entry.holder);
    if (changes.length > 0) this.#log.info({ service: id }, "released: the Service is gone");
    this.#tell(changes);
  }

  /** The first pools, or other ones. An address that is in use stays where it is as long as a pool has it. */
  setPools(pools: readonly Pool[]): void {
    const affected = this.#allocator.setPools(pools);
    if (!this.#started) {
      this.#started = true;
      this.#start();
      return;
    }
    const ids = new Set([...affected, ...this.#unsatisfied()]);
    for (const id of this.#inOrder(ids)) this.reconsider(id);
  }

  /** Decides again; safe at any time. */
  reconsider(id: ServiceId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const before = entry.plan;
    entry.plan = this.#decide(id, entry);
    const plan = entry.plan ?? NOTHING;
    const changes = this.#allocator.assign(entry.holder, plan.terms, plan.addresses);
    this.#waiting.set(id, entry.view.creationTimestamp, plan.waitFor);
    this.#report(id, before, plan);
    this.#onPlan(id);
    this.#tell(changes);
  }

  /** Services that don't have all they ask for. */
  #unsatisfied(): ServiceId[] {
    return [...this.#entries]
      .filter(([, { plan }]) => (plan?.refusal ?? plan?.missing) !== undefined)
      .map(([id]) => id);
  }

  /**
   * Who has an address claims it before anybody gets a new one, so that a restart changes nothing. Who shares an address
   * against the rules since its terms changed has said so in its status; the others were there by right and come first.
   */
  #start(): void {
    const ids = this.#inOrder(this.#entries.keys());
    const standing = (id: ServiceId) => claimStanding(this.#entries.get(id)!.view);
    for (const id of ids.toSorted((a, b) => standing(a) - standing(b))) {
      const { view, holder } = this.#entries.get(id)!;
      if (!this.#isOurs(id, view) || view.type !== "LoadBalancer") continue;
      const { addresses, terms } = claimable(this.#allocator, view);
      this.#allocator.assign(holder, terms, addresses);
    }
    for (const id of ids) this.reconsider(id);
  }

  #decide(id: ServiceId, { view, holder }: Entry): ServicePlan | undefined {
    if (!this.#isOurs(id, view)) return undefined;
    return view.type === "LoadBalancer" ? planService(this.#allocator, view, holder.addresses) : NOTHING;
  }

  /**
   * A Service that stops being a LoadBalancer loses its class with that, so when we serve a class, what tells that it
   * was ours is that we remember it.
   */
  #isOurs(id: ServiceId, view: ServiceView): boolean {
    if (view.type === "LoadBalancer" || this.#loadBalancerClass === "")
      return isOurClass(view, this.#loadBalancerClass);
    return this.#entries.get(id)?.plan !== undefined;
  }

  /** Those with an address first, then by age and name: the same for any order of arrival. */
  #inOrder(ids: Iterable<ServiceId>): readonly ServiceId[] {
    const keyed = Array.from(ids, (id) => {
      const { view } = this.#entries.get(id)!;
      const shows = shownAddresses(view).length > 0 ? "0" : "1";
      return { id, rank: `${shows} ${view.creationTimestamp} ${id}` };
    });
    return keyed.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ id }) => id);
  }

  #tell(changes: readonly Change[]): void {
    if (changes.length > 0) this.#changes.dispatch(changes);
  }

  /** Tries those again that wait for what changed, the oldest first, until what became free is taken. */
  #wake(changes: readonly Change[]): void {
    for (let last: Waiter | undefined; ;) {
      const open = changes.filter(({ freed }) => freed?.exhausted !== true);
      const waiter = this.#waiting.next(
        open.flatMap(({ topics }) => topics),
        last,
      );
      if (waiter === undefined) return;
      if (open.some((change) => this.#helps(change, waiter))) this.reconsider(waiter.id);
      last = waiter;
    }
  }

  /** Whether the change is one that it waits for, and still of use to it. */
  #helps({ topics, joinable }: Change, { id, topics: awaited }: Waiter): boolean {
    if (!topics.some((topic) => awaited.includes(topic))) return false;
    const terms = this.#entries.get(id)?.plan?.terms;
    if (joinable === undefined || terms === undefined) return true;
    return this.#allocator.obstacle({ id, terms }, joinable) === undefined;
  }

  #complain(id: ServiceId, plan: ServicePlan, refusal: Refusal): void {
    const other = refusingService(refusal);
    const fields = { service: id, reason: refusal.code, ...(other === undefined ? {} : { otherService: other }) };
    const keeping = plan.addresses.map(formatAddress);
    this.#log.warn({ ...fields, keeping }, `not allocated: ${explainRefusal(refusal)}`);
  }

  #report(id: ServiceId, before: ServicePlan | undefined, plan: ServicePlan): void {
    const reason = plan.refusal && explainRefusal(plan.refusal);
    if (reason !== (before?.refusal && explainRefusal(before.refusal))) {
      this.#onRefusal(before?.refusal, plan.refusal);
      if (plan.refusal !== undefined) this.#complain(id, plan, plan.refusal);
    }
    const addresses = plan.addresses.map(formatAddress);
    const old = (before ?? NOTHING).addresses.map(formatAddress);
    if (addresses.join() === old.join()) return;
    if (addresses.length === 0) this.#log.info({ service: id, addresses: old }, "released");
    else this.#log.info({ service: id, addresses, pool: plan.pool }, "allocated");
  }
}
