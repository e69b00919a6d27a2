import { type IpAddress, formatAddress, parseAddress } from "../../src/ip/address.ts";
import { EnvironmentError } from "../../src/lib/errors.ts";
import type { DatagramHandlers, Datagrams, DatagramSocket, SocketAddress } from "../../src/ports/datagrams.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Streams } from "../../src/ports/streams.ts";
import { MemoryStreams } from "./memory-streams.ts";

const LARGEST_DATAGRAM = 65_507;
const FIRST_FREE_PORT = 50_000;
const UNSPECIFIED: ReadonlySet<IpAddress> = new Set([parseAddress("0.0.0.0")!, parseAddress("::")!]);

/** UDP and TCP between hosts in memory. What is sent arrives in a later microtask, in order. */
export class MemoryInternet {
  /** Whether a datagram gets lost on its way. */
  loses: (from: SocketAddress, to: SocketAddress) => boolean = () => false;
  readonly #sockets = new Map<string, DatagramHandlers>();
  readonly streams: MemoryStreams;
  #port = FIRST_FREE_PORT;

  /** `clock` limits how long connections may take. */
  constructor(clock: Clock = systemClock) {
    this.streams = new MemoryStreams(clock);
  }

  /** The ports of a host with these addresses. */
  host(...addresses: readonly IpAddress[]): { readonly datagrams: Datagrams; readonly streams: Streams } {
    const own = (local: SocketAddress): SocketAddress => {
      const isHere = UNSPECIFIED.has(local.address) || addresses.includes(local.address);
      if (isHere) return local.port === 0 ? { ...local, port: this.#port++ } : local;
      const text = `${formatAddress(local.address)} is not here (EADDRNOTAVAIL)`;
      throw new EnvironmentError("EADDRNOTAVAIL", text, { retryable: true });
    };
    return {
      datagrams: { bind: async (local, handlers) => this.#bind(own(local), handlers) },
      streams: this.streams.host({ addresses, own }),
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
}

function inUse(key: string): EnvironmentError {
  return new EnvironmentError("EADDRINUSE", `${key} is taken`, { retryable: true });
}

function keyOf({ address, port }: SocketAddress): string {
  return `${address} ${port}`;
}
