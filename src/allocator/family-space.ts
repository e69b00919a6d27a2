import type { IpAddress } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import type { AddressUse } from "./address-use.ts";
import { OrdinalMap, type OrdinalSet } from "./ordinal-map.ts";
import { OrdinalSpace } from "./ordinal-space.ts";
import type { Pool } from "./pool.ts";
import type { PortKey, SharingTerms, Terms } from "./request.ts";
import { groupKey } from "./topic.ts";

/** The addresses that are shared under one key, and for each port those where it is taken. */
interface SharingGroup {
  readonly members: OrdinalSet;
  readonly ports: Map<PortKey, OrdinalSet>;
}

/** The addresses of one family of one pool: which are in use, and which of those may be shared on what terms. */
export class FamilySpace {
  readonly pool: string;
  readonly family: Family;
  readonly space: OrdinalSpace;
  readonly #uses: OrdinalMap<AddressUse>;
  readonly #groups = new Map<string, SharingGroup>();

  constructor(pool: Pool, family: Family) {
    this.pool = pool.name;
    this.family = family;
    this.space = new OrdinalSpace(pool.ranges, family, pool.avoidBuggyIPs);
    this.#uses = new OrdinalMap<AddressUse>(this.space.size);
  }

  /** Usable addresses. */
  get size(): bigint {
    return this.space.size;
  }

  /** Addresses in use; a shared one counts once. */
  get used(): number {
    return this.#uses.count;
  }

  get exhausted(): boolean {
    return BigInt(this.#uses.count) === this.space.size;
  }

  lowestFree(): IpAddress | undefined {
    const ordinal = this.#uses.firstAbsent();
    return ordinal === undefined ? undefined : this.space.addressAt(ordinal);
  }

  /** The lowest address in use on these terms where none of the ports is taken. */
  lowestShared(terms: Terms): IpAddress | undefined {
    if (terms.sharingKey === "") return undefined;
    const group = this.#groups.get(groupKey(terms));
    if (group === undefined) return undefined;
    const taken = terms.ports.map((port) => group.ports.get(port)).filter((set) => set !== undefined);
    const ordinal = group.members.firstNotIn(taken);
    return ordinal === undefined ? undefined : this.space.addressAt(ordinal);
  }

  /** All addresses in use. */
  uses(): Iterable<AddressUse> {
    return this.#uses.values();
  }

  use(ordinal: bigint): AddressUse | undefined {
    return this.#uses.get(ordinal);
  }

  /** The address gets its first holder. */
  open(use: AddressUse): void {
    this.#uses.set(use.ordinal, use);
    this.enterGroup(use);
  }

  /** The address lost its last holder, whose ports are gone already. */
  close(use: AddressUse): void {
    this.#uses.delete(use.ordinal);
    this.leaveGroup(use);
  }

  /** Lets others find the address by its terms. */
  enterGroup({ ordinal, terms }: AddressUse): void {
    if (terms.sharingKey !== "") this.#group(terms).members.set(ordinal, true);
  }

  leaveGroup({ ordinal, terms }: AddressUse): void {
    if (terms.sharingKey === "") return;
    const group = this.#group(terms);
    group.members.delete(ordinal);
    if (group.members.count === 0) this.#groups.delete(groupKey(terms));
  }

  takePorts({ ordinal, terms }: AddressUse, ports: readonly PortKey[]): void {
    if (terms.sharingKey === "") return;
    const group = this.#group(terms);
    for (const port of ports) {
      let taken = group.ports.get(port);
      if (taken === undefined) group.ports.set(port, (taken = new OrdinalMap<true>(this.space.size)));
      taken.set(ordinal, true);
    }
  }

  freePorts({ ordinal, terms }: AddressUse, ports: readonly PortKey[]): void {
    if (terms.sharingKey === "") return;
    const group = this.#group(terms);
    for (const port of ports) {
      const taken = group.ports.get(port);
      taken?.delete(ordinal);
      if (taken?.count === 0) group.ports.delete(port);
    }
  }

  #group(terms: SharingTerms): SharingGroup {
    const key = groupKey(terms);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { members: new OrdinalMap<true>(this.space.size), ports: new Map() };
      this.#groups.set(key, group);
    }
    return group;
  }
}
