import { addressFromBytes } from "../../src/ip/address.ts";
import { type Millis, millis } from "../../src/lib/duration.ts";
import type { MembershipAction } from "../../src/membership/action.ts";
import type { MemberChange } from "../../src/membership/change.ts";
import type { MembershipEvent } from "../../src/membership/event.ts";
import { Membership } from "../../src/membership/membership.ts";
import type { Endpoint, PacketMessage } from "../../src/membership/message.ts";
import type { Standing } from "../../src/membership/self-doubt.ts";
import { FAST_LAN, type MembershipSettings } from "../../src/membership/settings.ts";
import { encodeMessage } from "../../src/membership/wire/packet-message.ts";
import type { Random } from "../../src/ports/random.ts";
import { EventHeap } from "./event-heap.ts";
import { seededRandom } from "./seeded-random.ts";

export interface NetworkOptions {
  readonly seed: number;
  readonly settings?: MembershipSettings;
  /** Share of datagrams that get lost. */
  readonly loss?: number;
  /** Longest time on the way; every datagram has its own, so they overtake each other. */
  readonly latency?: number;
}

function sizeOf(message: PacketMessage): number {
  return encodeMessage(message).length;
}

/** What one process sent and received. */
export interface Traffic {
  datagrams: number;
  bytes: number;
  messages: number;
  exchanges: number;
}

const PORT = 7946;

/** Datagrams that wait in all kernels for the end of a cut. */
const QUEUE = 10_000;

/** What is kept for a process that doesn't run. */
const SOCKET_BUFFER = 256;

/** A process that runs, or doesn't, at an address of its own. */
export class Station {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly settings: MembershipSettings;
  readonly changes: { readonly at: Millis; readonly change: MemberChange }[] = [];
  readonly standings: { readonly at: Millis; readonly standing: Standing }[] = [];
  readonly sent: Traffic = { datagrams: 0, bytes: 0, messages: 0, exchanges: 0 };
  /** Whom it takes for present beside itself, by what it told. */
  readonly others = new Set<string>();
  core: Membership | undefined;
  left = false;
  paused = false;
  /** What arrived while the process did not run. */
  readonly waiting: MembershipEvent[] = [];
  wakePlannedAt = Infinity;
  /** While its clock stands still. */
  frozenAt: number | undefined;
  /** How far its clock is behind. */
  lag = 0;

  constructor(name: string, number: number, settings: MembershipSettings) {
    this.name = name;
    this.endpoint = { address: addressFromBytes(Uint8Array.of(10, 0, number >> 8, number & 255)), port: PORT };
    this.settings = settings;
  }

  note(change: MemberChange, at: Millis): void {
    this.changes.push({ at, change });
    if (change.kind === "joined") this.others.add(change.member.node);
    if (change.kind === "left" || change.kind === "died") this.others.delete(change.member.node);
  }

  /** Whom it takes for present, by name. */
  get sees(): readonly string[] {
    return (this.core?.members ?? []).map(({ node }) => node).toSorted();
  }
}

/** Many members on a network that loses, delays and cuts, by the seed: the same run every time. */
export class MembershipNetwork {
  readonly stations = new Map<string, Station>();
  readonly #byAddress = new Map<bigint, Station>();
  readonly #options: Required<NetworkOptions>;
  readonly #random: Random;
  readonly #heap = new EventHeap();
  /** Group of each station while the network is cut; stations of different groups don't hear each other. */
  #groups: ReadonlyMap<string, number> | undefined;
  /** Asked for every datagram in addition to the groups. */
  blocks: (from: Station, to: Station) => boolean = () => false;
  /**
   * Whether datagrams to stations that are cut off wait in their sender's kernel, as they do when it has to ask for the
   * neighbour's address, and go out after all when the network is mended.
   */
  queuesWhileCut = false;
  readonly #queued: (() => void)[] = [];
  /** Whether the bytes that are sent are counted, which takes time. */
  countsBytes = false;
  #now = 0;

  constructor(options: NetworkOptions) {
    this.#options = { settings: FAST_LAN, loss: 0, latency: 1, ...options };
    this.#random = seededRandom(options.seed);
  }

  get now(): Millis {
    return millis(this.#now);
  }

  set loss(share: number) {
    Object.assign(this.#options, { loss: share });
  }

  /** Adds running members that know each other's addresses. */
  addAll(names: readonly string[], settings = this.#options.settings): readonly Station[] {
    const added = names.map((name) => this.#place(name, settings));
    for (const station of added) this.start(station.name);
    return added;
  }

  get(name: string): Station {
    return this.stations.get(name)!;
  }

  /** A new process; it remembers nothing of the one before. */
  start(name: string): void {
    const station = this.get(name);
    const { settings, endpoint } = station;
    const random = seededRandom(Math.floor(this.#random.next() * 2 ** 32));
    station.left = false;
    station.others.clear();
    station.core = new Membership(
      { self: { ...endpoint, node: name }, settings, random, overhead: 45, sizeOf },
      millis(this.#now - station.lag),
    );
    const seeds = [...this.stations.values()].map((other) => other.endpoint);
    this.tell(name, { on: "seeds-known", seeds });
  }

  /** Ends a process without a goodbye. */
  kill(name: string): void {
    const station = this.get(name);
    station.core = undefined;
    station.paused = false;
    station.waiting.length = 0;
  }

  pause(name: string): void {
    this.get(name).paused = true;
  }

  /** What waited in its sockets comes before its timers. */
  resume(name: string): void {
    const station = this.get(name);
    station.paused = false;
    for (const event of station.waiting.splice(0)) this.#handle(station, event);
    this.#handle(station, { on: "woken" });
  }

  /** Stops a process, its network and its clock. */
  freeze(name: string): void {
    this.get(name).frozenAt = this.#now;
  }

  thaw(name: string): void {
    const station = this.get(name);
    station.lag += this.#now - station.frozenAt!;
    station.frozenAt = undefined;
    this.#handle(station, { on: "woken" });
  }

  /** From now on only stations of one group hear each other; who is in no group hears nobody. */
  cut(...groups: readonly (readonly string[])[]): void {
    this.#groups = new Map(groups.flatMap((names, i) => names.map((name) => [name, i] as const)));
  }

  mend(): void {
    this.#groups = undefined;
    for (const arrive of this.#queued.splice(0)) this.#later(arrive);
  }

  tell(name: string, event: MembershipEvent): void {
    this.#handle(this.get(name), event);
  }

  run(duration: number): void {
    const end = this.#now + duration;
    for (let at = this.#heap.nextAt; at !== undefined && at <= end; at = this.#heap.nextAt) {
      this.#now = at;
      this.#heap.pop()!();
    }
    this.#now = end;
  }

  /** Runs until the condition holds, looking every `step`. Returns how long it took; fails after `limit`. */
  runUntil(condition: () => boolean, limit: number, step = 10): number {
    const start = this.#now;
    while (!condition()) {
      if (this.#now - start > limit) throw new Error(`it did not happen within ${limit} ms`);
      this.run(step);
    }
    return this.#now - start;
  }

  /** Whether all running members see exactly each other. */
  agree(): boolean {
    const running = [...this.stations.values()].filter(({ core, left }) => core !== undefined && !left);
    if (running.some(({ others }) => others.size !== running.length - 1)) return false;
    const names = new Set(running.map(({ name }) => name));
    return running.every(({ others }) => [...others].every((name) => names.has(name)));
  }

  #place(name: string, settings: MembershipSettings): Station {
    const station = new Station(name, this.stations.size + 1, settings);
    this.stations.set(name, station);
    this.#byAddress.set(station.endpoint.address, station);
    return station;
  }

  #handle(station: Station, event: MembershipEvent): void {
    const { core } = station;
    if (core === undefined || station.frozenAt !== undefined) return;
    if (station.paused) {
      if (event.on !== "woken" && station.waiting.length < SOCKET_BUFFER) station.waiting.push(event);
      return;
    }
    for (const action of core.handle(event, millis(this.#now - station.lag))) this.#perform(station, action);
    this.#planWake(station, core);
  }

  #planWake(station: Station, core: Membership): void {
    const at = core.wakeAt + station.lag;
    if (at >= station.wakePlannedAt) return;
    station.wakePlannedAt = at;
    this.#heap.plan(at, () => {
      if (station.wakePlannedAt === at) station.wakePlannedAt = Infinity;
      if (station.core === undefined) return;
      if (station.core.wakeAt + station.lag <= this.#now) this.#handle(station, { on: "woken" });
      else this.#planWake(station, station.core);
    });
  }

  #perform(from: Station, action: MembershipAction): void {
    switch (action.do) {
      case "send":
        return this.#send(from, action.to, action.messages);
      case "stream-ping":
        return this.#stream(from, action.to, (to) => {
          if (to?.core !== undefined && to.name === action.ping.node) {
            this.#later(() => this.#handle(from, { on: "stream-ping-answered", seq: action.ping.seq }));
          }
        });
      case "exchange":
        from.sent.exchanges++;
        return this.#stream(from, action.to, (to) => {
          const theirs = to?.core?.ourState();
          this.#later(() => {
            if (theirs === undefined) this.#handle(from, { on: "exchange-failed", id: action.id });
            else this.#handle(from, { on: "exchanged", id: action.id, state: theirs });
          });
          if (to !== undefined && theirs !== undefined) this.#handle(to, { on: "exchanged", state: action.state });
        });
      case "tell":
        from.note(action.change, this.now);
        return;
      case "stand":
        from.standings.push({ at: this.now, standing: action.standing });
        return;
      case "left":
        from.left = true;
        from.core = undefined;
    }
  }

  #send(from: Station, to: Endpoint, messages: readonly PacketMessage[]): void {
    from.sent.datagrams++;
    from.sent.messages += messages.length;
    if (this.countsBytes) for (const message of messages) from.sent.bytes += sizeOf(message) + 2;
    const target = this.#byAddress.get(to.address);
    if (target === undefined || this.#random.next() < this.#options.loss) return;
    const arrive = (): void => this.#handle(target, { on: "received", from: from.endpoint, messages });
    if (this.#reaches(from, target)) this.#later(arrive);
    else if (this.queuesWhileCut && this.#queued.length < QUEUE) this.#queued.push(arrive);
  }

  /** Streams don't lose anything, but it may take longer. `arrive` is called with nobody when nobody can be reached. */
  #stream(from: Station, to: Endpoint, arrive: (target: Station | undefined) => void): void {
    const target = this.#byAddress.get(to.address);
    const runs = target !== undefined && !target.paused && target.frozenAt === undefined;
    const reached = runs && this.#reaches(from, target) && this.#reaches(target, from) ? target : undefined;
    const again = this.#random.next() < this.#options.loss ? 200 : 0;
    this.#heap.plan(this.#now + this.#delay() + again + (reached === undefined ? from.settings.tcpTimeout : 0), () =>
      arrive(reached),
    );
  }

  #later(happen: () => void): void {
    this.#heap.plan(this.#now + this.#delay(), happen);
  }

  #delay(): number {
    return this.#options.latency * (0.1 + 0.9 * this.#random.next());
  }

  #reaches(from: Station, to: Station): boolean {
    if (this.blocks(from, to)) return false;
    if (this.#groups === undefined) return true;
    const group = this.#groups.get(from.name);
    return group !== undefined && group === this.#groups.get(to.name);
  }
}
