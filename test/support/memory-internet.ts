import { type IpAddress, formatAddress } from "../../src/ip/address.ts";
import { EnvironmentError } from "../../src/lib/errors.ts";
import type { DatagramHandlers, Datagrams, DatagramSocket, SocketAddress } from "../../src/ports/datagrams.ts";
import type { Connection, Listener, StreamHandlers, Streams } from "../../src/ports/streams.ts";

const LARGEST_DATAGRAM = 65_507;
const FIRST_FREE_PORT = 50_000;

/** UDP and TCP between hosts in memory. What is sent arrives in a later microtask, in order. */
export class MemoryInternet {
  /** Whether a datagram gets lost on its way. */
  loses: (from: SocketAddress, to: SocketAddress) => boolean = () => false;
  readonly #sockets = new Map<string, DatagramHandlers>();
  readonly #listeners = new Map<string, (connection: Connection) => StreamHandlers>();
  #port = FIRST_FREE_PORT;

  /** The ports of a host with these addresses. */
  host(...addresses: readonly IpAddress[]): { readonly datagrams: Datagrams; readonly streams: Streams } {
    const own = (local: SocketAddress): SocketAddress => {
      if (addresses.includes(local.address)) return local.port === 0 ? { ...local, port: this.#port++ } : local;
      throw new EnvironmentError("EADDRNOTAVAIL", `${formatAddress(local.address)} is not here`, { retryable: true });
    };
    return {
      datagrams: { bind: async (local, handlers) => this.#bind(own(local), handlers) },
      streams: {
        listen: async (local, onConnection) => this.#listen(own(local), onConnection),
        connect: (remote, handlers) => this.#connect({ address: addresses[0]!, port: this.#port++ }, remote, handlers),
      },
    };
  }

  #bind(local: SocketAddress, handlers: DatagramHandlers): DatagramSocket {
    const key = keyOf(local);
    if (this.#sockets.has(key)) throw inUse(key);
    this.#sockets.set(key, handlers);
    return {
      local,
      send: (to, payload) => {
        if (this.#sockets.get(key) !== handlers) return;
        if (to.port === 0) handlers.onTrouble("ERR_SOCKET_BAD_PORT", "port 0");
        else if (payload.length > LARGEST_DATAGRAM) handlers.onTrouble("EMSGSIZE", `${payload.length} bytes`);
        else if (!this.loses(local, to)) this.#deliver(local, to, new Uint8Array(payload));
      },
      close: () => void (this.#sockets.get(key) === handlers && this.#sockets.delete(key)),
    };
  }

  #deliver(from: SocketAddress, to: SocketAddress, payload: Uint8Array): void {
    queueMicrotask(() => this.#sockets.get(keyOf(to))?.onDatagram(payload, from));
  }

  #listen(local: SocketAddress, onConnection: (connection: Connection) => StreamHandlers): Listener {
    const key = keyOf(local);
    if (this.#listeners.has(key)) throw inUse(key);
    this.#listeners.set(key, onConnection);
    return { local, close: () => void this.#listeners.delete(key) };
  }

  #connect(local: SocketAddress, remote: SocketAddress, handlers: StreamHandlers): Connection {
    const ours = new MemoryConnection(remote);
    ours.handlers = handlers;
    queueMicrotask(() => {
      const onConnection = this.#listeners.get(keyOf(remote));
      if (onConnection === undefined) return ours.closed("nobody listens");
      const theirs = new MemoryConnection(local);
      ours.join(theirs);
      theirs.join(ours);
      theirs.handlers = onConnection(theirs);
      theirs.ready();
      ours.ready();
    });
    return ours;
  }
}

/** One end of a connection. */
class MemoryConnection implements Connection {
  readonly remote: SocketAddress;
  handlers: StreamHandlers | undefined;
  #peer: MemoryConnection | undefined;
  /** What was written before the connection stood. */
  #early: (() => void)[] | undefined = [];
  #ended = false;
  #peerEnded = false;

  constructor(remote: SocketAddress) {
    this.remote = remote;
  }

  join(peer: MemoryConnection): void {
    this.#peer = peer;
  }

  ready(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const act of early) act();
  }

  write(bytes: Uint8Array): void {
    const copy = new Uint8Array(bytes);
    this.#toPeer((peer) => peer.handlers?.onData(copy));
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#toPeer((peer) => peer.#hearEnd());
  }

  destroy(): void {
    this.handlers = undefined;
    this.#toPeer((peer) => peer.closed(this.#ended ? undefined : "reset"));
  }

  closed(reason?: string): void {
    const { handlers } = this;
    this.handlers = undefined;
    handlers?.onClose(reason);
  }

  #hearEnd(): void {
    this.#peerEnded = true;
    this.handlers?.onEnd();
    if (this.#ended) this.#bothEnded();
  }

  /** Whoever ends second closes both ends. */
  #bothEnded(): void {
    this.closed();
    this.#toPeer((peer) => peer.#peerEnded && peer.closed());
  }

  #toPeer(act: (peer: MemoryConnection) => void): void {
    if (this.#early !== undefined) this.#early.push(() => this.#toPeer(act));
    else if (this.#peer !== undefined) {
      const peer = this.#peer;
      queueMicrotask(() => act(peer));
    }
  }
}

function inUse(key: string): EnvironmentError {
  return new EnvironmentError("EADDRINUSE", `${key} is taken`, { retryable: true });
}

function keyOf({ address, port }: SocketAddress): string {
  return `${address} ${port}`;
}
