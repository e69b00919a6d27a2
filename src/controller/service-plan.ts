import type { Allocator } from "../allocator/allocator.ts";
import { type Choice, type Chosen, chooseAddresses, heldRefusal, waitTopics } from "../allocator/choose.ts";
import type { Refusal } from "../allocator/refusal.ts";
import type { ServiceRequest, Terms } from "../allocator/request.ts";
import type { Topic } from "../allocator/topic.ts";
import type { ServiceView } from "../config/service.ts";
import type { IpAddress } from "../ip/address.ts";
import { familyOf } from "../ip/address.ts";
import { keyOfService } from "./service-key.ts";
import { askedBy, shownAddresses } from "./service-request.ts";

/** What should be true for a Service, with a reason for everything that is not as it asks. */
export interface ServicePlan {
  /** What it gets, to be assigned on these terms. */
  readonly addresses: readonly IpAddress[];
  readonly terms: Terms;
  /** Pool of the first address. */
  readonly pool: string | undefined;
  /** Why the request is not fulfilled. The Service keeps what it has and may keep. */
  readonly refusal?: Refusal;
  /** With PreferDualStack: why there is no address of the other family. */
  readonly missing?: Refusal;
  /** Addresses it has, or shows, and can't keep. Not among them: those that go because it asked for others. */
  readonly lost: readonly Lost[];
  /** Another try makes sense when one of these changes. */
  readonly waitFor: readonly Topic[];
}

interface Lost {
  readonly address: IpAddress;
  readonly reason: Refusal;
}

/** A Service that gets nothing from us and that shows nothing of us. */
export const NOTHING: ServicePlan = {
  addresses: [],
  terms: { sharingKey: "", backendKey: "", ports: [] },
  pool: undefined,
  lost: [],
  waitFor: [],
};

/**
 * Decides on one Service, which has `held` now. Make before break: what it has goes only when it gets what it asks for, or when keeping it
 * would break a rule that protects others: a port belongs to one Service, and addresses come from pools.
 */
export function planService(allocator: Allocator, service: ServiceView, held: readonly IpAddress[]): ServicePlan {
  const { terms, request } = askedBy(service);
  const user = { id: keyOfService(service), terms };
  const shown = shownAddresses(service);
  const free = onePerFamily(shown).filter((address) => allocator.obstacle(user, address) === undefined);
  const had = held.length > 0 ? held : free;
  const known = [...new Set([...shown, ...held])];
  if (!request.ok) {
    const addresses = asShown(
      shown,
      had.filter((address) => isKeepable(allocator, user, address)),
    );
    const lost = losses(known, addresses, (address) => leavingReason(allocator, user, address));
    return { addresses, terms, pool: poolOf(allocator, addresses), refusal: request.error, lost, waitFor: [] };
  }
  const chosen = chooseAddresses(allocator, request.value, had);
  const keepable = had.filter((address) => isKeepable(allocator, request.value, address));
  const wanted = chosen.ok ? withOtherFamily(allocator, request.value, chosen.value, keepable) : keepable;
  const addresses = asShown(shown, wanted);
  const missing = chosen.ok && addresses.length === 1 ? chosen.value.missing : undefined;
  const obstacles = addresses.map((address) => allocator.obstacle(user, address));
  const refusal = chosen.ok ? obstacles.find((obstacle) => obstacle !== undefined) : chosen.error;
  const reasons = [refusal, missing, ...obstacles].filter((reason) => reason !== undefined);
  return {
    addresses,
    terms,
    pool: poolOf(allocator, addresses),
    ...(refusal === undefined ? {} : { refusal }),
    ...(missing === undefined ? {} : { missing }),
    lost: losses(known, addresses, unfitReason(allocator, request.value, known, chosen)),
    waitFor: reasons.length === 0 ? [] : waitTopics(allocator, request.value, addresses, reasons),
  };
}

/** The same addresses in another order stay as they are shown: the first one decides which node announces them. */
function asShown(shown: readonly IpAddress[], addresses: readonly IpAddress[]): readonly IpAddress[] {
  const same = shown.length === addresses.length && addresses.every((address) => shown.includes(address));
  return same ? shown : addresses;
}

/**
 * When there is no address of the other family, the one that the Service has stays, although it doesn't fit any more, as
 * long as it may. Not one of another pool: speakers announce the addresses of a Service only together.
 */
function withOtherFamily(
  allocator: Allocator,
  { families }: ServiceRequest,
  { addresses, missing }: Choice,
  keepable: readonly IpAddress[],
): readonly IpAddress[] {
  const [only] = addresses;
  if (only === undefined || missing === undefined) return addresses;
  const pool = poolOf(allocator, [only]);
  const kept = keepable.filter(
    (address) => familyOf(address) !== familyOf(only) && poolOf(allocator, [address]) === pool,
  );
  return [only, ...kept].sort((a, b) => families.indexOf(familyOf(a)) - families.indexOf(familyOf(b)));
}

/**
 * The addresses of the status that a Service may claim after a restart, before anybody gets new ones: those that a pool
 * has and on which nobody else has its ports.
 */
export function claimable(
  allocator: Allocator,
  service: ServiceView,
): { addresses: readonly IpAddress[]; terms: Terms } {
  const { terms, request } = askedBy(service);
  const user = request.ok ? request.value : { id: keyOfService(service), terms };
  const addresses = onePerFamily(shownAddresses(service)).filter((address) => isKeepable(allocator, user, address));
  return { addresses, terms };
}

/** Of a Service whose request can't be read, the families aren't known and don't matter. */
type User = Pick<ServiceRequest, "id" | "terms"> & Partial<Pick<ServiceRequest, "families">>;

function isKeepable(allocator: Allocator, user: User, address: IpAddress): boolean {
  if (user.families?.includes(familyOf(address)) === false) return false;
  return leavingReason(allocator, user, address) === undefined;
}

/** Why nobody in the Service's place could stay on the address: the rules that protect others. */
function leavingReason(allocator: Allocator, { id, terms }: User, address: IpAddress): Refusal | undefined {
  const location = allocator.pools.locate(address);
  if (location === undefined) return { code: "address-outside-pools", address };
  if (location.ordinal === undefined) return { code: "address-avoided", address, pool: location.spaces.pool.name };
  return allocator.portObstacle(id, terms, address);
}

/** What is gone, with the reason. */
function losses(
  had: readonly IpAddress[],
  has: readonly IpAddress[],
  reasonFor: (address: IpAddress) => Refusal | undefined,
): readonly Lost[] {
  return had.flatMap((address) => {
    const reason = has.includes(address) ? undefined : reasonFor(address);
    return reason === undefined ? [] : [{ address, reason }];
  });
}

/** An address that goes although it would fit goes because the user wants another one: that is no loss. */
function unfitReason(allocator: Allocator, request: ServiceRequest, had: readonly IpAddress[], chosen: Chosen) {
  const pools = new Set(had.map((address) => poolOf(allocator, [address])).filter((name) => name !== undefined));
  const split: Refusal | undefined =
    pools.size > 1 ? { code: "addresses-in-two-pools", addresses: had, pools: [...pools] } : undefined;
  const left = chosen.ok ? chosen.value.left : undefined;
  const anyPool = { ...request, pool: undefined };
  return (address: IpAddress) => heldRefusal(allocator, anyPool, address) ?? left ?? split;
}

function poolOf(allocator: Allocator, addresses: readonly IpAddress[]): string | undefined {
  return addresses[0] === undefined ? undefined : allocator.poolOf(addresses[0])?.name;
}

function onePerFamily(addresses: readonly IpAddress[]): readonly IpAddress[] {
  return addresses.filter((address, i) => addresses.findIndex((other) => familyOf(other) === familyOf(address)) === i);
}
