import type { Server, Socket } from "node:net";
import { errorMessage } from "../lib/errors.ts";
import type { Connection, StreamAddress, StreamHandlers } from "../ports/streams.ts";
import { zonedAddressOf } from "./socket-names.ts";

/** A TCP socket of Node.js as a connection. */
export class SocketConnection implements Connection {
  readonly remote: StreamAddress;
  readonly #socket: Socket;
  #local: StreamAddress | undefined;
  #handlers: StreamHandlers | undefined;
  /** Bytes waited when the last write returned. */
  #isBlocked = false;

  constructor(socket: Socket, remote: StreamAddress) {
    this.remote = remote;
    this.#socket = socket;
  }

  get local(): StreamAddress | undefined {
    return (this.#local ??= streamAddress(this.#socket.localAddress, this.#socket.localPort));
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  /** `explain` turns an error into what people read. */
  handle(handlers: StreamHandlers, explain: (error: Error) => string = errorMessage): void {
    this.#handlers = handlers;
    let reason: string | undefined;
    this.#socket.on("connect", () => handlers.onConnect?.());
    this.#socket.on("data", (chunk) => handlers.onData(chunk));
    this.#socket.on("end", () => handlers.onEnd());
    this.#socket.on("error", (error) => (reason = explain(error)));
    this.#socket.on("close", () => handlers.onClose(reason));
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes, () => this.#written());
    this.#isBlocked = this.buffered > 0;
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#handlers = undefined;
    this.#socket.removeAllListeners();
    this.#socket.on("error", () => {});
    this.#socket.destroy();
  }

  /** Node.js tells of an empty buffer by itself only when much was in it. */
  #written(): void {
    if (!this.#isBlocked || this.buffered > 0 || this.#socket.destroyed) return;
    this.#isBlocked = false;
    this.#handlers?.onDrain?.();
  }
}

/** One end of a socket by what Node.js says about it; undefined when it is not connected any more. */
export function streamAddress(host: string | undefined, port: number | undefined): StreamAddress | undefined {
  const where = zonedAddressOf(host);
  return where === undefined || port === undefined ? undefined : { ...where, port };
}

/** The descriptor of a socket that Node.js holds. Node.js has no public way to it for one that it accepted. */
export function descriptorOf(holder: Socket | Server): number {
  const { _handle: handle } = holder as unknown as { readonly _handle?: { readonly fd?: number } | null };
  return handle?.fd ?? -1;
}
