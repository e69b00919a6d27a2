import { familyOf, formatAddress, type IpAddress } from "../../src/ip/address.ts";
import { EnvironmentError } from "../../src/lib/errors.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { SocketAddress } from "../../src/ports/datagrams.ts";
import type {
  Connection,
  ConnectOptions,
  HopLimits,
  Listener,
  ListenOptions,
  StreamAddress,
  StreamHandlers,
  Streams,
} from "../../src/ports/streams.ts";
import { MemoryConnection } from "./memory-connection.ts";

/** The interface that every host has. */
const DEVICE = "lo";
const USUAL_TTL = 64;

interface OpenListener {
  readonly options: ListenOptions;
  readonly keys: Map<IpAddress, string>;
  onConnection(connection: Connection): StreamHandlers;
}

interface Host {
  readonly addresses: readonly IpAddress[];
  own(local: SocketAddress): SocketAddress;
}

/** TCP between hosts in memory, one hop apart. What is sent arrives in a later microtask, in order. */
export class MemoryStreams {
  readonly #clock: Clock;
  readonly #listeners = new Map<string, OpenListener>();
  readonly #stalled = new Set<IpAddress>();
  readonly #ends = new Set<MemoryConnection>();
  /** Connections with something that waits for `resume`. */
  readonly #held = new Set<MemoryConnection>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  host(host: Host): Streams {
    return {
      listen: async (local, onConnection, options = {}) => this.#listen(host, local, onConnection, options),
      connect: (remote, handlers, options = {}) => this.#connect(host, remote, handlers, options),
    };
  }

  /** Ends of connections that nobody has let go of. */
  get openEnds(): number {
    return this.#ends.size;
  }

  /** From now on nothing arrives at `address`, until `resume`: what is written stays in the sender's buffer. */
  stall(address: IpAddress): void {
    this.#stalled.add(address);
  }

  resume(address: IpAddress): void {
    this.#stalled.delete(address);
    const held = [...this.#held];
    this.#held.clear();
    for (const connection of held) connection.flush();
  }

  #listen(
    host: Host,
    wanted: SocketAddress,
    onConnection: (connection: Connection) => StreamHandlers,
    options: ListenOptions,
  ): Listener {
    requireDevice(options.device);
    const local = host.own(wanted);
    const keys = listeningKeys(host, local);
    const taken = keys.find((key) => this.#listeners.has(key));
    if (taken !== undefined) throw new EnvironmentError("EADDRINUSE", `${taken} is taken`, { retryable: true });
    const listener: OpenListener = {
      options,
      keys: new Map(options.keys?.map(({ remote, key }) => [remote, key])),
      onConnection,
    };
    for (const key of keys) this.#listeners.set(key, listener);
    return {
      local,
      setKey: (remote, key) => void (key === undefined ? listener.keys.delete(remote) : listener.keys.set(remote, key)),
      close: () => {
        for (const key of keys) this.#listeners.delete(key);
      },
    };
  }

  #connect(host: Host, remote: StreamAddress, handlers: StreamHandlers, options: ConnectOptions): Connection {
    const ours = this.#connection(remote, options);
    ours.handlers = handlers;
    const { timeout } = options;
    if (timeout !== undefined) {
      const timer = this.#clock.after(timeout, () => ours.isReady || ours.closed("no answer"));
      ours.onOver = () => {
        timer.cancel();
        this.#ends.delete(ours);
      };
    }
    queueMicrotask(() => {
      try {
        requireDevice(options.device);
        this.#dial(ours, host.own({ address: sourceOf(host, remote, options), port: 0 }), options);
      } catch (error) {
        ours.closed((error as Error).message);
      }
    });
    return ours;
  }

  #dial(ours: MemoryConnection, local: SocketAddress, options: ConnectOptions): void {
    const { remote } = ours;
    const listener = this.#listeners.get(keyOf(remote));
    if (listener === undefined) return ours.closed("nobody listens");
    // As in the kernel, packets that are not signed as agreed, or from too far away, are dropped without an answer.
    if (listener.keys.get(local.address) !== options.key) return;
    if ((listener.options.ttl ?? USUAL_TTL) < (options.minTtl ?? 0)) return;
    const { accepts } = listener.options;
    const limits = accepts === undefined ? {} : accepts(local, remote);
    const theirs = this.#connection(local, { ttl: listener.options.ttl ?? USUAL_TTL, ...limits });
    ours.join(theirs, local);
    theirs.join(ours, remote);
    if (limits !== undefined) theirs.handlers = listener.onConnection(theirs);
    theirs.ready();
    ours.handlers?.onConnect?.();
    ours.ready();
    if (limits === undefined) theirs.destroy();
  }

  #connection(remote: StreamAddress, { ttl = USUAL_TTL, minTtl = 0 }: HopLimits): MemoryConnection {
    const made = new MemoryConnection(remote, { ttl, minTtl }, (connection) => {
      const isStalled = this.#stalled.has(remote.address);
      if (isStalled) this.#held.add(connection);
      return isStalled;
    });
    this.#ends.add(made);
    made.onOver = () => this.#ends.delete(made);
    return made;
  }
}

function requireDevice(device: string | undefined): void {
  if (device === undefined || device === DEVICE) return;
  throw new EnvironmentError("ENODEV", `there is no interface ${device} (ENODEV)`, { retryable: true });
}

function sourceOf({ addresses }: Host, remote: StreamAddress, { source }: ConnectOptions): IpAddress {
  const family = familyOf(remote.address);
  return source ?? addresses.find((address) => familyOf(address) === family) ?? addresses[0]!;
}

/** The unspecified address stands for all of its family; IPv6's for both. */
function listeningKeys({ addresses }: Host, { address, port }: SocketAddress): string[] {
  const isUnspecified = formatAddress(address) === "::" || formatAddress(address) === "0.0.0.0";
  if (!isUnspecified) return [keyOf({ address, port })];
  const family = familyOf(address);
  return addresses
    .filter((own) => family === "IPv6" || familyOf(own) === family)
    .map((own) => keyOf({ address: own, port }));
}

function keyOf({ address, port }: SocketAddress): string {
  return `${formatAddress(address)} port ${port}`;
}
