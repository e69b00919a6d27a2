import type { Alive, Dead, Suspect } from "./message.ts";

/** What is passed on from member to member. */
export type News = Alive | Suspect | Dead;

interface Entry {
  readonly news: News;
  readonly size: number;
  sent: number;
}

/** Smaller than any news: there is no use in looking for one that fits in less. */
const SMALLEST = 16;

/** News in one packet: a compound message counts its parts in a byte. */
const MOST_IN_PACKET = 100;

/** Entries that are passed over because they don't fit before a packet is taken for full. */
const MOST_MISSES = 32;

/** How often news is sent on in a cluster of `members`. */
export function transmitLimit(retransmitMult: number, members: number): number {
  return Math.max(1, retransmitMult * Math.ceil(Math.log10(members + 1)));
}

/**
 * News that waits to be sent on, at most one per member: what is newer about a member takes the place of what is older.
 * News that was sent least often goes first, and of this the one that has waited longest.
 */
export class BroadcastQueue {
  readonly #sizeOf: (news: News) => number;
  readonly #entries = new Map<string, Entry>();
  /** By how often it was sent. */
  readonly #tiers: Set<Entry>[] = [];

  constructor(sizeOf: (news: News) => number) {
    this.#sizeOf = sizeOf;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether news about this member waits. */
  has(node: string): boolean {
    return this.#entries.has(node);
  }

  add(news: News): void {
    this.remove(news.node);
    const entry = { news, size: this.#sizeOf(news), sent: 0 };
    this.#entries.set(news.node, entry);
    this.#tier(0).add(entry);
  }

  remove(node: string): void {
    const entry = this.#entries.get(node);
    if (entry === undefined) return;
    this.#entries.delete(node);
    this.#tiers[entry.sent]!.delete(entry);
  }

  /**
   * News for one packet with room for `budget` bytes, of which each news costs its size and `overhead`. It counts as
   * sent once more; what was sent `limit` times is forgotten.
   */
  take(budget: number, overhead: number, limit: number): readonly News[] {
    const taken: Entry[] = [];
    let room = budget;
    let misses = 0;
    for (const tier of this.#tiers) {
      for (const entry of tier) {
        if (taken.length >= MOST_IN_PACKET || room < SMALLEST + overhead || misses >= MOST_MISSES) break;
        if (entry.size + overhead > room) misses++;
        else {
          taken.push(entry);
          room -= entry.size + overhead;
        }
      }
    }
    for (const entry of taken) this.#count(entry, limit);
    return taken.map(({ news }) => news);
  }

  #count(entry: Entry, limit: number): void {
    this.#tiers[entry.sent]!.delete(entry);
    entry.sent++;
    if (entry.sent >= limit) this.#entries.delete(entry.news.node);
    else this.#tier(entry.sent).add(entry);
  }

  #tier(sent: number): Set<Entry> {
    while (this.#tiers.length <= sent) this.#tiers.push(new Set());
    return this.#tiers[sent]!;
  }
}
