import { partitionPoint } from "../lib/search.ts";
import type { IpAddress } from "../ip/address.ts";
import type { FamilySpace } from "./family-space.ts";
import type { Holder, PortKey, ServiceId, SharingTerms } from "./request.ts";

interface Index {
  /** In order of arrival. */
  readonly holders: Map<ServiceId, Holder>;
  /** The holders' names, sorted. */
  readonly names: ServiceId[];
  readonly ports: Map<PortKey, ServiceId>;
}

/**
 * An address that is in use and by whom. Most addresses have one holder for all their life, which costs no Map; with
 * the second one the holders and their ports are indexed.
 */
export class AddressUse {
  readonly address: IpAddress;
  readonly space: FamilySpace;
  readonly ordinal: bigint;
  /** The terms on which others may join. */
  terms: SharingTerms;
  #only: Holder | undefined;
  #index: Index | undefined;

  constructor(address: IpAddress, space: FamilySpace, ordinal: bigint, terms: SharingTerms) {
    this.address = address;
    this.space = space;
    this.ordinal = ordinal;
    this.terms = terms;
  }

  get count(): number {
    if (this.#index !== undefined) return this.#index.holders.size;
    return this.#only === undefined ? 0 : 1;
  }

  /** In order of arrival. */
  holders(): Iterable<Holder> {
    if (this.#index !== undefined) return this.#index.holders.values();
    return this.#only === undefined ? [] : [this.#only];
  }

  /** Who has been there longest. */
  first(): Holder | undefined {
    if (this.#index === undefined) return this.#only;
    for (const holder of this.#index.holders.values()) return holder;
    return undefined;
  }

  /** Whether somebody other than `id` is there. */
  isUsedBesides(id: ServiceId): boolean {
    return this.#index === undefined
      ? this.#only !== undefined && this.#only.id !== id
      : this.#index.holders.size > (this.#index.holders.has(id) ? 1 : 0);
  }

  /** A holder other than `id`: the first by name, so that it doesn't depend on the order of arrival. */
  otherThan(id: ServiceId): ServiceId | undefined {
    const names = this.#index?.names ?? (this.#only === undefined ? [] : [this.#only.id]);
    return names[0] === id ? names[1] : names[0];
  }

  /** Who, other than `id`, has the port. */
  ownerOf(port: PortKey, id: ServiceId): ServiceId | undefined {
    const owner = this.#index === undefined ? this.#onlyOwnerOf(port) : this.#index.ports.get(port);
    return owner === id ? undefined : owner;
  }

  add(holder: Holder): void {
    if (this.#index === undefined && this.#only === undefined) {
      this.#only = holder;
      return;
    }
    if (this.#index === undefined) {
      this.#index = { holders: new Map(), names: [], ports: new Map() };
      this.#enter(this.#only!);
      this.#only = undefined;
    }
    this.#enter(holder);
  }

  /** `ports` are those it was on the address with. */
  remove(holder: Holder, ports: readonly PortKey[]): void {
    this.#only = undefined;
    if (this.#index?.holders.delete(holder.id) === true)
      this.#index.names.splice(place(this.#index.names, holder.id), 1);
    for (const port of ports) this.#index?.ports.delete(port);
  }

  /** The terms of a holder changed, and with them its ports. Its place in the order stays. */
  amend(holder: Holder, oldPorts: readonly PortKey[]): void {
    for (const port of oldPorts) this.#index?.ports.delete(port);
    if (this.#index !== undefined) this.#enter(holder);
  }

  #onlyOwnerOf(port: PortKey): ServiceId | undefined {
    return this.#only?.terms.ports.includes(port) === true ? this.#only.id : undefined;
  }

  #enter(holder: Holder): void {
    const { holders, names, ports } = this.#index!;
    if (!holders.has(holder.id)) names.splice(place(names, holder.id), 0, holder.id);
    holders.set(holder.id, holder);
    for (const port of holder.terms.ports) ports.set(port, holder.id);
  }
}

/** Where the name is in the sorted list, or belongs. */
function place(names: readonly ServiceId[], id: ServiceId): number {
  return partitionPoint(names.length, (i) => names[i]! < id);
}
