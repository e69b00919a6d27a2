import type { IpAddress } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import { BugError } from "../lib/errors.ts";
import { AddressUse } from "./address-use.ts";
import type { FamilySpace } from "./family-space.ts";
import type { Pool } from "./pool.ts";
import { isForEverybody, PoolTable, sameRules } from "./pool-table.ts";
import type { Refusal } from "./refusal.ts";
import type { Holder, PortKey, ServiceId, ServiceRequest, SharingTerms, Terms } from "./request.ts";
import { sameSharing } from "./request.ts";
import type { Change } from "./topic.ts";
import { addressTopic, EVERYBODYS_POOLS, freeTopic, shareTopic } from "./topic.ts";

/** Addresses of one family of a pool. */
export interface FamilyCount {
  readonly total: bigint;
  /** A shared address counts once. */
  readonly inUse: number;
}

export type PoolCount = Readonly<Record<Family, FamilyCount>>;

/**
 * Who has which address. It keeps the one rule that is never bent: a protocol and port of an address belongs to one
 * Service. Whether a Service should get an address is asked with `obstacle` and decided in `choose.ts`.
 *
 * Every call that changes something says what it changed, so that those who wait for it can be tried again.
 */
export class Allocator {
  #pools = new PoolTable([]);
  #recounted = new Set<string>();

  get pools(): PoolTable {
    return this.#pools;
  }

  /** The pool that an address belongs to. */
  poolOf(address: IpAddress): Pool | undefined {
    return this.#pools.locate(address)?.spaces.pool;
  }

  /**
   * Replaces the pools. Addresses in use stay with the pool that has them now; those that no pool has any more are taken
   * from their holders. Returns the Services for which something may have changed.
   */
  setPools(pools: readonly Pool[]): ReadonlySet<ServiceId> {
    const old = this.#pools;
    const now = new PoolTable(pools, old);
    for (const { pool } of [...old.all(), ...now.all()]) this.#recounted.add(pool.name);
    const affected = new Set<ServiceId>();
    const homeless: AddressUse[] = [];
    for (const before of old.all()) {
      const after = now.get(before.pool.name);
      for (const space of [before.IPv4, before.IPv6]) {
        const kept = after?.[space.family] === space;
        if (kept && sameRules(before.pool, after.pool)) continue;
        for (const use of space.uses()) {
          for (const { id } of use.holders()) affected.add(id);
          if (!kept) homeless.push(use);
        }
      }
    }
    this.#pools = now;
    for (const use of homeless) this.#rehome(use);
    return affected;
  }

  /** What keeps the Service from being on the address on these terms; the pool's rules are not looked at. */
  obstacle({ id, terms }: Pick<ServiceRequest, "id" | "terms">, address: IpAddress): Refusal | undefined {
    const use = this.#use(address);
    if (use?.isUsedBesides(id) !== true) return undefined;
    return sharingObstacle(id, terms, use) ?? portObstacle(id, terms, use);
  }

  /** The other Service on the address that has one of the ports. */
  portObstacle(id: ServiceId, terms: Terms, address: IpAddress): Refusal | undefined {
    const use = this.#use(address);
    return use === undefined ? undefined : portObstacle(id, terms, use);
  }

  /** Makes these the Service's addresses, each of which must be in a pool and have no `portObstacle`. */
  assign(holder: Holder, terms: Terms, addresses: readonly IpAddress[]): readonly Change[] {
    const { terms: oldTerms, addresses: old } = holder;
    const same = sameTerms(oldTerms, terms);
    if (same && sameList(old, addresses)) return [];
    const changes: Change[] = [];
    holder.terms = terms;
    holder.addresses = addresses;
    for (const address of old) {
      const use = this.#use(address)!;
      if (!addresses.includes(address)) this.#leave(use, holder, oldTerms.ports, changes);
      else if (!same) this.#amend(use, holder, oldTerms.ports, changes);
    }
    for (const address of addresses) if (!old.includes(address)) this.#join(address, holder, changes);
    return changes;
  }

  release(holder: Holder): readonly Change[] {
    return this.assign(holder, holder.terms, []);
  }

  count(pool: string): PoolCount | undefined {
    const spaces = this.#pools.get(pool);
    return spaces === undefined ? undefined : { IPv4: familyCount(spaces.IPv4), IPv6: familyCount(spaces.IPv6) };
  }

  /** Names of the pools, gone ones included, whose counts may have changed since the last call. */
  takeRecounted(): ReadonlySet<string> {
    const names = this.#recounted;
    if (names.size > 0) this.#recounted = new Set();
    return names;
  }

  #join(address: IpAddress, holder: Holder, changes: Change[]): void {
    const { id, terms } = holder;
    const location = this.#pools.locate(address);
    if (location?.ordinal === undefined) throw new BugError(`${id} can't be on ${address}: it is in no pool`);
    const { space, ordinal } = location;
    let use = space.use(ordinal);
    if (use === undefined) {
      use = new AddressUse(address, space, ordinal, terms);
      space.open(use);
      this.#recounted.add(space.pool);
      this.#pushShareChange(changes, use, terms);
    } else insistOnPorts(holder, use);
    use.add(holder);
    space.takePorts(use, terms.ports);
    changes.push({ topics: [addressTopic(address)] });
    this.#agree(use, changes);
  }

  /** Stays on the address on other terms. */
  #amend(use: AddressUse, holder: Holder, oldPorts: readonly PortKey[], changes: Change[]): void {
    insistOnPorts(holder, use);
    use.amend(holder, oldPorts);
    use.space.freePorts(use, oldPorts);
    use.space.takePorts(use, holder.terms.ports);
    changes.push({ topics: [addressTopic(use.address)] });
    this.#pushShareChange(changes, use, use.terms);
    this.#agree(use, changes);
  }

  #leave(use: AddressUse, holder: Holder, oldPorts: readonly PortKey[], changes: Change[]): void {
    const { space } = use;
    use.remove(holder, oldPorts);
    space.freePorts(use, oldPorts);
    changes.push({ topics: [addressTopic(use.address)] });
    if (use.count > 0) {
      this.#pushShareChange(changes, use, use.terms);
      this.#agree(use, changes);
      return;
    }
    space.close(use);
    this.#recounted.add(space.pool);
    changes.push({ topics: this.#placesOf(space).map((place) => freeTopic(place, space.family)), freed: space });
  }

  /** When all holders of an address have come to the same terms, these become the address's. */
  #agree(use: AddressUse, changes: Change[]): void {
    const first = use.first()!;
    if (sameSharing(first.terms, use.terms) || !agreeToShare(use)) return;
    const { space } = use;
    for (const { terms } of use.holders()) space.freePorts(use, terms.ports);
    space.leaveGroup(use);
    use.terms = first.terms;
    space.enterGroup(use);
    for (const { terms } of use.holders()) space.takePorts(use, terms.ports);
    changes.push({ topics: [addressTopic(use.address)] });
    this.#pushShareChange(changes, use, use.terms);
  }

  #pushShareChange(changes: Change[], { address, space }: AddressUse, terms: SharingTerms): void {
    if (terms.sharingKey === "") return;
    const topics = this.#placesOf(space).map((place) => shareTopic(place, space.family, terms));
    changes.push({ topics, joinable: address });
  }

  /** Under which names a pool is waited for. */
  #placesOf({ pool }: FamilySpace): readonly string[] {
    return isForEverybody(this.#pools.get(pool)!.pool) ? [pool, EVERYBODYS_POOLS] : [pool];
  }

  /** Moves an address in use to the pool that has it now. */
  #rehome(use: AddressUse): void {
    const location = this.#pools.locate(use.address);
    if (location?.ordinal === undefined) {
      for (const holder of use.holders())
        holder.addresses = holder.addresses.filter((address) => address !== use.address);
      return;
    }
    const moved = new AddressUse(use.address, location.space, location.ordinal, use.terms);
    moved.space.open(moved);
    for (const holder of use.holders()) {
      moved.add(holder);
      moved.space.takePorts(moved, holder.terms.ports);
    }
  }

  #use(address: IpAddress): AddressUse | undefined {
    const location = this.#pools.locate(address);
    return location?.ordinal === undefined ? undefined : location.space.use(location.ordinal);
  }
}

/** Keys and backends, not ports. Who was there first, on the address's own terms, is not the one to leave. */
function sharingObstacle(id: ServiceId, terms: Terms, use: AddressUse): Refusal | undefined {
  const { address } = use;
  const isCompatible = terms.sharingKey !== "" && sameSharing(terms, use.terms);
  if (isCompatible || (use.first()?.id === id && sameSharing(terms, use.terms))) return undefined;
  const other = use.otherThan(id)!;
  if (terms.sharingKey === "" || use.terms.sharingKey === "")
    return { code: "address-in-use", address, other, keyless: terms.sharingKey === "" };
  if (terms.sharingKey !== use.terms.sharingKey)
    return { code: "sharing-key-conflict", address, key: terms.sharingKey, other, otherKey: use.terms.sharingKey };
  return { code: "backend-conflict", address, key: terms.sharingKey, other };
}

function portObstacle(id: ServiceId, terms: Terms, use: AddressUse): Refusal | undefined {
  for (const port of terms.ports) {
    const other = use.ownerOf(port, id);
    if (other !== undefined) return { code: "port-conflict", address: use.address, port, other };
  }
  return undefined;
}

function insistOnPorts({ id, terms }: Holder, use: AddressUse): void {
  const taken = portObstacle(id, terms, use);
  if (taken !== undefined) throw new BugError(`${id} can't be on ${use.address}: ${taken.code}`);
}

/** Whether a new group could be made of the holders: one alone always can. */
function agreeToShare(use: AddressUse): boolean {
  const first = use.first()!;
  if (use.count === 1) return true;
  if (first.terms.sharingKey === "") return false;
  for (const { terms } of use.holders()) if (!sameSharing(terms, first.terms)) return false;
  return true;
}

function familyCount(space: FamilySpace): FamilyCount {
  return { total: space.size, inUse: space.used };
}

function sameTerms(a: Terms, b: Terms): boolean {
  return sameSharing(a, b) && sameList(a.ports, b.ports);
}

function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
