import type { ServiceId } from "../allocator/request.ts";
import type { Topic } from "../allocator/topic.ts";
import { partitionPoint } from "../lib/search.ts";

export interface Waiter {
  readonly id: ServiceId;
  /** Creation time, RFC 3339 in UTC: its text is in the order of time. */
  readonly since: string;
  readonly topics: readonly Topic[];
}

/** Which Services wait for what. Those who wait longest come first. */
export class WaitingList {
  readonly #waiters = new Map<ServiceId, Waiter>();
  readonly #byTopic = new Map<Topic, Waiter[]>();

  get size(): number {
    return this.#waiters.size;
  }

  ids(): readonly ServiceId[] {
    return [...this.#waiters.keys()];
  }

  /** Replaces what the Service waits for; nothing takes it off the list. */
  set(id: ServiceId, since: string, topics: readonly Topic[]): void {
    const old = this.#waiters.get(id);
    if (old !== undefined && old.since === since && sameTopics(old.topics, topics)) return;
    if (old !== undefined) this.#remove(old);
    if (topics.length === 0) return;
    const waiter = { id, since, topics };
    this.#waiters.set(id, waiter);
    for (const topic of topics) {
      const waiters = this.#byTopic.get(topic);
      if (waiters === undefined) this.#byTopic.set(topic, [waiter]);
      else waiters.splice(position(waiters, waiter), 0, waiter);
    }
  }

  /**
   * The first that waits for one of the topics, by age, then by name; after `last` if given. So all can be visited in
   * order while the list changes.
   */
  next(topics: readonly Topic[], last?: Waiter): Waiter | undefined {
    let first: Waiter | undefined;
    for (const topic of topics) {
      const waiters = this.#byTopic.get(topic) ?? [];
      const start = last === undefined ? 0 : partitionPoint(waiters.length, (i) => !isBefore(last, waiters[i]!));
      const waiter = waiters[start];
      if (waiter !== undefined && (first === undefined || isBefore(waiter, first))) first = waiter;
    }
    return first;
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter.id);
    for (const topic of waiter.topics) {
      const waiters = this.#byTopic.get(topic)!;
      waiters.splice(position(waiters, waiter), 1);
      if (waiters.length === 0) this.#byTopic.delete(topic);
    }
  }
}

/** Where `waiter` is in the sorted list, or belongs. */
function position(waiters: readonly Waiter[], waiter: Waiter): number {
  return partitionPoint(waiters.length, (i) => isBefore(waiters[i]!, waiter));
}

function isBefore(a: Waiter, b: Waiter): boolean {
  return a.since === b.since ? a.id < b.id : a.since < b.since;
}

function sameTopics(a: readonly Topic[], b: readonly Topic[]): boolean {
  return a.length === b.length && a.every((topic, i) => topic === b[i]);
}
