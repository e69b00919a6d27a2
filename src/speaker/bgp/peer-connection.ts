import type { ConnectionId, Endpoints } from "../../bgp/session/connection.ts";
import type { SessionEvent } from "../../bgp/session/event.ts";
import type { Message } from "../../bgp/message.ts";
import { decode } from "../../bgp/wire/decode.ts";
import { encode } from "../../bgp/wire/encode.ts";
import { Framer } from "../../bgp/wire/framer.ts";
import { INITIAL_WIRE_OPTIONS, type WireOptions } from "../../bgp/wire/options.ts";
import { seconds } from "../../lib/duration.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Connection, StreamHandlers } from "../../ports/streams.ts";

/** How long a peer that was told of the end may leave the connection open. */
const CLOSE_PATIENCE = seconds(2);

export interface PeerConnectionOptions {
  readonly id: ConnectionId;
  readonly clock: Clock;
  /** Takes what happens, and carries out what follows from it before it returns. */
  readonly report: (event: SessionEvent) => void;
  /** Nothing waits to be sent any more. */
  readonly onDrain: () => void;
  /** It is over, and nothing of it is left. */
  readonly onGone: () => void;
}

/** One TCP connection of a session: bytes to messages and back. Reports nothing once it was closed by us. */
export class PeerConnection implements StreamHandlers {
  /** What was negotiated on it. */
  options: WireOptions = INITIAL_WIRE_OPTIONS;
  readonly #given: PeerConnectionOptions;
  readonly #framer = new Framer();
  #connection: Connection | undefined;
  #stands = false;
  #isClosing = false;
  #isOver = false;
  #patience: Timer | undefined;
  #written = 0;
  #reportedTaken = -1;

  constructor(given: PeerConnectionOptions) {
    this.#given = given;
  }

  /** The connection whose handlers these are. */
  use(connection: Connection, stands: boolean): void {
    this.#connection = connection;
    this.#stands = stands;
  }

  /** Undefined: it does not stand. */
  get endpoints(): Endpoints | undefined {
    const { local, remote } = this.#connection ?? {};
    return local === undefined || remote === undefined ? undefined : { local, remote };
  }

  /** Bytes that wait to be sent. */
  get buffered(): number {
    return this.#connection?.buffered ?? 0;
  }

  send(message: Message): void {
    this.write(encode(message, this.options));
  }

  write(bytes: Uint8Array): void {
    const connection = this.#connection;
    if (this.#isClosing || connection === undefined) return;
    connection.write(bytes);
    this.#written += bytes.length;
    this.#reportProgress();
  }

  /** What was sent goes out; nothing that comes is looked at. */
  close(): void {
    if (this.#isClosing || this.#isOver) return;
    this.#isClosing = true;
    if (!this.#stands) return this.#destroy();
    this.#connection?.end();
    this.#patience = this.#given.clock.after(CLOSE_PATIENCE, () => this.#destroy());
  }

  onConnect(): void {
    this.#stands = true;
    const { endpoints } = this;
    const connection = this.#given.id;
    // It may have broken already; then `onClose` comes next.
    if (endpoints !== undefined) this.#given.report({ on: "connected", connection, ...endpoints });
  }

  onData(chunk: Uint8Array): void {
    if (this.#isClosing) return;
    this.#framer.push(chunk);
    for (let event = this.#next(); event !== undefined; event = this.#next()) this.#given.report(event);
  }

  onDrain(): void {
    this.#reportedTaken = -1;
    if (this.#isClosing) return;
    this.#given.report({ on: "drained", connection: this.#given.id });
    this.#given.onDrain();
  }

  /** Nobody of whom nothing more can come is a peer. */
  onEnd(): void {
    this.#ended();
    this.#destroy();
  }

  onClose(reason?: string): void {
    this.#ended(reason);
    this.#over();
  }

  /** What the next message is, each under the options that those before it may have changed; undefined: the rest is to come. */
  #next(): SessionEvent | undefined {
    if (this.#isClosing) return undefined;
    const connection = this.#given.id;
    const bytes = this.#framer.next(this.options);
    if (bytes === undefined) return undefined;
    const message = bytes.ok ? decode(bytes.value, this.options) : bytes;
    if (message.ok) return { on: "received", connection, message: message.value };
    return { on: "garbled", connection, error: message.error };
  }

  /** Told at the first bytes that wait, and then each time that the system took some in between. */
  #reportProgress(): void {
    const { buffered } = this;
    const taken = this.#written - buffered;
    if (!this.#stands || buffered === 0 || taken === this.#reportedTaken) return;
    this.#reportedTaken = taken;
    this.#given.report({ on: "blocked", connection: this.#given.id });
  }

  #ended(reason?: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const connection = this.#given.id;
    if (this.#stands) this.#given.report({ on: "closed", connection, ...(reason === undefined ? {} : { reason }) });
    else this.#given.report({ on: "connect-failed", connection, reason: reason ?? "the connection was closed" });
  }

  #destroy(): void {
    this.#connection?.destroy();
    this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#patience?.cancel();
    this.#given.onGone();
  }
}
