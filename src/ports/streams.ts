import type { SocketAddress } from "./datagrams.ts";

export interface StreamHandlers {
  /** Bytes as they come, valid only during the call. */
  onData(chunk: Uint8Array): void;
  /** The other side sends no more; we still may. */
  onEnd(): void;
  /** All is over; nothing is called after this. `reason` is there when it did not end well. */
  onClose(reason?: string): void;
}

export interface Connection {
  readonly remote: SocketAddress;
  /** May be called before the connection stands. Never throws. */
  write(bytes: Uint8Array): void;
  /** No more writes; what was written still goes out. */
  end(): void;
  /** Ends at once, in both directions. Nothing is called after this. */
  destroy(): void;
}

export interface Listener {
  readonly local: SocketAddress;
  /** Takes no more connections; those that stand go on. */
  close(): void;
}

/** TCP. */
export interface Streams {
  /** `onConnection` returns who handles it. Rejects as `Datagrams.bind` does, and `local` means the same. */
  listen(local: SocketAddress, onConnection: (connection: Connection) => StreamHandlers): Promise<Listener>;
  /** Connects without an answer of its own: when it can't be, `onClose` says so. */
  connect(remote: SocketAddress, handlers: StreamHandlers): Connection;
}
