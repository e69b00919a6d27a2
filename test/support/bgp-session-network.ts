import type { SessionAction } from "../../src/bgp/session/action.ts";
import type { SessionConfig } from "../../src/bgp/session/config.ts";
import type { ConnectionId, Endpoints } from "../../src/bgp/session/connection.ts";
import type { SessionEvent } from "../../src/bgp/session/event.ts";
import { BgpSession } from "../../src/bgp/session/session.ts";
import type { TimerName } from "../../src/bgp/session/timers.ts";
import type { IpAddress } from "../../src/ip/address.ts";
import type { Message } from "../../src/bgp/message.ts";
import { decode } from "../../src/bgp/wire/decode.ts";
import { encode } from "../../src/bgp/wire/encode.ts";
import { INITIAL_WIRE_OPTIONS } from "../../src/bgp/wire/options.ts";
import { BugError } from "../../src/lib/errors.ts";
import { assertNever } from "../../src/lib/exhaustive.ts";
import { type Millis, millis } from "../../src/lib/duration.ts";
import type { Random } from "../../src/ports/random.ts";
import { EventHeap } from "./event-heap.ts";

export type SpeakerName = "a" | "b";

/** How the network behaves; may be changed at any time. */
export interface Weather {
  /** Shares of attempts to connect that are refused, and that are never answered. */
  refused: number;
  lost: number;
  /** Longest time that anything takes on the way. */
  delay: number;
}

/** One end of a TCP connection. */
interface End {
  readonly speaker: Speaker;
  readonly connection: ConnectionId;
  /** Nothing is handed to a speaker that has closed, or was told of the end. */
  open: boolean;
}

interface Wire {
  readonly ends: readonly [End, End];
  /** Bytes in flight keep their order in each direction. */
  readonly lastArrival: [number, number];
  /** Neither end hears of the other any more. */
  cut: boolean;
}

interface Speaker {
  readonly name: SpeakerName;
  readonly address: IpAddress;
  session: BgpSession;
  readonly timers: Map<TimerName, object>;
  /** Its connections, those included that it doesn't know of yet. */
  readonly links: Map<ConnectionId, { readonly wire: Wire; readonly side: 0 | 1 }>;
  /** All that was done, for those who want to look. */
  readonly done: { readonly at: number; readonly action: SessionAction }[];
  incarnation: number;
}

/** Two speakers and TCP between them, in a time of its own. */
export class SessionNetwork {
  readonly weather: Weather = { refused: 0, lost: 0, delay: 20 };
  readonly #random: Random;
  readonly #heap = new EventHeap();
  readonly #configs: Readonly<Record<SpeakerName, SessionConfig>>;
  readonly #speakers: Readonly<Record<SpeakerName, Speaker>>;
  readonly #wires = new Set<Wire>();
  #accepted = 0;
  #now = 0;

  constructor(
    configs: Readonly<Record<SpeakerName, SessionConfig>>,
    addresses: Readonly<Record<SpeakerName, IpAddress>>,
    random: Random,
  ) {
    this.#random = random;
    this.#configs = configs;
    this.#speakers = { a: this.#newSpeaker("a", addresses.a), b: this.#newSpeaker("b", addresses.b) };
  }

  get now(): number {
    return this.#now;
  }

  session(name: SpeakerName): BgpSession {
    return this.#speakers[name].session;
  }

  done(name: SpeakerName): readonly { readonly at: number; readonly action: SessionAction }[] {
    return this.#speakers[name].done;
  }

  /** Timers that a driver would have. */
  armed(name: SpeakerName): readonly TimerName[] {
    return [...this.#speakers[name].timers.keys()].sort();
  }

  /** Connections of which at least one end believes that they stand. */
  get openConnections(): number {
    return [...this.#wires].filter(({ ends }) => ends.some(({ open }) => open)).length;
  }

  at(time: number, happen: () => void): void {
    this.#heap.plan(time, happen);
  }

  handle(name: SpeakerName, event: SessionEvent): void {
    this.#handle(this.#speakers[name], event);
  }

  /** All that both think to have is broken; each hears of it when it next speaks, or at once. */
  breakAll(tell: boolean): void {
    for (const wire of this.#wires) {
      wire.cut = true;
      if (tell) for (const end of wire.ends) this.#later(() => this.#closed(end));
    }
  }

  /** The process ends without a word, and another begins. Its kernel closes its connections, or the machine is gone. */
  restart(name: SpeakerName, kernelCloses: boolean): void {
    const speaker = this.#speakers[name];
    speaker.incarnation++;
    speaker.timers.clear();
    for (const { wire, side } of speaker.links.values()) {
      this.#forget(wire.ends[side]);
      if (kernelCloses) this.#later(() => this.#closed(wire.ends[side === 0 ? 1 : 0]));
    }
    speaker.session = this.#newSession(name);
    this.#handle(speaker, { on: "start" });
  }

  /** Lets time pass. */
  run(until: number): void {
    for (let next = this.#heap.nextAt; next !== undefined && next <= until; next = this.#heap.nextAt) {
      this.#now = next;
      this.#heap.pop()?.();
    }
    this.#now = until;
  }

  #newSpeaker(name: SpeakerName, address: IpAddress): Speaker {
    return {
      name,
      address,
      session: this.#newSession(name),
      timers: new Map(),
      links: new Map(),
      done: [],
      incarnation: 0,
    };
  }

  #newSession(name: SpeakerName): BgpSession {
    return new BgpSession({ config: this.#configs[name], random: this.#random }, millis(this.#now));
  }

  #handle(speaker: Speaker, event: SessionEvent): void {
    for (const action of speaker.session.handle(event, millis(this.#now))) {
      speaker.done.push({ at: this.#now, action });
      this.#perform(speaker, action);
    }
  }

  #perform(speaker: Speaker, action: SessionAction): void {
    switch (action.do) {
      case "connect":
        return this.#connect(speaker, action.connection);
      case "send":
        return this.#send(speaker, action.connection, action.message);
      case "close":
        return this.#close(speaker, action.connection);
      case "set-timer":
        return this.#setTimer(speaker, action.name, action.after);
      case "cancel-timer":
        speaker.timers.delete(action.name);
        return;
      case "established":
      case "down":
      case "refresh":
      case "moved":
        return;
      default:
        return assertNever(action);
    }
  }

  #close(speaker: Speaker, connection: ConnectionId): void {
    this.#toOther(speaker, connection, (other) => this.#closed(other));
    const link = speaker.links.get(connection);
    if (link !== undefined) this.#forget(link.wire.ends[link.side]);
  }

  /** By way of the bytes. */
  #send(speaker: Speaker, connection: ConnectionId, message: Message): void {
    const bytes = encode(message, INITIAL_WIRE_OPTIONS);
    this.#toOther(speaker, connection, (other) => {
      if (!other.open) return this.#reset(speaker, connection);
      const read = decode(bytes, INITIAL_WIRE_OPTIONS);
      if (!read.ok) throw new BugError(read.error.message);
      this.#handle(other.speaker, { on: "received", connection: other.connection, message: read.value });
    });
  }

  #connect(speaker: Speaker, connection: ConnectionId): void {
    const other = speaker.name === "a" ? this.#speakers.b : this.#speakers.a;
    const mine: End = { speaker, connection, open: true };
    const theirs: End = { speaker: other, connection: `in-${++this.#accepted}`, open: true };
    const wire: Wire = { ends: [mine, theirs], lastArrival: [0, 0], cut: false };
    const draw = this.#random.next();
    if (draw < this.weather.lost) return;
    if (draw < this.weather.lost + this.weather.refused) {
      return this.#later(() => this.#handleIf(speaker, mine, { on: "connect-failed", connection, reason: "refused" }));
    }
    this.#wires.add(wire);
    speaker.links.set(mine.connection, { wire, side: 0 });
    other.links.set(theirs.connection, { wire, side: 1 });
    const { incarnation } = other;
    const { local, remote } = this.#endpoints(speaker, other);
    // The kernel there has the connection before its process looks, so either side may hear of it first.
    this.#ordered(wire, 0, () => this.#handleIf(speaker, mine, { on: "connected", connection, local, remote }));
    this.#ordered(wire, 1, () => {
      if (other.incarnation !== incarnation) return this.#closed(mine);
      this.#handle(other, { on: "accepted", connection: theirs.connection, local: remote, remote: local });
    });
  }

  #handleIf(speaker: Speaker, end: End, event: SessionEvent): void {
    if (end.open) this.#handle(speaker, event);
  }

  #endpoints(from: Speaker, to: Speaker): Endpoints {
    return { local: { address: from.address, port: 40_000 }, remote: { address: to.address, port: 179 } };
  }

  #toOther(speaker: Speaker, connection: ConnectionId, arrive: (other: End) => void): void {
    const link = speaker.links.get(connection);
    if (link === undefined) return;
    const { wire } = link;
    const to = link.side === 0 ? 1 : 0;
    this.#ordered(wire, to, () => {
      if (!wire.cut) arrive(wire.ends[to]);
    });
  }

  #ordered(wire: Wire, to: 0 | 1, happen: () => void): void {
    const at = Math.max(wire.lastArrival[to], this.#now + this.#random.next() * this.weather.delay);
    wire.lastArrival[to] = at;
    this.#heap.plan(at, happen);
  }

  /** Who speaks to a connection that is gone hears so. */
  #reset(speaker: Speaker, connection: ConnectionId): void {
    const link = speaker.links.get(connection);
    if (link !== undefined) this.#later(() => this.#closed(link.wire.ends[link.side]));
  }

  #closed(end: End): void {
    if (!end.open) return;
    this.#forget(end);
    this.#handle(end.speaker, { on: "closed", connection: end.connection });
  }

  #forget(end: End): void {
    end.open = false;
    const link = end.speaker.links.get(end.connection);
    if (link?.wire.ends[link.side] === end) end.speaker.links.delete(end.connection);
    for (const wire of this.#wires) if (wire.ends.every(({ open }) => !open)) this.#wires.delete(wire);
  }

  #setTimer(speaker: Speaker, name: TimerName, after: Millis): void {
    const token = {};
    speaker.timers.set(name, token);
    this.#heap.plan(this.#now + after, () => {
      if (speaker.timers.get(name) !== token) return;
      speaker.timers.delete(name);
      this.#handle(speaker, { on: "timer", name });
    });
  }

  #later(happen: () => void): void {
    this.#heap.plan(this.#now + this.#random.next() * this.weather.delay, happen);
  }
}
