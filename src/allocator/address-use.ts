import type { IpAddress } from "../ip/address.ts";
import type { FamilySpace } from "./family-space.ts";
import type { Holding, PortKey, ServiceId, SharingTerms } from "./request.ts";

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
  #only: Holding | undefined;
  #index: { readonly holders: Map<ServiceId, Holding>; readonly ports: Map<PortKey, ServiceId> } | undefined;

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
  holders(): Iterable<Holding> {
    if (this.#index !== undefined) return this.#index.holders.values();
    return this.#only === undefined ? [] : [this.#only];
  }

  /** Who has been there longest. */
  first(): Holding | undefined {
    if (this.#index === undefined) return this.#only;
    for (const holder of this.#index.holders.values()) return holder;
    return undefined;
  }

  /** A holder other than `id`: the first by name, so that it doesn't depend on the order of arrival. */
  otherThan(id: ServiceId): ServiceId | undefined {
    let found: ServiceId | undefined;
    for (const holder of this.holders())
      if (holder.id !== id && (found === undefined || holder.id < found)) found = holder.id;
    return found;
  }

  /** Who, other than `id`, has the port. */
  ownerOf(port: PortKey, id: ServiceId): ServiceId | undefined {
    const owner = this.#index === undefined ? this.#onlyOwnerOf(port) : this.#index.ports.get(port);
    return owner === id ? undefined : owner;
  }

  add(holding: Holding): void {
    if (this.#index === undefined && this.#only === undefined) {
      this.#only = holding;
      return;
    }
    if (this.#index === undefined) {
      this.#index = { holders: new Map(), ports: new Map() };
      this.#enter(this.#only!);
      this.#only = undefined;
    }
    this.#enter(holding);
  }

  remove(holding: Holding): void {
    this.#only = undefined;
    this.#index?.holders.delete(holding.id);
    for (const port of holding.terms.ports) this.#index?.ports.delete(port);
  }

  /** The same Service on other terms, or with other addresses beside this one. Its place in the order stays. */
  replace(old: Holding, holding: Holding): void {
    if (this.#index === undefined) {
      this.#only = holding;
      return;
    }
    for (const port of old.terms.ports) this.#index.ports.delete(port);
    this.#enter(holding);
  }

  #onlyOwnerOf(port: PortKey): ServiceId | undefined {
    return this.#only?.terms.ports.includes(port) === true ? this.#only.id : undefined;
  }

  #enter(holding: Holding): void {
    this.#index?.holders.set(holding.id, holding);
    for (const port of holding.terms.ports) this.#index?.ports.set(port, holding.id);
  }
}
