import { assertNever } from "../lib/exhaustive.ts";
import { type Millis, millis, seconds } from "../lib/duration.ts";
import type { Random } from "../ports/random.ts";
import type { MembershipAction } from "./action.ts";
import { Awareness } from "./awareness.ts";
import { BroadcastQueue, transmitLimit } from "./broadcast-queue.ts";
import type { IgnoredReason } from "./change.ts";
import type { MembershipEvent } from "./event.ts";
import { Exchanges } from "./exchanges.ts";
import { Gossip } from "./gossip.ts";
import { isHere, sameEndpoint, stateOf } from "./member-table.ts";
import type {
  Dead,
  Endpoint,
  IndirectPing,
  MemberState,
  NamedEndpoint,
  PacketMessage,
  Ping,
  PushPull,
  Suspect,
  Versions,
} from "./message.ts";
import { Outbox } from "./outbox.ts";
import { answerTo, Prober } from "./prober.ts";
import { Reassurance } from "./reassurance.ts";
import { MemberRegistry, OUR_VERSIONS } from "./registry.ts";
import { Relays } from "./relays.ts";
import { SelfDoubt, type Standing } from "./self-doubt.ts";
import type { MembershipSettings } from "./settings.ts";
import { shortestSuspicion } from "./suspicion.ts";
import { Urging } from "./urging.ts";

export interface MembershipOptions {
  /** Our name, and where others reach us. */
  readonly self: NamedEndpoint;
  /** At most MAX_META_LENGTH bytes. */
  readonly meta?: Uint8Array;
  /** What we say that we speak; a program other than the reference above memberlist may ask for versions of its own. */
  readonly versions?: Versions;
  readonly settings: MembershipSettings;
  readonly random: Random;
  /** Bytes of a datagram that checksum and encryption take. */
  readonly overhead: number;
  /** Bytes of one encoded message, its type included. */
  readonly sizeOf: (message: PacketMessage) => number;
}

/** Something that has to be looked at from time to time. */
interface Part {
  readonly wakeAt: Millis;
  wake(now: Millis): void;
}

/** A wake-up that comes up to this late is on time. */
const SLACK = millis(10);

/** Clocks can't be asked for any time. */
const LONGEST_WAIT = seconds(3600);

/**
 * One member of a cluster, by memberlist's protocol: SWIM with Lifeguard's extensions. Pure: `handle` takes what
 * happened and returns what is to be done. Whoever drives it calls `handle` again at `wakeAt`, at the latest.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #queue: BroadcastQueue;
  readonly #outbox: Outbox;
  readonly #registry: MemberRegistry;
  readonly #awareness: Awareness;
  readonly #prober: Prober;
  readonly #relays: Relays;
  readonly #exchanges: Exchanges;
  readonly #doubt: SelfDoubt;
  readonly #reassurance: Reassurance;
  /** In the order in which one may cause work for the next. */
  readonly #parts: readonly Part[];
  readonly #ignored = new Map<IgnoredReason, number>();
  #now: Millis;
  #seq: number;
  /** Until when others are waited for to know that we go; undefined: we stay, or they know. */
  #leaveBy: Millis | undefined;
  #told: Standing | undefined;
  #wakeAt: Millis;

  constructor(options: MembershipOptions, now: Millis) {
    const { self, settings, random, overhead, sizeOf, meta = new Uint8Array() } = options;
    const { versions = OUR_VERSIONS } = options;
    this.#options = options;
    this.#now = now;
    this.#seq = Math.floor(random.next() * 2 ** 32);
    this.#awareness = new Awareness(settings.awarenessMaxMultiplier);
    this.#doubt = new SelfDoubt(() => this.#registry.peers, now);
    const queue = new BroadcastQueue(sizeOf);
    const outbox = new Outbox({
      queue,
      room: settings.udpBufferSize - overhead,
      sizeOf,
      transmitLimit: () => transmitLimit(settings.retransmitMult, this.#registry.table.size),
    });
    this.#queue = queue;
    this.#outbox = outbox;
    const mayBeCutOff = (): boolean => this.#doubt.mayBeCutOff;
    const registry = new MemberRegistry(
      {
        self,
        meta,
        versions,
        settings,
        random,
        queue,
        awareness: this.#awareness,
        tell: (change) => outbox.add({ do: "tell", change }),
        ignore: (reason) => this.#ignore(reason),
        declaredDead: () => this.#doubt.doubt("declared-dead", this.#now),
        mayBeCutOff,
      },
      now,
    );
    this.#registry = registry;
    const nextSeq = (): number => this.#nextSeq();
    const firstProbe = millis(now + random.next() * settings.probeInterval);
    this.#prober = new Prober(
      { settings, registry, awareness: this.#awareness, outbox, source: self, nextSeq },
      firstProbe,
    );
    this.#exchanges = new Exchanges({ settings, registry, outbox, random, mayBeCutOff }, now);
    this.#relays = new Relays(outbox);
    this.#reassurance = new Reassurance({ doubt: this.#doubt, registry, exchanges: this.#exchanges, outbox, nextSeq });
    this.#parts = [
      this.#prober,
      this.#relays,
      registry,
      new Urging(registry, outbox, settings.gossipInterval),
      this.#doubt,
      this.#reassurance,
      this.#exchanges,
      new Gossip({ settings, registry, queue, outbox }),
    ];
    this.#wakeAt = now;
  }

  /** When `handle` has to be called again, whatever happens before. */
  get wakeAt(): Millis {
    return this.#wakeAt;
  }

  /** Members that are there, suspects and ourselves included, until we leave. */
  get members(): readonly MemberState[] {
    return [...this.#registry.table.values()].filter(isHere).map((record) => stateOf(record));
  }

  get standing(): Standing {
    return this.#doubt.standing;
  }

  /** 0: healthy; more: we seem to have trouble of our own. */
  get healthScore(): number {
    return this.#awareness.score;
  }

  /** How many messages changed nothing, by reason. */
  get ignored(): ReadonlyMap<IgnoredReason, number> {
    return this.#ignored;
  }

  /** News that waits to be passed on. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Our answer to an exchange that somebody else has begun. */
  ourState(): PushPull {
    return this.#exchanges.ourState(false);
  }

  /** Whether we didn't run for so long that nothing may be done before the next `handle`, which will say so. */
  isOverdue(now: Millis): boolean {
    return this.#registry.peers > 0 && now - this.#wakeAt >= this.#doubt.pauseLimit;
  }

  handle(event: MembershipEvent, now: Millis): readonly MembershipAction[] {
    this.#now = now;
    this.#allowForLateness(now);
    this.#take(event, now);
    this.#wakeParts(now);
    this.#checkLeave(now);
    this.#tellStanding();
    this.#wakeAt = this.#nextWake(now);
    return this.#outbox.drain();
  }

  #allowForLateness(now: Millis): void {
    const late = millis(now - this.#wakeAt);
    if (late <= SLACK) return;
    this.#prober.postpone(late);
    this.#registry.postpone(late);
    this.#doubt.postpone(late);
    this.#doubt.ranLate(late, now);
  }

  #take(event: MembershipEvent, now: Millis): void {
    switch (event.on) {
      case "woken":
        return;
      case "received":
        return this.#received(event.messages, event.from, now);
      case "stream-ping-answered":
        return this.#answered(event.seq, now);
      case "exchanged":
        return this.#exchanged(event.id, event.state, now);
      case "exchange-failed":
        this.#exchanges.ended(event.id);
        return;
      case "seeds-known":
        this.#exchanges.setSeeds(event.seeds, now);
        this.#doubt.beginJoining(now);
        if (!this.#exchanges.hasSeeds && this.#registry.peers === 0) this.#doubt.alone();
        return;
      case "meta-changed":
        return this.#registry.setMeta(event.meta);
      case "leaving":
        this.#registry.leave(now);
        this.#leaveBy = millis(now + event.timeout);
        return;
      default:
        return assertNever(event);
    }
  }

  /** Who accuses us hears our objection at once, and again if it was lost: gossip alone may come too late. */
  #received(messages: readonly PacketMessage[], from: Endpoint, now: Millis): void {
    if (messages.length > 0) this.#doubt.heard(now);
    for (const message of messages) this.#receive(message, from, now);
    const { leaving, self } = this.#registry;
    const accused = messages.some((message) => isAccusation(message) && message.node === self.node);
    if (accused && !leaving) this.#outbox.sendOnly(from, [this.#registry.ourNews()]);
  }

  #receive(message: PacketMessage, from: Endpoint, now: Millis): void {
    switch (message.type) {
      case "ping":
        return this.#pinged(message, from);
      case "indirect-ping":
        return this.#relay(message, from, now);
      case "ack":
        return this.#answered(message.seq, now);
      case "nack":
        if (!this.#prober.nacked(message.seq)) this.#ignore("unexpected-answer");
        return;
      case "alive":
        return this.#registry.alive(message, now);
      case "suspect":
        return this.#registry.suspect(message, now);
      case "dead":
        return this.#registry.dead(message, now);
      case "user":
        return this.#ignore("user-data");
      default:
        return assertNever(message);
    }
  }

  /** Whom we hold for dead is told so with the answer: it would not hear of it otherwise, and may object. */
  #pinged({ seq, node, source }: Ping, from: Endpoint): void {
    const { self, table } = this.#registry;
    if (node !== "" && node !== self.node) return this.#ignore("not-for-us");
    const to = answerTo(from, source);
    const ack = { type: "ack", seq, payload: new Uint8Array() } as const;
    const pinger = source === undefined ? undefined : table.get(source.node);
    if (pinger?.status !== "dead" || !sameEndpoint(pinger.endpoint, to)) return this.#outbox.send(to, ack);
    const { incarnation } = pinger;
    const type = this.#doubt.mayBeCutOff ? "suspect" : "dead";
    this.#outbox.send(to, ack, { type, incarnation, node: pinger.node, from: self.node });
  }

  #relay({ seq, target, nack, source }: IndirectPing, from: Endpoint, now: Millis): void {
    const ourSeq = this.#nextSeq();
    const nackAfter = nack ? this.#options.settings.probeTimeout : undefined;
    if (!this.#relays.add(ourSeq, answerTo(from, source), seq, { now, nackAfter }))
      return this.#ignore("too-many-relays");
    const { node, address } = target;
    // Old members don't say the port: it was the same for all.
    const to = { address, port: target.port === 0 ? this.#options.self.port : target.port };
    this.#outbox.send(to, { type: "ping", seq: ourSeq, node, source: this.#options.self });
  }

  #answered(seq: number, now: Millis): void {
    const askedAt = this.#prober.answered(seq, now) ?? this.#reassurance.answered(seq, now);
    if (askedAt !== undefined) return this.#doubt.answered(askedAt);
    if (!this.#relays.answered(seq)) this.#ignore("unexpected-answer");
  }

  #exchanged(id: number | undefined, { members }: PushPull, now: Millis): void {
    this.#doubt.heard(now);
    const begunAt = id === undefined ? undefined : this.#exchanges.ended(id);
    // Before the merge: what it says about us may be cause for a new doubt.
    if (begunAt !== undefined || this.#isJoining()) this.#doubt.exchanged(begunAt ?? now);
    this.#registry.merge(members, now);
  }

  #isJoining(): boolean {
    const { standing } = this.#doubt;
    return standing.kind === "doubtful" && standing.reason === "joining";
  }

  #wakeParts(now: Millis): void {
    this.#doubt.setShortestSuspicion(shortestSuspicion(this.#options.settings, this.#registry.table.size));
    for (const part of this.#parts) part.wake(now);
  }

  #checkLeave(now: Millis): void {
    if (this.#leaveBy === undefined) return;
    const { self, peers } = this.#registry;
    if (this.#queue.has(self.node) && peers > 0 && now < this.#leaveBy) return;
    this.#leaveBy = undefined;
    this.#outbox.add({ do: "left" });
  }

  #tellStanding(): void {
    const { standing } = this.#doubt;
    if (standing === this.#told) return;
    this.#told = standing;
    this.#outbox.add({ do: "stand", standing });
  }

  #nextWake(now: Millis): Millis {
    let next = Math.min(now + LONGEST_WAIT, this.#leaveBy ?? Infinity);
    for (const { wakeAt } of this.#parts) next = Math.min(next, wakeAt);
    return millis(Math.max(now, next));
  }

  #nextSeq(): number {
    this.#seq = (this.#seq + 1) >>> 0;
    return this.#seq;
  }

  #ignore(reason: IgnoredReason): void {
    this.#ignored.set(reason, (this.#ignored.get(reason) ?? 0) + 1);
  }
}

function isAccusation(message: PacketMessage): message is Suspect | Dead {
  return message.type === "suspect" || message.type === "dead";
}
