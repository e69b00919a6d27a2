import type { IpAddress } from "../ip/address.ts";
import { familyOf } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import { otherFamily } from "../ip/family.ts";
import type { Result } from "../lib/result.ts";
import { err, ok } from "../lib/result.ts";
import type { Allocator } from "./allocator.ts";
import type { FamilySpace } from "./family-space.ts";
import type { PoolSpaces } from "./pool-table.ts";
import { poolRefusal } from "./pool-table.ts";
import type { Refusal } from "./refusal.ts";
import type { ServiceRequest, Terms } from "./request.ts";
import type { Topic } from "./topic.ts";
import { addressTopic, EVERYBODYS_POOLS, freeTopic, shareTopic } from "./topic.ts";

/** Addresses for a Service, in the order of its families. */
export interface Choice {
  readonly addresses: readonly IpAddress[];
  /** With PreferDualStack: why there is no address of the other family. */
  readonly missing?: Refusal;
  /** Why an address that it has and that fits was not enough: these are from another pool. */
  readonly left?: Refusal;
}

/** A refusal names at most this many pools: there may be thousands of both. */
const MOST_NAMES = 8;

export type Chosen = Result<Choice, Refusal>;
type Group = readonly PoolSpaces[];

/**
 * The addresses that a Service should have, given that it has `held` now. What it has is kept as long as it fits the
 * request, also partly; nothing changes in the allocator. Deterministic: the same state gives the same answer.
 */
export function chooseAddresses(allocator: Allocator, request: ServiceRequest, held: readonly IpAddress[]): Chosen {
  if (request.policy === "RequireDualStack" && request.families.length < 2)
    return err({ code: "dual-stack-impossible" });
  if (request.addresses.length > 0) return chooseRequested(allocator, request);
  const fitting = held.filter((address) => heldRefusal(allocator, request, address) === undefined);
  const kept = completeHeld(allocator, request, fitting);
  if (kept?.ok === true) return kept;
  const groups = eligibleGroups(allocator, request);
  const fresh = groups.ok ? chooseFresh(groups.value, request) : groups;
  return fresh.ok && kept !== undefined ? ok({ ...fresh.value, left: kept.error }) : fresh;
}

/**
 * What a Service that has `held` waits for, when it was refused or wants an address of another family in addition. What
 * can be mended only by changing pools or the Service itself is no topic: such changes are looked at anyway.
 */
export function waitTopics(
  allocator: Allocator,
  request: ServiceRequest,
  held: readonly IpAddress[],
  refusals: readonly Refusal[],
): readonly Topic[] {
  const topics = new Set<Topic>();
  for (const refusal of refusals) if ("other" in refusal) topics.add(addressTopic(refusal.address));
  for (const address of request.addresses) topics.add(addressTopic(address));
  for (const place of request.addresses.length > 0 ? [] : placesToWatch(allocator, request, held)) {
    for (const family of wantedFamilies(request)) {
      topics.add(freeTopic(place, family));
      if (request.terms.sharingKey !== "") topics.add(shareTopic(place, family, request.terms));
    }
  }
  return [...topics];
}

function placesToWatch(allocator: Allocator, request: ServiceRequest, held: readonly IpAddress[]): ReadonlySet<string> {
  const places = new Set<string>();
  const groups = eligibleGroups(allocator, request);
  for (const group of groups.ok ? groups.value : []) {
    if (group === allocator.pools.forEverybody) places.add(EVERYBODYS_POOLS);
    else for (const { pool } of group) places.add(pool.name);
  }
  for (const address of held) {
    const pool = allocator.poolOf(address);
    if (pool !== undefined) places.add(pool.name);
  }
  return places;
}

/** The requested addresses are all that the Service gets, and it gets all of them or none. */
function chooseRequested(allocator: Allocator, request: ServiceRequest): Chosen {
  const { addresses, families, policy } = request;
  const asked = addresses.map(familyOf);
  const enough = asked.length === families.length || policy !== "RequireDualStack";
  if (!enough || !asked.every((family) => families.includes(family)))
    return err({ code: "family-mismatch", asked, service: families });
  const names = new Set<string>();
  for (const address of addresses) {
    const refusal = placeRefusal(allocator, request, address);
    if (refusal !== undefined) return err(refusal);
    names.add(allocator.poolOf(address)!.name);
  }
  if (names.size > 1) return err({ code: "addresses-in-two-pools", addresses, pools: [...names] });
  for (const address of addresses) {
    const refusal = allocator.obstacle(request, address);
    if (refusal !== undefined) return err(refusal);
  }
  return ok({ addresses: inFamilyOrder(addresses, families) });
}

/** Why the address is not one for this Service, whoever has it. */
function placeRefusal(allocator: Allocator, request: ServiceRequest, address: IpAddress): Refusal | undefined {
  const location = allocator.pools.locate(address);
  if (location === undefined) return { code: "address-outside-pools", address };
  const { pool } = location.spaces;
  if (location.ordinal === undefined) return { code: "address-avoided", address, pool: pool.name };
  if (request.pool !== undefined && request.pool !== pool.name)
    return { code: "address-in-other-pool", address, pool: pool.name, asked: request.pool };
  return poolRefusal(pool, request);
}

/** The pools to look in, in order; pools of one group come before all of the next. */
function eligibleGroups(allocator: Allocator, request: ServiceRequest): Result<readonly Group[], Refusal> {
  const { pools } = allocator;
  if (pools.size === 0) return err({ code: "no-pools" });
  if (request.pool === undefined) {
    const groups = pools.automaticFor(request);
    return groups.length === 0 ? err({ code: "no-pool-for-service" }) : ok(groups);
  }
  const spaces = pools.get(request.pool);
  if (spaces === undefined) return err({ code: "pool-unknown", pool: request.pool });
  const refusal = poolRefusal(spaces.pool, request);
  return refusal === undefined ? ok([[spaces]]) : err(refusal);
}

/** Why an address that the Service has doesn't fit its request. autoAssign and better pools are no reason. */
export function heldRefusal(allocator: Allocator, request: ServiceRequest, address: IpAddress): Refusal | undefined {
  if (!request.families.includes(familyOf(address)))
    return { code: "family-mismatch", asked: [familyOf(address)], service: request.families };
  return placeRefusal(allocator, request, address) ?? allocator.obstacle(request, address);
}

/** Keeps what fits and adds the family that is missing, from the same pool. Undefined: nothing fits. */
function completeHeld(
  allocator: Allocator,
  request: ServiceRequest,
  fitting: readonly IpAddress[],
): Chosen | undefined {
  const families = wantedFamilies(request);
  const [first, second] = inFamilyOrder(fitting, families);
  if (first === undefined) return undefined;
  if (families.length === 1) return ok({ addresses: [first] });
  const pool = allocator.poolOf(first)!.name;
  if (second !== undefined && allocator.poolOf(second)!.name === pool) return ok({ addresses: [first, second] });
  const spaces = allocator.pools.get(pool)!;
  const family = otherFamily(familyOf(first));
  const added = pick(spaces[family], request.terms);
  if (added !== undefined) return ok({ addresses: inFamilyOrder([first, added], families) });
  const missing = shortage([spaces], [family]);
  return request.policy === "PreferDualStack" ? ok({ addresses: [first], missing }) : err(missing);
}

/**
 * Sharing an address comes before using up another one, in the order of the pools; the pools of one group come before
 * those of the next.
 */
export function chooseFresh(groups: readonly Group[], request: ServiceRequest): Chosen {
  const families = wantedFamilies(request);
  for (const group of groups) {
    const addresses =
      firstOf(group, (spaces) => all(families, (family) => spaces[family].lowestShared(request.terms))) ??
      firstOf(group, (spaces) => all(families, (family) => pick(spaces[family], request.terms)));
    if (addresses !== undefined) return ok({ addresses });
    if (request.policy !== "PreferDualStack") continue;
    for (const family of families) {
      const found = firstOf(group, (spaces) => pickWithPool(spaces, family, request.terms));
      if (found !== undefined)
        return ok({ addresses: [found.address], missing: shortage([found.spaces], [otherFamily(family)]) });
    }
  }
  return err(shortage(groups.flat(), families));
}

/** A Service with one cluster IP wants one address; so does SingleStack. */
function wantedFamilies({ families, policy }: ServiceRequest): readonly Family[] {
  return policy === "SingleStack" ? families.slice(0, 1) : families;
}

function pick(space: FamilySpace, terms: Terms): IpAddress | undefined {
  return space.lowestShared(terms) ?? space.lowestFree();
}

function pickWithPool(spaces: PoolSpaces, family: Family, terms: Terms) {
  const address = pick(spaces[family], terms);
  return address === undefined ? undefined : { spaces, address };
}

/** Why these pools don't have what is wanted. It says the same as long as they don't, whoever has their addresses. */
function shortage(pools: Group, wanted: readonly Family[]): Refusal {
  const named = { pools: pools.slice(0, MOST_NAMES).map(({ pool }) => pool.name), poolCount: pools.length };
  const absent = wanted.filter((family) => pools.every((spaces) => spaces[family].size === 0n));
  if (absent.length > 0) return { code: "family-not-in-pools", families: absent, ...named };
  return { code: "pool-exhausted", families: wanted, ...named };
}

function inFamilyOrder(addresses: readonly IpAddress[], families: readonly Family[]): IpAddress[] {
  return families.flatMap((family) => addresses.filter((address) => familyOf(address) === family).slice(0, 1));
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The results for all items, or undefined when one of them is. */
function all<T, R>(items: readonly T[], find: (item: T) => R | undefined): readonly R[] | undefined {
  const found: R[] = [];
  for (const item of items) {
    const result = find(item);
    if (result === undefined) return undefined;
    found.push(result);
  }
  return found;
}
