import type { IpAddress } from "../ip/address.ts";
import type { FamilySpace } from "./family-space.ts";
import type { Holding, PortKey, ServiceId, SharingTerms } from "./request.ts";

/**
 * An address that is in use and by whom. Most addresses have one holder, which costs no Map; with the second one the
 * ports are indexed.
 */
export class AddressUse {
  readonly address: IpAddress;
  readonly space: FamilySpace;
  readonly ordinal: bigint;
  /** The terms on which others may join. */
  terms: SharingTerms;
  #only: Holding | undefined;
  readonly #holders = new LazyMap<ServiceId, Holding>();
  readonly #ports = new LazyMap<PortKey, ServiceId>();

  constructor(address: IpAddress, space: FamilySpace, ordinal: bigint, terms: SharingTerms) {
    this.address = address;
    this.space = space;
    this.ordinal = ordinal;
    this.terms = terms;
  }

  get count(): number {
    return this.#only === undefined ? this.#holders.size : 1;
  }

  /** In order of arrival. */
  holders(): Iterable<Holding> {
    return this.#only === undefined ? this.#holders.values() : [this.#only];
  }

  /** Who has been there longest. */
  first(): Holding | undefined {
    for (const holder of this.holders()) return holder;
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
    const only = this.#only?.terms.ports.includes(port) === true ? this.#only.id : undefined;
    const owner = only ?? this.#ports.get(port);
    return owner === id ? undefined : owner;
  }

  add(holding: Holding): void {
    if (this.count === 0) {
      this.#only = holding;
      return;
    }
    if (this.#only !== undefined) this.#index(this.#only);
    this.#only = undefined;
    this.#index(holding);
  }

  remove(holding: Holding): void {
    this.#only = undefined;
    this.#holders.delete(holding.id);
    for (const port of holding.terms.ports) this.#ports.delete(port);
  }

  /** The same Service on other terms, or with other addresses beside this one. Its place in the order stays. */
  replace(old: Holding, holding: Holding): void {
    if (this.#only !== undefined) {
      this.#only = holding;
      return;
    }
    for (const port of old.terms.ports) this.#ports.delete(port);
    this.#index(holding);
  }

  #index(holding: Holding): void {
    this.#holders.set(holding.id, holding);
    for (const port of holding.terms.ports) this.#ports.set(port, holding.id);
  }
}

/** A Map that is made when it gets its first entry. */
class LazyMap<K, V> {
  #map: Map<K, V> | undefined;

  get size(): number {
    return this.#map?.size ?? 0;
  }

  get(key: K): V | undefined {
    return this.#map?.get(key);
  }

  set(key: K, value: V): void {
    this.#map ??= new Map();
    this.#map.set(key, value);
  }

  delete(key: K): void {
    this.#map?.delete(key);
  }

  values(): Iterable<V> {
    return this.#map?.values() ?? [];
  }
}
