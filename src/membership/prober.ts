import { type Millis, millis } from "../lib/duration.ts";
import type { Awareness } from "./awareness.ts";
import type { MemberRecord } from "./member-table.ts";
import type { Endpoint, NamedEndpoint, Ping } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import type { MemberRegistry } from "./registry.ts";
import type { MembershipSettings } from "./settings.ts";

/** The first protocol versions that can be pinged over a stream, and that send nacks. */
const STREAM_PING_SINCE = 3;
const NACK_SINCE = 4;

interface Probe {
  readonly ping: Ping;
  readonly target: MemberRecord;
  /** What the target had when the probe began: a suspicion is about that. */
  readonly incarnation: number;
  readonly startedAt: Millis;
  /** When other ways are tried; undefined: they are. */
  otherWaysAt: Millis | undefined;
  endsAt: Millis;
  nacksWanted: number;
  nacks: number;
}

export interface ProberOptions {
  readonly settings: MembershipSettings;
  readonly registry: MemberRegistry;
  readonly awareness: Awareness;
  readonly outbox: Outbox;
  readonly source: NamedEndpoint;
  readonly nextSeq: () => number;
}

/**
 * Probes one member after the other: a ping; without an answer in time, pings through others and one over a stream;
 * without an answer to any of them until the end of the interval, a suspicion. Each also tells how we fare ourselves.
 */
export class Prober {
  readonly #options: ProberOptions;
  #probe: Probe | undefined;
  #nextTick: Millis;
  /** A tick came while a probe was under way. */
  #owed = false;

  constructor(options: ProberOptions, firstTick: Millis) {
    this.#options = options;
    this.#nextTick = options.settings.probeInterval > 0 ? firstTick : millis(Infinity);
  }

  get wakeAt(): Millis {
    const probe = this.#probe;
    return millis(Math.min(this.#nextTick, probe?.otherWaysAt ?? Infinity, probe?.endsAt ?? Infinity));
  }

  wake(now: Millis): void {
    this.#advance(now);
    if (now < this.#nextTick) return;
    const { probeInterval } = this.#options.settings;
    const missed = Math.floor((now - this.#nextTick) / probeInterval);
    this.#nextTick = millis(this.#nextTick + (missed + 1) * probeInterval);
    if (this.#probe === undefined) this.#begin(now);
    else this.#owed = true;
  }

  /** An answer, by whatever way. Returns when its ping was sent; undefined: it is not for us. */
  answered(seq: number, now: Millis): Millis | undefined {
    const probe = this.#probe;
    if (probe?.ping.seq !== seq) return undefined;
    this.#options.awareness.change(-1);
    this.#end(now);
    return probe.startedAt;
  }

  /** Returns whether the nack is for us. */
  nacked(seq: number): boolean {
    const probe = this.#probe;
    if (probe?.ping.seq !== seq || probe.nacks >= probe.nacksWanted) return false;
    probe.nacks++;
    return true;
  }

  /** Time in which we didn't run is not held against the target. */
  postpone(by: Millis): void {
    const probe = this.#probe;
    if (probe === undefined) return;
    probe.endsAt = millis(probe.endsAt + by);
    if (probe.otherWaysAt !== undefined) probe.otherWaysAt = millis(probe.otherWaysAt + by);
  }

  #begin(now: Millis): void {
    const { settings, registry, awareness, outbox, source, nextSeq } = this.#options;
    const target = registry.nextToProbe(now);
    if (target === undefined) return;
    const { node, incarnation } = target;
    const ping: Ping = { type: "ping", seq: nextSeq(), node, source };
    const interval = awareness.stretch(settings.probeInterval);
    this.#probe = {
      ping,
      target,
      incarnation,
      startedAt: now,
      otherWaysAt: millis(now + Math.min(settings.probeTimeout, interval)),
      endsAt: millis(now + interval),
      nacksWanted: 0,
      nacks: 0,
    };
    if (target.status === "alive") outbox.send(target.endpoint, ping);
    // A suspect learns it first from whom it answers to.
    else outbox.sendOnly(target.endpoint, [ping, { type: "suspect", incarnation, node, from: source.node }]);
  }

  #advance(now: Millis): void {
    const probe = this.#probe;
    if (probe?.otherWaysAt !== undefined && probe.otherWaysAt <= now) this.#tryOtherWays(probe, now);
    if (probe !== undefined && probe.endsAt <= now) this.#fail(probe, now);
  }

  #tryOtherWays(probe: Probe, now: Millis): void {
    probe.otherWaysAt = undefined;
    const { settings, registry, outbox, source } = this.#options;
    const { target, ping } = probe;
    const helpers = registry.table.draw(
      settings.indirectChecks,
      (record) => record !== registry.self && record !== target && record.status === "alive",
    );
    for (const helper of helpers) {
      const nack = speaks(helper, NACK_SINCE);
      if (nack) probe.nacksWanted++;
      const named = { ...target.endpoint, node: target.node };
      outbox.send(helper.endpoint, { type: "indirect-ping", seq: ping.seq, target: named, nack, source });
    }
    const timeout = millis(probe.endsAt - now);
    if (settings.disableTcpPings || !speaks(target, STREAM_PING_SINCE) || timeout <= 0) return;
    outbox.add({ do: "stream-ping", to: target.endpoint, ping, timeout });
  }

  /** Helpers that don't even say that they got no answer are a sign that the trouble is ours. */
  #fail(probe: Probe, now: Millis): void {
    const { registry, awareness, source } = this.#options;
    const { nacksWanted, nacks, incarnation, target } = probe;
    awareness.change(nacksWanted > 0 ? nacksWanted - nacks : 1);
    registry.suspect({ type: "suspect", incarnation, node: target.node, from: source.node }, now);
    this.#end(now);
  }

  #end(now: Millis): void {
    this.#probe = undefined;
    if (!this.#owed) return;
    this.#owed = false;
    this.#begin(now);
  }
}

function speaks(record: MemberRecord, version: number): boolean {
  return record.versions !== undefined && record.versions.protocolMax >= version;
}

/** Where the answer to a message goes: to whom it says it comes from, else to where it came from. */
export function answerTo(from: Endpoint, source: NamedEndpoint | undefined): Endpoint {
  return source === undefined || source.port === 0 ? from : { address: source.address, port: source.port };
}
