import { formatAddress } from "../ip/address.ts";
import { BugError } from "../lib/errors.ts";
import { assertNever } from "../lib/exhaustive.ts";
import { type Millis, millis } from "../lib/duration.ts";
import { Dispatcher } from "../lib/queue.ts";
import type { MembershipAction } from "../membership/action.ts";
import type { MemberChange } from "../membership/change.ts";
import type { MembershipEvent } from "../membership/event.ts";
import { Membership } from "../membership/membership.ts";
import type { Endpoint, MemberState, NamedEndpoint, StreamMessage, Versions } from "../membership/message.ts";
import type { Standing } from "../membership/self-doubt.ts";
import type { MembershipSettings } from "../membership/settings.ts";
import type { WireOptions } from "../membership/wire/options.ts";
import { PacketCodec, packetOverhead } from "../membership/wire/packet.ts";
import { encodeMessage } from "../membership/wire/packet-message.ts";
import type { WireRefusal } from "../membership/wire/refusal.ts";
import type { Cipher } from "../ports/cipher.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Datagrams, DatagramSocket, SocketAddress } from "../ports/datagrams.ts";
import type { Random } from "../ports/random.ts";
import type { Listener, Streams } from "../ports/streams.ts";
import { MembershipStreams } from "./membership-streams.ts";

/** The first protocol version whose members read checksums. */
const CHECKSUM_VERSION = 5;

export interface MembershipDriverOptions {
  /** Our name, and where others reach us. */
  readonly self: NamedEndpoint;
  /** Where we listen, with datagrams and streams. */
  readonly bind: SocketAddress;
  readonly meta?: Uint8Array;
  readonly settings: MembershipSettings;
  /** AES keys, the first of which encrypts; none: nothing is encrypted. */
  readonly keys: readonly Uint8Array[];
  readonly label?: string;
  /** What we say that we speak, if it is not what the reference says. */
  readonly versions?: Versions;
}

export interface MembershipPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly datagrams: Datagrams;
  readonly streams: Streams;
  readonly cipher: Cipher;
  onChange(change: MemberChange): void;
  onStanding(standing: Standing): void;
  /** Bytes that are not used, and where they came from. */
  onRefused(refusal: WireRefusal, from: SocketAddress): void;
  /** A socket has trouble and goes on. */
  readonly onTrouble: (code: string, message: string) => void;
}

/** Datagrams since the start. */
export interface DatagramCounters {
  readonly sent: number;
  readonly sentBytes: number;
  readonly received: number;
  readonly receivedBytes: number;
}

/** Runs one member of a cluster on sockets and timers: carries out what the state machine wants, and tells it what came. */
export class MembershipDriver {
  readonly #options: MembershipDriverOptions;
  readonly #ports: MembershipPorts;
  readonly #wire: WireOptions;
  readonly #codec: PacketCodec;
  readonly #membership: Membership;
  readonly #conversations: MembershipStreams;
  readonly #events = new Dispatcher<MembershipEvent>((event) => this.#handle(event));
  /** Whoever is known to read checksums, by endpoint. */
  readonly #checksumReaders = new Set<string>();
  readonly #counters = { sent: 0, sentBytes: 0, received: 0, receivedBytes: 0 };
  #socket: DatagramSocket | undefined;
  #listener: Listener | undefined;
  #timer: Timer | undefined;
  #onLeft: (() => void) | undefined;
  #closed = false;

  constructor(options: MembershipDriverOptions, ports: MembershipPorts) {
    const { self, settings, keys, label = "", meta, versions } = options;
    this.#options = options;
    this.#ports = ports;
    this.#wire = {
      label,
      keys,
      verifyIncoming: settings.gossipVerifyIncoming,
      verifyOutgoing: settings.gossipVerifyOutgoing,
      compress: settings.enableCompression,
    };
    this.#codec = new PacketCodec(this.#wire, ports.cipher);
    this.#membership = new Membership(
      {
        self,
        settings,
        random: ports.random,
        overhead: packetOverhead(this.#wire),
        sizeOf: (message) => encodeMessage(message).length,
        ...(meta === undefined ? {} : { meta }),
        ...(versions === undefined ? {} : { versions }),
      },
      ports.clock.now(),
    );
    this.#conversations = new MembershipStreams({
      node: self.node,
      wire: this.#wire,
      timeout: settings.tcpTimeout,
      clock: ports.clock,
      streams: ports.streams,
      cipher: ports.cipher,
      ourState: () => this.#membership.ourState(),
      onExchange: (state) => this.#events.dispatch({ on: "exchanged", state }),
      onRefused: (refusal, from) => ports.onRefused(refusal, from),
    });
  }

  /** Members that are there, suspects and ourselves included. */
  get members(): readonly MemberState[] {
    return this.#membership.members;
  }

  get standing(): Standing {
    return this.#membership.standing;
  }

  get counters(): DatagramCounters {
    return this.#counters;
  }

  /** Whether we were held up for so long that others may have taken our place, before anything else could tell so. */
  get isOverdue(): boolean {
    return this.#membership.isOverdue(this.#ports.clock.now());
  }

  /** Begins to listen and to take part. Rejects with EnvironmentError when a socket can't be had; then nothing is open. */
  async start(): Promise<void> {
    const { bind } = this.#options;
    const { datagrams, streams, onTrouble } = this.#ports;
    const socket = await datagrams.bind(bind, {
      onDatagram: (payload, from) => this.#onDatagram(payload, from),
      onTrouble,
    });
    try {
      this.#listener = await streams.listen(bind, (connection) => this.#conversations.accept(connection));
    } catch (error) {
      socket.close();
      throw error;
    }
    this.#socket = socket;
    if (this.#closed) return this.close();
    this.#events.dispatch({ on: "woken" });
  }

  /** Where members may be found, according to somebody else. */
  setSeeds(seeds: readonly Endpoint[]): void {
    this.#events.dispatch({ on: "seeds-known", seeds });
  }

  setMeta(meta: Uint8Array): void {
    this.#events.dispatch({ on: "meta-changed", meta });
  }

  /** Says goodbye. Resolves when others know, or after `timeout`; then it is time to close. */
  leave(timeout: Millis): Promise<void> {
    if (this.#onLeft !== undefined) throw new BugError("leaving twice");
    return new Promise((done) => {
      this.#onLeft = done;
      this.#events.dispatch({ on: "leaving", timeout });
    });
  }

  /** Falls silent at once: to others it looks as if we had died, unless we left before. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#socket?.close();
    this.#listener?.close();
    this.#conversations.close();
  }

  #onDatagram(payload: Uint8Array, from: SocketAddress): void {
    this.#counters.received++;
    this.#counters.receivedBytes += payload.length;
    const { messages, refusals } = this.#codec.decode(payload);
    for (const refusal of refusals) this.#ports.onRefused(refusal, from);
    if (messages.length > 0) this.#events.dispatch({ on: "received", from, messages });
  }

  #handle(event: MembershipEvent): void {
    if (this.#closed) return;
    const actions = this.#membership.handle(event, this.#ports.clock.now());
    for (const action of actions) this.#perform(action);
    this.#arm();
  }

  #arm(): void {
    this.#timer?.cancel();
    if (this.#closed) return;
    const { clock } = this.#ports;
    const wait = millis(Math.max(0, this.#membership.wakeAt - clock.now()));
    this.#timer = clock.after(wait, () => this.#events.dispatch({ on: "woken" }));
  }

  #perform(action: MembershipAction): void {
    switch (action.do) {
      case "send": {
        const checksum = this.#checksumReaders.has(keyOf(action.to));
        return this.#send(action.to, this.#codec.encode(action.messages, { checksum }));
      }
      case "stream-ping":
        return this.#conversations.ask(action.to, action.ping, action.timeout, (answer) => {
          const { seq } = action.ping;
          if (answer?.type === "ack" && answer.seq === seq) this.#events.dispatch({ on: "stream-ping-answered", seq });
        });
      case "exchange": {
        const { id, to, state } = action;
        const timeout = millis(2 * this.#options.settings.tcpTimeout);
        return this.#conversations.ask(to, state, timeout, (answer) => this.#exchanged(id, to, answer));
      }
      case "tell":
        this.#noteVersions(action.change);
        return this.#ports.onChange(action.change);
      case "stand":
        return this.#ports.onStanding(action.standing);
      case "left":
        return this.#onLeft?.();
      default:
        return assertNever(action);
    }
  }

  #exchanged(id: number, to: Endpoint, answer: StreamMessage | undefined): void {
    if (answer?.type === "push-pull") return this.#events.dispatch({ on: "exchanged", id, state: answer });
    if (answer?.type === "error") {
      this.#ports.onTrouble("exchange-refused", `${formatAddress(to.address)} refused our state: ${answer.text}`);
    }
    this.#events.dispatch({ on: "exchange-failed", id });
  }

  #send(to: Endpoint, packet: Uint8Array): void {
    this.#counters.sent++;
    this.#counters.sentBytes += packet.length;
    this.#socket?.send(to, packet);
  }

  #noteVersions(change: MemberChange): void {
    if (change.kind === "name-conflict") return;
    const { endpoint, versions } = change.member;
    const reads = change.kind !== "forgotten" && (versions?.protocolMax ?? 0) >= CHECKSUM_VERSION;
    if (reads) this.#checksumReaders.add(keyOf(endpoint));
    else this.#checksumReaders.delete(keyOf(endpoint));
  }
}

function keyOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}
