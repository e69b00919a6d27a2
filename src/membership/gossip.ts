import { type Millis, millis } from "../lib/duration.ts";
import type { BroadcastQueue } from "./broadcast-queue.ts";
import { isHere } from "./member-table.ts";
import type { Outbox } from "./outbox.ts";
import type { MemberRegistry } from "./registry.ts";
import type { MembershipSettings } from "./settings.ts";

export interface GossipOptions {
  readonly settings: MembershipSettings;
  readonly registry: MemberRegistry;
  readonly queue: BroadcastQueue;
  readonly outbox: Outbox;
}

/** Sends news to members at random: at once when there is any, then once in an interval. */
export class Gossip {
  readonly #options: GossipOptions;
  #lastAt: Millis = millis(-Infinity);

  constructor(options: GossipOptions) {
    this.#options = options;
  }

  get wakeAt(): Millis {
    const { settings, queue, registry } = this.#options;
    const silent = settings.gossipInterval <= 0 || queue.size === 0 || registry.table.size < 2;
    return millis(silent ? Infinity : this.#lastAt + settings.gossipInterval);
  }

  /** To be called after every step: it may have brought news. The dead are told, too, for a while. */
  wake(now: Millis): void {
    if (now < this.wakeAt) return;
    this.#lastAt = now;
    const { settings, registry, outbox } = this.#options;
    const listeners = registry.table.draw(settings.gossipNodes, (record) => {
      const recentlyDead = record.status === "dead" && now - record.changedAt <= settings.gossipToTheDeadTime;
      return record !== registry.self && (isHere(record) || recentlyDead);
    });
    for (const { endpoint } of listeners) if (!outbox.sendNews(endpoint)) return;
  }
}
