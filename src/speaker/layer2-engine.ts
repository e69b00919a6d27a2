/**
 * The layer-2 driver: holds what is announced, answers requests and sends gratuitous frames. Runs in the protocol worker;
 * knows only ports. What to answer is decided in `layer2/`.
 */
import type { IpAddress } from "../ip/address.ts";
import { gratuitousFrames } from "../layer2/announcer.ts";
import type { Claim, Conflict } from "../layer2/conflict.ts";
import { HANDOVER_LIMIT, HEAD_START } from "../layer2/handover.ts";
import { REPEAT_INTERVAL } from "../layer2/repeats.ts";
import { respondToArp, respondToNdp, type Standing } from "../layer2/responder.ts";
import { millis } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Frames } from "../ports/frames.ts";
import type { Link, Links } from "../ports/links.ts";
import type { Random } from "../ports/random.ts";
import { AnsweringNews } from "./answering-news.ts";
import { DuplicateWatch } from "./duplicate-watch.ts";
import { Holding } from "./holding.ts";
import { LinkNews } from "./link-news.ts";
import type { Place } from "./place.ts";
import { Places } from "./places.ts";
import type { Announcement, WorkerCommand, WorkerEvent } from "./protocol.ts";
import { Repeater } from "./repeater.ts";
import { RequestCounters } from "./request-counters.ts";
import { Rounds } from "./rounds.ts";
import { Troubles } from "./troubles.ts";
import { WaitingLine } from "./waiting-line.ts";

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

export class Layer2Engine {
  readonly #ports: Layer2Ports;
  readonly #holdings = new Map<IpAddress, Holding>();
  readonly #places: Places;
  readonly #rounds: Rounds;
  readonly #counters: RequestCounters;
  readonly #duplicates: DuplicateWatch;
  readonly #repeater: Repeater;
  readonly #troubles: Troubles;
  readonly #linkNews: LinkNews;
  /** What we are to answer for once the node that had it knows. */
  readonly #waiting: WaitingLine<Holding>;
  /** What we answer for until the node that is to have it does. */
  readonly #leaving: WaitingLine<Holding>;
  readonly #news: AnsweringNews;
  /** Holdings whose burst begins with the next flush. */
  #fresh = new Set<Holding>();
  #ready = false;
  #watch: { close(): void } | undefined;
  #flushTimer: Timer | undefined;
  #onHandedOver: (() => void) | undefined;

  constructor(excluded: RegExp, ports: Layer2Ports) {
    const { clock, random, frames } = ports;
    this.#ports = ports;
    this.#troubles = new Troubles((event) => ports.emit(event));
    this.#linkNews = new LinkNews(excluded, (event) => ports.emit(event));
    this.#places = new Places(excluded, {
      frames,
      clock,
      random,
      troubles: this.#troubles,
      onFrame: (place, frame) => this.#onFrame(place, frame),
      onRetry: () => this.#flush(),
    });
    this.#news = new AnsweringNews(this.#places, (event) => ports.emit(event));
    this.#rounds = new Rounds({ clock, send: (place, address) => this.#announceOnce(place, address) });
    this.#counters = new RequestCounters(clock, (counters) => ports.emit({ on: "counters", counters }));
    this.#duplicates = new DuplicateWatch(clock, (conflict) => this.#onConflict(conflict));
    this.#repeater = new Repeater({ clock, random, repeat: (address) => this.#repeat(address) });
    this.#waiting = new WaitingLine(clock, HEAD_START, (holdings) => this.#begin(holdings));
    this.#leaving = new WaitingLine(clock, HANDOVER_LIMIT, (holdings) => this.#giveUp(holdings));
  }

  start(): void {
    try {
      this.#ports.frames.probe();
    } catch (error) {
      this.#troubles.failed("sockets", error);
    }
    try {
      this.#watch = this.#ports.links.watch(
        (links) => this.#onLinks(links),
        (error) => this.#troubles.tell("links", "links", `the link monitor failed: ${error.message}`),
      );
    } catch (error) {
      this.#troubles.failed("links", error);
    }
  }

  /**
   * Tells everybody again whom they find here, after it was held back. `replaced`: others may have taken our place
   * meanwhile, and answer until they know that we are back.
   */
  resume({ replaced = false } = {}): void {
    for (const holding of this.#holdings.values()) {
      if (holding.phase.is !== "owned") continue;
      this.#silence(holding);
      if (replaced) this.#wait(holding);
      else this.#own(holding);
    }
    this.#scheduleFlush();
  }

  command(command: Layer2Command): void {
    switch (command.do) {
      case "announce":
        this.#announce(command.announcement, command.takesOver ?? false);
        break;
      case "withdraw":
        this.#withdraw(command.address, command.handover ?? false);
        break;
      case "stop":
        this.#stop();
        return;
    }
    this.#scheduleFlush();
  }

  /** Leaves everything to other nodes. Resolves when they answer for all of it, or are not waited for any longer. */
  handOver(): Promise<void> {
    for (const address of this.#holdings.keys()) this.#withdraw(address, true);
    this.#scheduleFlush();
    return new Promise((done) => {
      this.#onHandedOver = done;
      this.#checkHandedOver();
    });
  }

  #announce(announcement: Announcement, takesOver: boolean): void {
    const { address } = announcement;
    const { clock } = this.#ports;
    // Whoever has it by now is taken over from.
    if (this.#holdings.get(address)?.isTaken(clock.now()) === true) this.#forget(address);
    let holding = this.#holdings.get(address);
    const isNew = holding === undefined;
    holding ??= new Holding(announcement);
    holding.announcement = announcement;
    this.#holdings.set(address, holding);
    this.#spread(holding);
    if (isNew && !takesOver) holding.stoodInAt = clock.now();
    if (isNew && takesOver) this.#wait(holding);
    else if (isNew || holding.phase.is === "leaving") this.#own(holding);
    else if (holding.phase.is === "owned") this.#tell(holding);
  }

  #withdraw(address: IpAddress, handover: boolean): void {
    const holding = this.#holdings.get(address);
    if (holding === undefined || (handover && holding.phase.is === "leaving")) return;
    if (!handover || holding.phase.is === "waiting") return this.#forget(address);
    this.#silence(holding);
    holding.phase = { is: "leaving", since: this.#ports.clock.now() };
    this.#leaving.add(holding);
    this.#checkLeaving(holding);
  }

  /** Listens for it already, so that it can begin at once. */
  #wait(holding: Holding): void {
    holding.phase = { is: "waiting" };
    this.#waiting.add(holding);
  }

  #begin(holdings: readonly Holding[]): void {
    for (const holding of holdings) this.#own(holding);
    this.#flush();
  }

  #own(holding: Holding): void {
    this.#leaving.delete(holding);
    this.#news.again(holding);
    holding.phase = { is: "owned" };
    this.#duplicates.gained(holding.address);
    this.#tell(holding);
  }

  /** Everybody is told, at once and from time to time. */
  #tell(holding: Holding): void {
    const { address, announcement } = holding;
    this.#repeater.set(address, announcement.repeatEvery ?? REPEAT_INTERVAL);
    this.#fresh.add(holding);
    this.#news.touch(holding);
  }

  /** Nothing more is said about it but answers. */
  #silence(holding: Holding): void {
    const { address, places } = holding;
    this.#duplicates.lost(address);
    this.#repeater.delete(address);
    for (const place of places) this.#rounds.stop(place, address);
    this.#fresh.delete(holding);
  }

  #giveUp(holdings: readonly Holding[]): void {
    for (const { address } of holdings) this.#forget(address);
    const fields = { addresses: holdings.length };
    const message = "no other node claimed the addresses that were left to one: they are not answered here any more";
    this.#ports.emit({ on: "log", level: "warn", fields, message });
    this.#flush();
  }

  #forget(address: IpAddress): void {
    const holding = this.#holdings.get(address);
    if (holding === undefined) return;
    this.#silence(holding);
    for (const place of holding.places) this.#places.unwant(place, address);
    this.#holdings.delete(address);
    this.#waiting.delete(holding);
    this.#leaving.delete(holding);
    this.#news.gone(holding);
    this.#checkHandedOver();
  }

  #checkHandedOver(): void {
    if (this.#leaving.size === 0) this.#onHandedOver?.();
  }

  #stop(): void {
    for (const address of this.#holdings.keys()) this.#forget(address);
    this.#flush();
    this.#watch?.close();
    this.#flushTimer?.cancel();
    for (const part of [this.#waiting, this.#leaving, this.#rounds, this.#duplicates, this.#repeater, this.#places])
      part.close();
    this.#counters.flush();
    this.#ports.emit({ on: "stopped" });
  }

  #onLinks(links: readonly Link[]): void {
    this.#duplicates.setLinks(links);
    this.#troubles.over("links");
    this.#linkNews.tell(links);
    const { came, gone } = this.#places.setLinks(links);
    for (const place of gone) this.#onGone(place);
    if (came.length > 0) for (const holding of this.#holdings.values()) this.#spread(holding);
    const first = !this.#ready;
    this.#ready = true;
    this.#flush();
    if (first) this.#ports.emit({ on: "ready" });
  }

  #onGone(place: Place): void {
    for (const address of place.addresses) {
      this.#rounds.stop(place, address);
      const holding = this.#holdings.get(address)!;
      holding.leave(place);
      this.#news.touch(holding);
      this.#checkLeaving(holding);
    }
  }

  /** Listens for it wherever it is to be answered, and nowhere else. */
  #spread(holding: Holding): void {
    const { address, places } = holding;
    for (const place of places) {
      if (holding.isFor(place)) continue;
      this.#places.unwant(place, address);
      this.#rounds.stop(place, address);
      holding.leave(place);
      this.#news.touch(holding);
    }
    for (const place of this.#places.of(holding.kind)) {
      if (places.has(place) || !holding.isFor(place)) continue;
      this.#places.want(place, address);
      places.add(place);
      this.#news.touch(holding);
    }
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
    const opened = this.#places.sync();
    const starts: [Place, IpAddress][] = [];
    for (const { address, places } of this.#fresh)
      for (const place of places) if (place.isOpen) starts.push([place, address]);
    for (const place of opened) {
      for (const address of place.addresses) {
        const holding = this.#holdings.get(address)!;
        this.#news.touch(holding);
        if (holding.phase.is === "owned") starts.push([place, address]);
      }
    }
    this.#fresh = new Set();
    this.#rounds.begin(starts);
    this.#news.tell();
  }

  #onFrame(place: Place, frame: Uint8Array): void {
    const heldBack = this.#ports.holdsBack?.() === true;
    const station = { mac: place.mac, standing: (address: IpAddress) => this.#standing(address, place) };
    const answer = place.kind === "arp" ? respondToArp(frame, station) : respondToNdp(frame, station);
    if (answer.claim !== undefined) this.#onClaim(answer.claim, place, heldBack);
    if (answer.kind === "drop" || heldBack) return;
    const { address, asker } = answer;
    // The claim may have been the new owner's.
    if (answer.claim !== undefined && this.#standing(address, place) !== "announced") return;
    this.#rounds.claimed(place, address);
    if (place.send(answer.frame)) this.#counters.answered(address, place.link.name, asker);
    else this.#counters.unanswered(address);
  }

  #standing(address: IpAddress, place: Place): Standing {
    const holding = this.#holdings.get(address);
    if (holding === undefined) return "not-announced";
    if (!holding.places.has(place)) return "other-interface";
    return holding.answersOn(place, this.#ports.clock.now()) ? "announced" : "not-announced";
  }

  #onClaim(claim: Claim, place: Place, heldBack: boolean): void {
    const holding = this.#holdings.get(claim.address);
    if (holding === undefined || this.#duplicates.isOwn(claim.mac)) return;
    holding.claimed(place, this.#ports.clock.now());
    // Whoever claims it while we hold back may be right.
    if (holding.phase.is === "owned" && !heldBack) this.#duplicates.hear(claim, place.link);
    this.#checkLeaving(holding);
  }

  /** Where nobody waits for our answer any more, we have left. */
  #checkLeaving(holding: Holding): void {
    if (holding.phase.is !== "leaving" || holding.answers(this.#ports.clock.now())) return;
    this.#forget(holding.address);
    this.#scheduleFlush();
  }

  #onConflict({ address, mac, interface: name, isNews, defend }: Conflict): void {
    if (this.#ports.holdsBack?.() === true) return;
    this.#counters.duplicate(address);
    if (isNews) this.#ports.emit({ on: "duplicate", address, mac, interface: name });
    if (!defend) return;
    for (const place of this.#holdings.get(address)!.places)
      if (place.link.name === name) this.#rounds.once(place, address);
  }

  /** Returns how many frames it takes. */
  #repeat(address: IpAddress): number {
    let frames = 0;
    for (const place of this.#holdings.get(address)!.places)
      if (place.isOpen) frames += this.#rounds.once(place, address);
    return frames;
  }

  /** Much may have changed since the round was queued. */
  #announceOnce(place: Place, address: IpAddress): void {
    if (this.#ports.holdsBack?.() === true) return;
    for (const frame of gratuitousFrames(address, place.mac)) {
      if (place.send(frame)) this.#counters.gratuitous(address);
    }
  }
}
