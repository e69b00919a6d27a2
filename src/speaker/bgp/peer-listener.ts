import { formatAddress, type IpAddress, parseAddress } from "../../ip/address.ts";
import { EnvironmentError, errorMessage } from "../../lib/errors.ts";
import { seconds } from "../../lib/duration.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Connection, HopLimits, Listener, StreamAddress, StreamHandlers, Streams } from "../../ports/streams.ts";

/** Who may connect to us. */
export interface WelcomePeer {
  readonly name: string;
  readonly remote: StreamAddress;
  /** The address that the peer knows us by; undefined: any of ours. */
  readonly local: IpAddress | undefined;
  readonly key: string | undefined;
  readonly limits: HopLimits;
}

export interface PeerListenerPorts {
  readonly clock: Clock;
  readonly streams: Streams;
  readonly log: Log;
}

/** All of both families, and all of IPv4 where there is no IPv6. */
const EVERYWHERE = [parseAddress("::")!, parseAddress("0.0.0.0")!];
/** Such a kernel says one of these. */
const NO_IPV6: ReadonlySet<string> = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL"]);
const NO_ADDON: ReadonlySet<string> = new Set(["no-addon"]);

/** Answers to the first packet must get past the limit of a peer that wants us on its own link (RFC 5082 §3). */
const TTL = 255;
const RETRY = seconds(10);

/**
 * Takes connections of configured peers, all on one port, and drops others before a byte of them is read. It listens
 * while there is anybody to take, and goes on trying when it can't.
 */
export class PeerListener {
  readonly #port: number;
  readonly #ports: PeerListenerPorts;
  readonly #take: (peer: WelcomePeer, connection: Connection) => StreamHandlers;
  #peers: readonly WelcomePeer[] = [];
  /** Keys that the kernel has, by address. */
  readonly #keys = new Map<IpAddress, string>();
  #listener: Listener | undefined;
  #isOpening = false;
  #retry: Timer | undefined;
  #lastComplaint = "";

  constructor(
    port: number,
    ports: PeerListenerPorts,
    take: (peer: WelcomePeer, connection: Connection) => StreamHandlers,
  ) {
    this.#port = port;
    this.#ports = ports;
    this.#take = take;
  }

  /** From now on these are taken. Of several at one address, the first that may be is. */
  setPeers(peers: readonly WelcomePeer[]): void {
    this.#peers = peers;
    if (this.#listener !== undefined) this.#setKeys(this.#listener);
    if (peers.length > 0) this.#open();
    else this.#stopListening();
  }

  close(): void {
    this.#peers = [];
    this.#stopListening();
  }

  #open(): void {
    if (this.#listener !== undefined || this.#isOpening || this.#retry !== undefined) return;
    this.#isOpening = true;
    void this.#listen()
      .then(
        (listener) => this.#opened(listener),
        (error: unknown) => this.#failed(error),
      )
      .finally(() => (this.#isOpening = false));
  }

  async #listen(): Promise<Listener> {
    const [all, ipv4] = EVERYWHERE as [IpAddress, IpAddress];
    try {
      return await this.#listenAt(all);
    } catch (error) {
      if (!isEnvironmentError(error, NO_IPV6)) throw error;
      return this.#listenAt(ipv4);
    }
  }

  async #listenAt(address: IpAddress): Promise<Listener> {
    const { streams } = this.#ports;
    const local = { address, port: this.#port };
    const take = (connection: Connection): StreamHandlers => this.#connected(connection);
    const wanted = this.#wantedKeys();
    const options = {
      accepts: (remote: StreamAddress, own: StreamAddress) => this.#find(remote, own.address)?.limits,
      onTrouble: (code: string, message: string) => this.#complain(code, `a connection could not be taken: ${message}`),
    };
    const keys = [...wanted].map(([remote, key]) => ({ remote, key }));
    try {
      const listener = await streams.listen(local, take, { ...options, ttl: TTL, keys });
      for (const [remote, key] of wanted) this.#keys.set(remote, key);
      return listener;
    } catch (error) {
      if (!isEnvironmentError(error, NO_ADDON)) throw error;
      // Whoever needs neither key nor hop limit can be taken nevertheless.
      if (this.#peers.some(needsAddon)) this.#complain(error.code, error.message);
      return streams.listen(local, take, options);
    }
  }

  #opened(listener: Listener): void {
    if (this.#peers.length === 0) return listener.close();
    this.#listener = listener;
    this.#lastComplaint = "";
    this.#setKeys(listener);
  }

  #failed(error: unknown): void {
    const code = error instanceof EnvironmentError ? error.code : "unknown";
    this.#complain(code, `peers can't connect to us: ${errorMessage(error)}`);
    if (this.#peers.length === 0) return;
    this.#retry = this.#ports.clock.after(RETRY, () => {
      this.#retry = undefined;
      this.#open();
    });
  }

  #connected(connection: Connection): StreamHandlers {
    const peer = this.#find(connection.remote, connection.local?.address);
    if (peer !== undefined) return this.#take(peer, connection);
    // Its other end has closed it since it was accepted.
    connection.destroy();
    return SILENT;
  }

  /** Undefined: nobody is taken from there, or not before his key counts. */
  #find(remote: StreamAddress, local: IpAddress | undefined): WelcomePeer | undefined {
    return this.#peers.find(
      (peer) =>
        peer.remote.address === remote.address &&
        (peer.remote.zone === undefined || peer.remote.zone === remote.zone) &&
        (peer.local === undefined || peer.local === local) &&
        peer.key === this.#keys.get(remote.address),
    );
  }

  /** The kernel has one key for an address. */
  #wantedKeys(): ReadonlyMap<IpAddress, string> {
    const wanted = new Map<IpAddress, string>();
    for (const { remote, key } of this.#peers) {
      if (key !== undefined && !wanted.has(remote.address)) wanted.set(remote.address, key);
    }
    return wanted;
  }

  #setKeys(listener: Listener): void {
    const wanted = this.#wantedKeys();
    for (const address of this.#keys.keys()) if (!wanted.has(address)) this.#setKey(listener, address, undefined);
    for (const [address, key] of wanted) {
      if (this.#keys.get(address) !== key) this.#setKey(listener, address, key);
    }
  }

  #setKey(listener: Listener, address: IpAddress, key: string | undefined): void {
    this.#keys.delete(address);
    try {
      listener.setKey(address, key);
      if (key !== undefined) this.#keys.set(address, key);
    } catch (error) {
      const code = error instanceof EnvironmentError ? error.code : "unknown";
      this.#complain(code, `${formatAddress(address)} can't connect to us: ${errorMessage(error)}`);
    }
  }

  #stopListening(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#listener?.close();
    this.#listener = undefined;
    this.#keys.clear();
  }

  /** Once, until something else is to be said. */
  #complain(code: string, message: string): void {
    if (message === this.#lastComplaint) return;
    this.#lastComplaint = message;
    this.#ports.log.warn({ event: "bgp-listen", code }, message);
  }
}

const SILENT: StreamHandlers = { onData: () => {}, onEnd: () => {}, onClose: () => {} };

function needsAddon({ key, limits }: WelcomePeer): boolean {
  return key !== undefined || limits.minTtl !== undefined;
}

function isEnvironmentError(error: unknown, codes: ReadonlySet<string>): error is EnvironmentError {
  return error instanceof EnvironmentError && codes.has(error.code);
}
