import type { Link } from "../ports/links.ts";
import type { AddressEntry, LinkEntry, NetlinkMessage } from "./netlink.ts";
import { IFF_BROADCAST, IFF_NOARP, IFF_RUNNING, IFF_UP } from "./netlink.ts";

/** What a stream of netlink messages says about the links of a network namespace. */
export class LinkTable {
  readonly #links = new Map<number, LinkEntry>();
  /** By link index, then by the kernel's key. An address may be told before its link. */
  readonly #addresses = new Map<number, Map<string, AddressEntry>>();

  /** Returns false when the message changes nothing. */
  apply(message: NetlinkMessage): boolean {
    switch (message.kind) {
      case "link":
        return this.#setLink(message.link);
      case "link-gone":
        this.#addresses.delete(message.index);
        return this.#links.delete(message.index);
      case "address":
        return this.#setAddress(message.entry);
      case "address-gone":
        return this.#addresses.get(message.entry.linkIndex)?.delete(message.entry.key) ?? false;
      case "done":
      case "interrupted":
      case "error":
      case "malformed":
        return false;
    }
  }

  /** Ordered by index. */
  links(): readonly Link[] {
    return [...this.#links.values()]
      .toSorted((a, b) => a.index - b.index)
      .map((link) => ({
        index: link.index,
        name: link.name,
        mac: link.mac,
        up: (link.flags & IFF_UP) !== 0,
        running: (link.flags & IFF_RUNNING) !== 0,
        broadcast: (link.flags & IFF_BROADCAST) !== 0,
        noArp: (link.flags & IFF_NOARP) !== 0,
        hasMaster: link.hasMaster,
        addresses: [...(this.#addresses.get(link.index)?.values() ?? [])].map(({ address, prefixLength }) => ({
          address,
          prefixLength,
        })),
      }));
  }

  #setLink(link: LinkEntry): boolean {
    const before = this.#links.get(link.index);
    this.#links.set(link.index, link);
    return before === undefined || !sameLink(before, link);
  }

  #setAddress(entry: AddressEntry): boolean {
    const addresses = this.#addresses.get(entry.linkIndex) ?? new Map<string, AddressEntry>();
    if (addresses.has(entry.key)) return false;
    this.#addresses.set(entry.linkIndex, addresses.set(entry.key, entry));
    return true;
  }
}

function sameLink(a: LinkEntry, b: LinkEntry): boolean {
  return (
    a.name === b.name && a.flags === b.flags && a.hasMaster === b.hasMaster && a.mac?.join(":") === b.mac?.join(":")
  );
}
