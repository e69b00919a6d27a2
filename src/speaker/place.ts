import type { IpAddress } from "../ip/address.ts";
import { formatMac, type MacAddress } from "../ip/mac.ts";
import type { FrameKind, FrameSocket } from "../ports/frames.ts";
import type { Link } from "../ports/links.ts";

/**
 * One kind of request on one interface: the addresses that are wanted there, and the socket that listens for them. An
 * interface with another name or Ethernet address is another place.
 */
export class Place {
  readonly link: Link;
  readonly kind: FrameKind;
  readonly mac: MacAddress;
  readonly macText: string;
  readonly #wanted = new Set<IpAddress>();
  /** What the socket listens for. */
  readonly #heard = new Set<IpAddress>();
  /** Addresses in which the two may differ. */
  readonly #changed = new Set<IpAddress>();
  #socket: FrameSocket | undefined;

  constructor(link: Link, kind: FrameKind, mac: MacAddress) {
    this.link = link;
    this.kind = kind;
    this.mac = mac;
    this.macText = formatMac(mac);
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  get addresses(): ReadonlySet<IpAddress> {
    return this.#wanted;
  }

  want(address: IpAddress): void {
    this.#wanted.add(address);
    this.#changed.add(address);
  }

  unwant(address: IpAddress): void {
    this.#wanted.delete(address);
    this.#changed.add(address);
  }

  /** Listens for what is wanted, and for nothing else. Opens the socket if there is none; throws what `open` throws. */
  listen(open: (place: Place) => FrameSocket): void {
    this.#socket ??= open(this);
    const added = [...this.#changed].filter((address) => this.#wanted.has(address) && !this.#heard.has(address));
    const removed = [...this.#changed].filter((address) => !this.#wanted.has(address) && this.#heard.has(address));
    this.#changed.clear();
    if (added.length + removed.length === 0) return;
    for (const address of added) this.#heard.add(address);
    for (const address of removed) this.#heard.delete(address);
    this.#socket.listenFor(added, removed);
  }

  /** Returns whether the frame went out. */
  send(frame: Uint8Array): boolean {
    return this.#socket?.send(frame) ?? false;
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
    this.#heard.clear();
    this.#changed.clear();
    for (const address of this.#wanted) this.#changed.add(address);
  }
}
