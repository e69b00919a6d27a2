import type { Millis } from "../lib/duration.ts";
import type { IpAddress } from "../ip/address.ts";
import type { SocketAddress } from "./datagrams.ts";

/** Where one end of a stream is. */
export interface StreamAddress extends SocketAddress {
  /** The interface of a link-local address, which is ambiguous without. */
  readonly zone?: string;
}

export interface StreamHandlers {
  /** The connection stands; only for those that we began. */
  onConnect?(): void;
  /** Bytes as they come, valid only during the call. */
  onData(chunk: Uint8Array): void;
  /** `buffered` is 0 again after it was not when a `write` returned. */
  onDrain?(): void;
  /** The other side sends no more; we still may. */
  onEnd(): void;
  /** All is over; nothing is called after this. `reason` is there when it did not end well. */
  onClose(reason?: string): void;
}

export interface Connection {
  readonly remote: StreamAddress;
  /** Our end; undefined before the connection stands. */
  readonly local: StreamAddress | undefined;
  /** Bytes written that the system has not taken yet. */
  readonly buffered: number;
  /** May be called before the connection stands. Never throws. */
  write(bytes: Uint8Array): void;
  /** No more writes; what was written still goes out. */
  end(): void;
  /** Ends at once, in both directions. Nothing is called after this. */
  destroy(): void;
}

/** How far the other side may be. Both are the TTL of IPv4 and the hop limit of IPv6. */
export interface HopLimits {
  /** Of what we send, 1 to 255. */
  readonly ttl?: number;
  /** Packets that arrive with less are dropped by the kernel (RFC 5082), 1 to 255. */
  readonly minTtl?: number;
}

export interface ConnectOptions extends HopLimits {
  /** The address we connect from; undefined: the kernel chooses. */
  readonly source?: IpAddress;
  /** The interface, or VRF, that packets must go through. */
  readonly device?: string;
  /** Signs segments (TCP MD5, RFC 2385); 1 to 80 bytes. Never log it. */
  readonly key?: string;
  /** The connection fails when it does not stand by then. */
  readonly timeout?: Millis;
}

/** The key that segments from an address must be signed with. */
interface StreamKey {
  readonly remote: IpAddress;
  readonly key: string;
}

export interface ListenOptions {
  /** The interface, or VRF, that packets must come through. */
  readonly device?: string;
  /** In force from the first packet on. */
  readonly keys?: readonly StreamKey[];
  /** TTL of what we send, the answer to the first packet included. */
  readonly ttl?: number;
  /**
   * Asked for each connection before a byte of it is read. Undefined: it is closed. Options are those that hold from
   * here on. Absent: everybody is welcome.
   */
  readonly accepts?: (remote: StreamAddress, local: StreamAddress) => HopLimits | undefined;
  /** A connection could not be taken; the listener goes on. */
  readonly onTrouble?: (code: string, message: string) => void;
}

export interface Listener {
  readonly local: SocketAddress;
  /**
   * From now on segments from `remote` must be signed with `key`; undefined: must not be signed. Connections that stand
   * keep what they began with. Throws EnvironmentError when the system can't.
   */
  setKey(remote: IpAddress, key: string | undefined): void;
  /** Takes no more connections; those that stand go on. */
  close(): void;
}

/** TCP. Options that the system can't honour are never ignored: `connect` and `listen` fail and say so. */
export interface Streams {
  /** `onConnection` returns who handles it. Rejects as `Datagrams.bind` does, and `local` means the same. */
  listen(
    local: SocketAddress,
    onConnection: (connection: Connection) => StreamHandlers,
    options?: ListenOptions,
  ): Promise<Listener>;
  /** Connects without an answer of its own: when it can't be, `onClose` says so. */
  connect(remote: StreamAddress, handlers: StreamHandlers, options?: ConnectOptions): Connection;
}
