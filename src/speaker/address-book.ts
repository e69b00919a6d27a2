import type { IpAddress } from "../ip/address.ts";
import type { ObjectKey } from "../ports/kube.ts";
import { sameInterfaces } from "./announce-plan.ts";
import type { Announcement, WorkerCommand } from "./protocol.ts";

type Interfaces = Announcement["interfaces"];

/**
 * Which Services hold which addresses, and what the worker was told. Services that share an address hold it together:
 * it is answered on the interfaces of all of them, and withdrawn when the last one lets go.
 */
export class AddressBook {
  readonly #holders = new Map<IpAddress, Map<ObjectKey, Interfaces>>();
  readonly #told = new Map<IpAddress, Interfaces>();
  readonly #touched = new Set<IpAddress>();

  hold(service: ObjectKey, address: IpAddress, interfaces: Interfaces): void {
    const holders = this.#holders.get(address) ?? new Map<ObjectKey, Interfaces>();
    this.#holders.set(address, holders.set(service, interfaces));
    this.#touched.add(address);
  }

  release(service: ObjectKey, address: IpAddress): void {
    const holders = this.#holders.get(address);
    holders?.delete(service);
    if (holders?.size === 0) this.#holders.delete(address);
    this.#touched.add(address);
  }

  holders(address: IpAddress): readonly ObjectKey[] {
    return [...(this.#holders.get(address)?.keys() ?? [])];
  }

  /** What brings the worker from what it was told last to what is held now. */
  commands(): readonly WorkerCommand[] {
    const commands = [...this.#touched].map((address) => this.#command(address));
    this.#touched.clear();
    return commands.filter((command) => command !== undefined);
  }

  #command(address: IpAddress): WorkerCommand | undefined {
    const holders = this.#holders.get(address);
    const told = this.#told.get(address);
    if (holders === undefined) return this.#told.delete(address) ? { do: "withdraw", address } : undefined;
    const interfaces = union([...holders.values()]);
    if (told !== undefined && sameInterfaces(told, interfaces)) return undefined;
    this.#told.set(address, interfaces);
    return { do: "announce", announcement: { address, interfaces } };
  }
}

function union(all: readonly Interfaces[]): Interfaces {
  const lists = all.filter((interfaces) => interfaces !== "all");
  return lists.length < all.length ? "all" : [...new Set(lists.flat())].sort();
}
