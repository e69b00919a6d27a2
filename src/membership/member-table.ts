import type { Millis } from "../lib/duration.ts";
import type { Random } from "../ports/random.ts";
import type { Endpoint, MemberState, MemberStatus, Versions } from "./message.ts";
import type { Suspicion } from "./suspicion.ts";

/** What we hold of one member. Only the registry changes it. */
export interface MemberRecord {
  readonly node: string;
  endpoint: Endpoint;
  meta: Uint8Array;
  incarnation: number;
  status: MemberStatus;
  versions: Versions | undefined;
  /** When `status` became what it is. */
  changedAt: Millis;
  /** While the status is suspect. */
  suspicion: Suspicion | undefined;
}

/** Everything one member could know of; more can only be an attack or a mistake. */
export const MOST_MEMBERS = 10_000;

/** Tables up to this size are gone through when members are drawn; larger ones are sampled. */
const SMALL_TABLE = 64;

export function isHere(record: { readonly status: MemberStatus }): boolean {
  return record.status === "alive" || record.status === "suspect";
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.address === b.address && a.port === b.port;
}

/** All known members by name and in the order in which they are probed. The first one added is ourselves. */
export class MemberTable {
  readonly #random: Random;
  readonly #byName = new Map<string, MemberRecord>();
  readonly #order: MemberRecord[] = [];
  #next = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get size(): number {
    return this.#order.length;
  }

  get(node: string): MemberRecord | undefined {
    return this.#byName.get(node);
  }

  values(): Iterable<MemberRecord> {
    return this.#order;
  }

  /** At a random place of the order, so that the time until a new member is probed first is bounded on average. */
  add(record: MemberRecord): void {
    const { node } = record;
    this.#byName.set(node, record);
    const at = this.#below(this.#order.length + 1);
    this.#order.push(record);
    this.#swap(at, this.#order.length - 1);
  }

  /**
   * The next member of the round that `wanted` agrees to. Every round has a fresh random order, and each begins with
   * forgetting whom `forgotten` names. Undefined when there is nobody.
   */
  nextInRound(
    wanted: (record: MemberRecord) => boolean,
    forgotten: (record: MemberRecord) => boolean,
  ): MemberRecord | undefined {
    // Whoever was passed just now may be the last of the next round.
    for (let looked = 0; looked <= 2 * this.#order.length; looked++) {
      if (this.#next >= this.#order.length) this.#newRound(forgotten);
      const record = this.#order[this.#next++];
      if (record === undefined) return undefined;
      if (wanted(record)) return record;
    }
    return undefined;
  }

  /** Up to `count` different members at random that `wanted` agrees to. In large tables it may miss some. */
  draw(count: number, wanted: (record: MemberRecord) => boolean): readonly MemberRecord[] {
    const { length } = this.#order;
    if (length <= SMALL_TABLE) return this.#drawFrom(this.#order.filter(wanted), count);
    const drawn = new Set<MemberRecord>();
    for (let tries = 0; tries < 3 * length && drawn.size < count; tries++) {
      const record = this.#order[this.#below(length)]!;
      if (wanted(record)) drawn.add(record);
    }
    return [...drawn];
  }

  #drawFrom(candidates: MemberRecord[], count: number): readonly MemberRecord[] {
    const most = Math.min(count, candidates.length);
    for (let i = 0; i < most; i++) {
      const at = i + this.#below(candidates.length - i);
      const drawn = candidates[at]!;
      candidates[at] = candidates[i]!;
      candidates[i] = drawn;
    }
    return candidates.slice(0, most);
  }

  #newRound(forgotten: (record: MemberRecord) => boolean): void {
    const kept: MemberRecord[] = [];
    for (const record of this.#order) {
      if (forgotten(record)) this.#byName.delete(record.node);
      else kept.push(record);
    }
    this.#order.splice(0, this.#order.length, ...this.#drawFrom(kept, kept.length));
    this.#next = 0;
  }

  #swap(a: number, b: number): void {
    const moved = this.#order[a]!;
    this.#order[a] = this.#order[b]!;
    this.#order[b] = moved;
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }
}

export function stateOf(record: MemberRecord): MemberState {
  const { node, endpoint, meta, incarnation, status, versions } = record;
  return { node, endpoint, meta, incarnation, status, ...(versions === undefined ? {} : { versions }) };
}
