import { type Millis, millis } from "../lib/duration.ts";
import type { Random } from "../ports/random.ts";
import type { Awareness } from "./awareness.ts";
import type { BroadcastQueue } from "./broadcast-queue.ts";
import type { IgnoredReason, MemberChange } from "./change.ts";
import { isHere, type MemberRecord, MemberTable, MOST_MEMBERS, sameEndpoint, stateOf } from "./member-table.ts";
import type { Alive, Dead, Endpoint, MemberState, NamedEndpoint, Suspect, Versions } from "./message.ts";
import type { MembershipSettings } from "./settings.ts";
import { Suspicion, suspicionTerms } from "./suspicion.ts";

/** What we speak: memberlist's protocol 2 on the wire, and everything up to 5 in addition when the other side does. */
export const OUR_VERSIONS: Versions = {
  protocolMin: 1,
  protocolMax: 5,
  protocol: 2,
  delegateMin: 0,
  delegateMax: 0,
  delegate: 0,
};

const LARGEST_INCARNATION = 0xffff_ffff;

export interface RegistryOptions {
  readonly self: NamedEndpoint;
  readonly meta: Uint8Array;
  readonly versions: Versions;
  readonly settings: MembershipSettings;
  readonly random: Random;
  readonly queue: BroadcastQueue;
  readonly awareness: Awareness;
  tell(change: MemberChange): void;
  ignore(reason: IgnoredReason): void;
  /** Somebody takes us for dead. */
  declaredDead(): void;
  /** Whether those whom we take for dead may be alive, and we cut off from them. */
  mayBeCutOff(): boolean;
}

/**
 * Who is a member, and who says so: memberlist's rules of precedence between alive, suspect and dead. News about a
 * member is ordered by its incarnation, which only the member itself raises; within one incarnation dead beats suspect
 * beats alive. Whoever is accused wrongly answers with a higher incarnation. All that changes something is passed on.
 */
export class MemberRegistry {
  readonly table: MemberTable;
  readonly self: MemberRecord;
  readonly #options: RegistryOptions;
  readonly #suspects = new Set<MemberRecord>();
  readonly #conflicts = new Map<string, string>();
  #incarnation = 1;
  #peers = 0;
  #leaving = false;
  /** Earliest end of a suspicion; undefined: to be computed. */
  #nextDeadline: Millis | undefined = millis(Infinity);

  constructor(options: RegistryOptions, now: Millis) {
    this.#options = options;
    const { self, meta, random } = options;
    this.table = new MemberTable(random);
    this.self = {
      node: self.node,
      endpoint: { address: self.address, port: self.port },
      meta,
      incarnation: this.#incarnation,
      status: "alive",
      versions: options.versions,
      changedAt: now,
      suspicion: undefined,
    };
    this.table.add(this.self);
    this.#announceSelf();
  }

  /** Members that are there, suspects included, without ourselves. */
  get peers(): number {
    return this.#peers;
  }

  get leaving(): boolean {
    return this.#leaving;
  }

  get hasSuspects(): boolean {
    return this.#suspects.size > 0;
  }

  /** What we say about ourselves. */
  ourNews(): Alive {
    const { node, endpoint, meta, incarnation } = this.self;
    return { type: "alive", incarnation, node, endpoint, meta, versions: this.#options.versions };
  }

  /** Up to `count` members that we suspect ourselves, with what they would have to object to. */
  ourSuspects(count: number): readonly (Suspect & { readonly to: Endpoint })[] {
    const from = this.self.node;
    const accused: (Suspect & { readonly to: Endpoint })[] = [];
    for (const { node, incarnation, endpoint, suspicion } of this.#suspects) {
      if (accused.length >= count) break;
      if (suspicion!.isBy(from)) accused.push({ type: "suspect", incarnation, node, from, to: endpoint });
    }
    return accused;
  }

  alive(message: Alive, now: Millis): void {
    const { node, versions } = message;
    if (node === "") return this.#options.ignore("no-name");
    if (message.endpoint.port === 0) return this.#options.ignore("no-port");
    if (versions !== undefined && !makeSense(versions)) return this.#options.ignore("bad-versions");
    if (node === this.self.node) return this.#aliveSelf(message);
    const record = this.table.get(node);
    if (record === undefined) return this.#newMember(message, now);
    const moved = !sameEndpoint(message.endpoint, record.endpoint);
    if (moved && isHere(record)) return this.#conflict(record, message);
    if (!moved && message.incarnation <= record.incarnation) return this.#options.ignore("outdated");
    this.#takeAlive(record, message, now);
  }

  suspect(message: Suspect, now: Millis): void {
    const record = this.#addressed(message);
    if (record === undefined) return;
    if (record.suspicion !== undefined) {
      if (!record.suspicion.confirm(message.from)) return;
      this.#nextDeadline = undefined;
      return this.#options.queue.add(message);
    }
    if (record.status !== "alive") return this.#options.ignore("gone-already");
    if (record === this.self) return this.#refute(message.incarnation);
    this.#options.queue.add(message);
    record.incarnation = message.incarnation;
    record.suspicion = new Suspicion(message.from, suspicionTerms(this.#options.settings, this.table.size), now);
    this.#setStatus(record, "suspect", now);
    this.#tell("suspected", record);
  }

  dead(message: Dead, now: Millis): void {
    const record = this.#addressed(message);
    if (record === undefined) return;
    if (!isHere(record)) return this.#options.ignore("gone-already");
    if (record === this.self && !this.#leaving) {
      this.#refute(message.incarnation);
      return this.#options.declaredDead();
    }
    const ours = message.from === this.self.node && record !== this.self;
    if (!ours || !this.#options.mayBeCutOff()) this.#options.queue.add(message);
    record.incarnation = message.incarnation;
    const left = message.node === message.from;
    this.#setStatus(record, left ? "left" : "dead", now);
    this.#tell(left ? "left" : "died", record);
  }

  /** Takes over what another member knows. Its dead are only suspects here: they get the chance to object. */
  merge(members: readonly MemberState[], now: Millis): void {
    const us = this.self.node;
    for (const { status, ...member } of members) {
      const { node, incarnation } = member;
      if (status === "alive") this.alive({ type: "alive", ...member }, now);
      else if (status === "left") this.dead({ type: "dead", node, incarnation, from: node }, now);
      else {
        const accused = node === us && status === "dead" && incarnation >= this.#incarnation;
        this.suspect({ type: "suspect", node, incarnation, from: us }, now);
        if (accused) this.#options.declaredDead();
      }
    }
  }

  /** Our goodbye; it is out when the queue has nothing about us any more. */
  leave(now: Millis): void {
    this.#leaving = true;
    const { node } = this.self;
    this.dead({ type: "dead", incarnation: this.#incarnation, node, from: node }, now);
  }

  setMeta(meta: Uint8Array): void {
    if (this.#leaving) return;
    this.self.meta = meta;
    this.#raiseIncarnation(this.#incarnation + 1);
    this.#announceSelf();
  }

  /** When the next suspicion ends. */
  get wakeAt(): Millis {
    this.#nextDeadline ??= millis(Math.min(Infinity, ...[...this.#suspects].map((record) => deadlineOf(record))));
    return this.#nextDeadline;
  }

  /** Declares dead whose suspicion has ended. */
  wake(now: Millis): void {
    if (now < this.wakeAt) return;
    for (const { node, incarnation, suspicion } of this.#suspects) {
      if (suspicion!.deadline <= now) this.dead({ type: "dead", incarnation, node, from: this.self.node }, now);
    }
  }

  /** Time in which we heard nothing because we didn't run is not held against suspects. */
  postpone(by: Millis): void {
    for (const record of this.#suspects) record.suspicion!.postpone(by);
    this.#nextDeadline = undefined;
  }

  /** The next member to probe. The dead are forgotten here, once they have been told what happens for long enough. */
  nextToProbe(now: Millis): MemberRecord | undefined {
    const { gossipToTheDeadTime } = this.#options.settings;
    return this.table.nextInRound(
      (record) => record !== this.self && isHere(record),
      (record) => {
        const forgotten = record !== this.self && !isHere(record) && now - record.changedAt > gossipToTheDeadTime;
        if (forgotten) this.#forget(record);
        return forgotten;
      },
    );
  }

  #forget(record: MemberRecord): void {
    this.#conflicts.delete(record.node);
    this.#options.queue.remove(record.node);
    this.#tell("forgotten", record);
  }

  /** The record that news is about, unless the news is old. */
  #addressed({ node, incarnation }: Suspect | Dead): MemberRecord | undefined {
    const record = this.table.get(node);
    if (record === undefined) this.#options.ignore(node === "" ? "no-name" : "unknown-member");
    else if (incarnation < record.incarnation) this.#options.ignore("outdated");
    else return record;
    return undefined;
  }

  #newMember(message: Alive, now: Millis): void {
    if (this.table.size >= MOST_MEMBERS) return this.#options.ignore("too-many-members");
    const { node, endpoint, meta } = message;
    const record: MemberRecord = {
      node,
      endpoint,
      meta,
      incarnation: 0,
      status: "dead",
      versions: undefined,
      changedAt: now,
      suspicion: undefined,
    };
    this.table.add(record);
    this.#takeAlive(record, message, now);
  }

  #takeAlive(record: MemberRecord, message: Alive, now: Millis): void {
    const before = record.status;
    const sameMeta = equalBytes(record.meta, message.meta);
    this.#options.queue.add(message);
    record.versions = message.versions ?? record.versions;
    record.incarnation = message.incarnation;
    record.meta = message.meta;
    record.endpoint = message.endpoint;
    this.#conflicts.delete(record.node);
    this.#setStatus(record, "alive", now);
    if (before === "dead" || before === "left") this.#tell("joined", record);
    if (before === "suspect") this.#tell("cleared", record);
    if (isHere({ status: before }) && !sameMeta) this.#tell("updated", record);
  }

  /** An earlier life of ours may have said more than we have: then we have to go beyond it. */
  #aliveSelf(message: Alive): void {
    const { self } = this;
    if (this.#leaving) return this.#options.ignore("gone-already");
    if (!sameEndpoint(message.endpoint, self.endpoint)) return this.#conflict(self, message);
    if (message.incarnation < self.incarnation) return this.#options.ignore("outdated");
    const same = equalBytes(message.meta, self.meta) && sameVersions(message.versions, this.#options.versions);
    if (message.incarnation === self.incarnation && same) return;
    this.#refute(message.incarnation);
  }

  #conflict(record: MemberRecord, { endpoint }: Alive): void {
    this.#options.ignore("name-conflict");
    const other = `${endpoint.address} ${endpoint.port}`;
    if (this.#conflicts.get(record.node) === other) return;
    this.#conflicts.set(record.node, other);
    this.#options.tell({ kind: "name-conflict", member: stateOf(record), other: endpoint });
  }

  /** Objects to what was said about us in `accused`. That it could be said is a sign that we answer too slowly. */
  #refute(accused: number): void {
    this.#raiseIncarnation(Math.max(this.#incarnation, accused) + 1);
    this.#options.awareness.change(1);
    this.#announceSelf();
  }

  /** At the top of its range the number stays: whoever forges the largest has won until the others forget us. */
  #raiseIncarnation(to: number): void {
    this.#incarnation = Math.min(to, LARGEST_INCARNATION);
    this.self.incarnation = this.#incarnation;
  }

  #announceSelf(): void {
    this.#options.queue.add(this.ourNews());
  }

  #setStatus(record: MemberRecord, status: MemberRecord["status"], now: Millis): void {
    if (record !== this.self) this.#peers += Number(isHere({ status })) - Number(isHere(record));
    if (status !== "suspect") record.suspicion = undefined;
    if (status === "suspect") this.#suspects.add(record);
    else this.#suspects.delete(record);
    this.#nextDeadline = undefined;
    if (record.status !== status) record.changedAt = now;
    record.status = status;
  }

  #tell(kind: Exclude<MemberChange["kind"], "name-conflict">, record: MemberRecord): void {
    this.#options.tell({ kind, member: stateOf(record) });
  }
}

function deadlineOf(record: MemberRecord): Millis {
  return record.suspicion!.deadline;
}

function makeSense({ protocolMin, protocolMax }: Versions): boolean {
  return protocolMin > 0 && protocolMax >= protocolMin;
}

function sameVersions(a: Versions | undefined, b: Versions): boolean {
  if (a === undefined) return false;
  const fields = Object.keys(b) as (keyof Versions)[];
  return fields.every((field) => a[field] === b[field]);
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
