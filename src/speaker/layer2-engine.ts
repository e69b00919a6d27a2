/**
 * The layer-2 driver: holds what is announced, keeps the sockets that this needs, answers requests and sends gratuitous
 * frames. Runs in the protocol worker; knows only ports. What to answer is decided in `layer2/`.
 */
import { type IpAddress, familyOf } from "../ip/address.ts";
import { formatMac } from "../ip/mac.ts";
import { BurstSchedule, gratuitousFrames, ROUND_INTERVAL } from "../layer2/announcer.ts";
import { formatPrefix } from "../ip/prefix.ts";
import { isExcluded, linkRefusal } from "../layer2/links.ts";
import { type InterfaceSubnets, subnetsOf } from "../layer2/subnets.ts";
import { sameMac } from "../layer2/packet/ethernet.ts";
import { REPEAT_INTERVAL } from "../layer2/repeats.ts";
import type { Conflict } from "../layer2/conflict.ts";
import { type Answer, respondToArp, respondToNdp, type Standing } from "../layer2/responder.ts";
import { millis, seconds } from "../lib/duration.ts";
import { backoffDelay } from "../lib/backoff.ts";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { FrameKind, Frames, FrameSocket } from "../ports/frames.ts";
import type { Link, Links } from "../ports/links.ts";
import type { Random } from "../ports/random.ts";
import { Repeater } from "./repeater.ts";
import { DuplicateWatch } from "./duplicate-watch.ts";
import type { Announcement, WorkerCommand, WorkerEvent } from "./protocol.ts";
import { PacedQueue } from "./paced-queue.ts";
import { RequestCounters } from "./request-counters.ts";

export type Layer2Command = Exclude<WorkerCommand, { readonly do: "join" | "vouch" }>;

export interface Layer2Ports {
  readonly frames: Frames;
  readonly links: Links;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether another node may answer by now; asked before anything is sent. Absent: no other ever does. */
  holdsBack?(): boolean;
  /** To the main thread. */
  emit(event: WorkerEvent): void;
}

const KINDS: readonly FrameKind[] = ["arp", "ndp"];
const FAMILY_OF_KIND = { arp: "IPv4", ndp: "IPv6" } as const;
const REOPEN = { first: seconds(1), max: seconds(60) };

/** One kind of request on one interface. */
interface Listener {
  readonly key: string;
  readonly link: Link;
  readonly mac: Uint8Array;
  readonly socket: FrameSocket;
  /** What this interface is told about. */
  readonly bursts: BurstSchedule;
  /** What the socket listens for. */
  addresses: readonly IpAddress[];
}

/** One address's round on one interface. */
interface Round {
  readonly listener: Listener;
  readonly address: IpAddress;
}

/** A thousand addresses on many interfaces take longer to tell than a client should wait for an answer. */
const ROUNDS_PER_TURN = 128;

export class Layer2Engine {
  readonly #ports: Layer2Ports;
  readonly #excluded: RegExp;
  readonly #announcements = new Map<IpAddress, Announcement>();
  readonly #rounds: PacedQueue<Round>;
  readonly #counters: RequestCounters;
  readonly #duplicates: DuplicateWatch;
  readonly #repeater: Repeater;
  readonly #listeners = new Map<string, Listener>();
  /** Interfaces on which an address is answered, as last told to the main thread. */
  readonly #told = new Map<IpAddress, string>();
  /** What failed last, by subject: "sockets", "links", or the key of a listener. */
  readonly #troubles = new Map<string, string>();
  #links: readonly Link[] = [];
  #names = "";
  #subnets = "";
  #ready = false;
  #watch: { close(): void } | undefined;
  #flushTimer: Timer | undefined;
  #ticker: Timer | undefined;
  #reopenTimer: Timer | undefined;
  #failedOpens = 0;
  /** Addresses that were announced since the last flush. */
  #fresh = new Set<IpAddress>();

  constructor(excluded: RegExp, ports: Layer2Ports) {
    this.#excluded = excluded;
    this.#ports = ports;
    this.#rounds = new PacedQueue(ports.clock, ROUNDS_PER_TURN, (round) => this.#sendRound(round));
    this.#counters = new RequestCounters(ports.clock, (counters) => ports.emit({ on: "counters", counters }));
    this.#duplicates = new DuplicateWatch(ports.clock, (conflict) => this.#onConflict(conflict));
    const { clock, random } = ports;
    this.#repeater = new Repeater({ clock, random, repeat: (address) => this.#repeat(address) });
  }

  start(): void {
    try {
      this.#ports.frames.probe();
    } catch (error) {
      this.#reportFailure("sockets", error);
    }
    try {
      this.#watch = this.#ports.links.watch(
        (links) => this.#onLinks(links),
        (error) => this.#trouble("links", "links", `the link monitor failed: ${error.message}`),
      );
    } catch (error) {
      this.#reportFailure("links", error);
    }
  }

  /** Tells everybody again whom they find here, after it was held back. */
  resume(): void {
    for (const address of this.#announcements.keys()) {
      this.#fresh.add(address);
      this.#duplicates.gained(address);
    }
    this.#scheduleFlush();
  }

  command(command: Layer2Command): void {
    switch (command.do) {
      case "announce":
        this.#announce(command.announcement);
        break;
      case "withdraw":
        this.#forget(command.address);
        break;
      case "stop":
        this.#stop();
        return;
    }
    this.#scheduleFlush();
  }

  #announce(announcement: Announcement): void {
    const { address, repeatEvery = REPEAT_INTERVAL } = announcement;
    if (!this.#announcements.has(address)) this.#duplicates.gained(address);
    this.#announcements.set(address, announcement);
    this.#repeater.set(address, repeatEvery);
    this.#fresh.add(address);
  }

  #forget(address: IpAddress): void {
    this.#announcements.delete(address);
    this.#duplicates.lost(address);
    this.#repeater.delete(address);
    for (const { bursts } of this.#listeners.values()) bursts.stop(address);
    this.#fresh.delete(address);
    if (this.#told.delete(address)) this.#ports.emit({ on: "announcing", address, interfaces: [] });
  }

  #stop(): void {
    for (const address of this.#announcements.keys()) this.#forget(address);
    this.#flush();
    this.#watch?.close();
    for (const timer of [this.#flushTimer, this.#ticker, this.#reopenTimer]) timer?.cancel();
    this.#rounds.clear();
    this.#duplicates.close();
    this.#repeater.close();
    this.#counters.flush();
    this.#ports.emit({ on: "stopped" });
  }

  #onLinks(links: readonly Link[]): void {
    this.#links = links;
    this.#duplicates.setLinks(links);
    this.#troubles.delete("links");
    const usable = links.filter((link) => !isExcluded(link, this.#excluded));
    this.#tellSubnets(usable.map(subnetsOf));
    const names = usable.map((link) => link.name);
    if (names.join("\n") !== this.#names || !this.#ready) {
      this.#names = names.join("\n");
      this.#ports.emit({ on: "interfaces", names });
    }
    const first = !this.#ready;
    this.#ready = true;
    this.#flush();
    if (first) this.#ports.emit({ on: "ready" });
  }

  #tellSubnets(interfaces: readonly InterfaceSubnets[]): void {
    const text = interfaces.map(({ name, subnets }) => [name, ...subnets.map(formatPrefix)].join(" ")).join("\n");
    if (text === this.#subnets) return;
    this.#subnets = text;
    this.#ports.emit({ on: "subnets", interfaces });
  }

  /** Commands come one by one; sockets and filters are changed once for all that arrive together. */
  #scheduleFlush(): void {
    this.#flushTimer ??= this.#ports.clock.after(millis(0), () => this.#flush());
  }

  #flush(): void {
    this.#flushTimer?.cancel();
    this.#flushTimer = undefined;
    // Before the links are known nobody can tell where an address is answered.
    if (!this.#ready) return;
    const opened = this.#syncListeners();
    this.#tellChanges();
    const fresh = [...this.#fresh].flatMap((address) =>
      this.#listenersOf(address).map((listener) => ({ listener, address })),
    );
    const late = opened.flatMap((listener) => listener.addresses.map((address) => ({ listener, address })));
    this.#fresh = new Set();
    this.#startBursts([...fresh, ...late]);
  }

  /** Opens, narrows and closes sockets so that they are what the announcements need. Returns the new ones. */
  #syncListeners(): readonly Listener[] {
    const opened: Listener[] = [];
    const wanted = new Set<string>();
    let failed = false;
    for (const link of this.#links) {
      for (const kind of KINDS) {
        const addresses = this.#addressesFor(link, kind);
        if (addresses.length === 0) continue;
        wanted.add(listenerKey(link, kind));
        const before = this.#listeners.get(listenerKey(link, kind));
        const listener = this.#listen(link, kind);
        if (listener === undefined) failed = true;
        else {
          if (listener !== before) opened.push(listener);
          if (!sameAddresses(listener.addresses, addresses)) listener.socket.listenFor(addresses);
          listener.addresses = addresses;
        }
      }
    }
    for (const [key, { socket }] of this.#listeners) {
      if (wanted.has(key)) continue;
      socket.close();
      this.#listeners.delete(key);
    }
    this.#scheduleReopen(failed);
    return opened;
  }

  #addressesFor(link: Link, kind: FrameKind): IpAddress[] {
    if (linkRefusal(link, kind, this.#excluded) !== undefined) return [];
    const addresses: IpAddress[] = [];
    for (const announcement of this.#announcements.values()) {
      if (familyOf(announcement.address) === FAMILY_OF_KIND[kind] && isOn(announcement, link.name)) {
        addresses.push(announcement.address);
      }
    }
    return addresses;
  }

  /** The listener that is there, or a new one. A changed MAC or name needs a new socket. */
  #listen(link: Link, kind: FrameKind): Listener | undefined {
    const key = listenerKey(link, kind);
    const existing = this.#listeners.get(key);
    if (existing !== undefined) {
      if (existing.link.name === link.name && sameMac(existing.mac, link.mac!)) return existing;
      existing.socket.close();
      this.#listeners.delete(key);
    }
    try {
      const mac = link.mac!;
      const socket = this.#ports.frames.open(link, kind, (frame) => this.#onFrame(key, kind, frame));
      const listener = { key, link, mac, socket, bursts: new BurstSchedule(), addresses: [] };
      this.#listeners.set(key, listener);
      this.#troubles.delete(key);
      return listener;
    } catch (error) {
      this.#reportFailure(key, error, `${kind === "arp" ? "ARP" : "NDP"} on ${link.name}: `);
      return undefined;
    }
  }

  #scheduleReopen(failed: boolean): void {
    this.#reopenTimer?.cancel();
    this.#reopenTimer = undefined;
    if (!failed) {
      this.#failedOpens = 0;
      return;
    }
    const delay = backoffDelay(REOPEN, this.#failedOpens++, this.#ports.random.next());
    this.#reopenTimer = this.#ports.clock.after(delay, () => this.#flush());
  }

  #onFrame(key: string, kind: FrameKind, frame: Uint8Array): void {
    const listener = this.#listeners.get(key);
    if (listener === undefined) return;
    if (this.#ports.holdsBack?.() === true) return;
    const { mac, link, socket } = listener;
    const station = { mac, standing: (address: IpAddress) => this.#standing(address, link.name) };
    const answer: Answer = kind === "arp" ? respondToArp(frame, station) : respondToNdp(frame, station);
    if (answer.claim !== undefined) this.#duplicates.hear(answer.claim, link);
    if (answer.kind === "drop") return;
    const { address, asker } = answer;
    if (socket.send(answer.frame)) this.#counters.answered(address, link.name, asker);
    else this.#counters.unanswered(address);
  }

  #onConflict({ address, mac, interface: name, isNews, defend }: Conflict): void {
    // Whoever claims it may be right.
    if (this.#ports.holdsBack?.() === true) return;
    this.#counters.duplicate(address);
    if (isNews) this.#ports.emit({ on: "duplicate", address, mac, interface: name });
    const there = this.#listenersOf(address).filter(({ link }) => link.name === name);
    if (defend) this.#rounds.add(there.map((listener) => ({ listener, address })));
  }

  #standing(address: IpAddress, link: string): Standing {
    const announcement = this.#announcements.get(address);
    if (announcement === undefined) return "not-announced";
    return isOn(announcement, link) ? "announced" : "other-interface";
  }

  #startBursts(rounds: readonly Round[]): void {
    const now = this.#ports.clock.now();
    this.#rounds.add(rounds.filter(({ listener, address }) => listener.bursts.start(address, now)));
    this.#scheduleTick();
  }

  /** Returns how many frames it takes. */
  #repeat(address: IpAddress): number {
    const rounds = this.#listenersOf(address).map((listener) => ({ listener, address }));
    this.#rounds.add(rounds);
    return rounds.length * (familyOf(address) === "IPv4" ? 2 : 1);
  }

  #scheduleTick(): void {
    const active = [...this.#listeners.values()].some(({ bursts }) => bursts.active);
    if (active) this.#ticker ??= this.#ports.clock.after(ROUND_INTERVAL, () => this.#onTick());
  }

  #onTick(): void {
    this.#ticker = undefined;
    const now = this.#ports.clock.now();
    const due = [...this.#listeners.values()].flatMap((listener) =>
      listener.bursts.tick(now).map((address) => ({ listener, address })),
    );
    this.#rounds.add(due);
    this.#scheduleTick();
  }

  /** Much may have changed since the round was queued. */
  #sendRound({ listener, address }: Round): void {
    const announcement = this.#announcements.get(address);
    const open = this.#listeners.get(listener.key) === listener;
    if (announcement === undefined || !open || !isOn(announcement, listener.link.name)) return;
    if (this.#ports.holdsBack?.() === true) return;
    for (const frame of gratuitousFrames(address, listener.mac)) {
      if (listener.socket.send(frame)) this.#counters.gratuitous(address);
    }
  }

  #listenersOf(address: IpAddress): readonly Listener[] {
    const announcement = this.#announcements.get(address);
    if (announcement === undefined) return [];
    const kind = familyOf(address) === "IPv4" ? "arp" : "ndp";
    return this.#links
      .filter((link) => isOn(announcement, link.name))
      .map((link) => this.#listeners.get(listenerKey(link, kind)))
      .filter((listener) => listener !== undefined);
  }

  #tellChanges(): void {
    for (const address of this.#announcements.keys()) {
      const interfaces = this.#listenersOf(address).map(({ link, mac }) => ({ name: link.name, mac: formatMac(mac) }));
      const text = interfaces.map(({ name, mac }) => `${name} ${mac}`).join("\n");
      if (this.#told.get(address) === text) continue;
      this.#told.set(address, text);
      this.#ports.emit({ on: "announcing", address, interfaces });
    }
  }

  #reportFailure(subject: string, error: unknown, where = ""): void {
    const code = error instanceof EnvironmentError ? error.code : "unexpected";
    this.#trouble(subject, code, `${where}${errorMessage(error)}`);
  }

  /** Said once: the same trouble on the next retry is no news, but after a success it is. */
  #trouble(subject: string, code: string, message: string): void {
    if (this.#troubles.get(subject) === message) return;
    this.#troubles.set(subject, message);
    this.#ports.emit({ on: "trouble", code, message });
  }
}

function listenerKey(link: Link, kind: FrameKind): string {
  return `${link.index} ${kind}`;
}

function isOn(announcement: Announcement, link: string): boolean {
  return announcement.interfaces === "all" || announcement.interfaces.includes(link);
}

function sameAddresses(a: readonly IpAddress[], b: readonly IpAddress[]): boolean {
  return a.length === b.length && a.every((address, i) => address === b[i]);
}
