/**
 * The plan for BGP: for one Service, which routes this node gives to whom, and if none, why not. Pure. Every node that
 * can take the Service's traffic announces it; routers spread the traffic over them.
 */
import { prefixKey } from "../../bgp/rib/route.ts";
import { announces } from "../../config/local-pref-conflict.ts";
import type { BgpAdvertisement } from "../../config/model.ts";
import { anySelectorMatches } from "../../config/selector.ts";
import type { ServiceView } from "../../config/service.ts";
import type { IpAddress } from "../../ip/address.ts";
import { familyOf } from "../../ip/address.ts";
import type { Family } from "../../ip/family.ts";
import type { IpPrefix } from "../../ip/prefix.ts";
import { prefixOf } from "../../ip/prefix.ts";
import type { WeighedEndpoints } from "../election-context.ts";
import type { NodeCondition } from "../eligible-nodes.ts";
import type { NoAddressReason } from "../service-addresses.ts";
import { addressesOf } from "../service-addresses.ts";
import type { AdvertisementSet, Conflict } from "./advertisement-set.ts";
import type { BgpContext } from "./bgp-context.ts";

/** Why a Service is not announced with BGP from this node, in the order in which it is looked at. */
export type BgpSkipReason =
  | "serviceDeleted"
  | NoAddressReason
  /** No BGPAdvertisement of the pool includes this node. */
  | "noAdvertisementForNode"
  /** None of those that do is for this Service, or for the family of its addresses. */
  | "noMatchingAdvertisement"
  | "conflictingAdvertisements"
  | NodeCondition
  | "noLocalEndpoints"
  | "noEndpoints";

export type BgpDecision = BgpAnnouncement | BgpRefusal;

export interface BgpAnnouncement {
  readonly announce: true;
  readonly addresses: readonly IpAddress[];
  readonly routes: readonly PlannedRoute[];
  /** Names of the peers that are meant to get any of the routes, in order, whether there is a session or not. */
  readonly peers: readonly string[];
  /** How many ready endpoints this node has; undefined: routes don't say so. */
  readonly weights: Readonly<Record<Family, number>> | undefined;
}

export interface BgpRefusal {
  readonly announce: false;
  readonly reason: BgpSkipReason;
  readonly conflict?: Conflict;
}

/** A route of a Service. Advertisements of different lengths make several of one address. */
export interface PlannedRoute {
  readonly prefix: IpPrefix;
  /** Those that make it; each gives it to its own peers. */
  readonly by: AdvertisementSet;
}

export function decideBgp(service: ServiceView, endpoints: WeighedEndpoints, context: BgpContext): BgpDecision {
  const found = addressesOf(service, context);
  if ("refusal" in found) return skipBgp(found.refusal);
  const { addresses, pool } = found;
  const here = context.advertisements.get(pool) ?? [];
  if (here.length === 0) return skipBgp("noAdvertisementForNode");
  const families = new Set(addresses.map(familyOf));
  const matching = here.filter((advertisement) => isFor(advertisement, service, families));
  if (matching.length === 0) return skipBgp("noMatchingAdvertisement");
  const conflict = context.sets.of(matching).conflict(families);
  if (conflict !== undefined) return { ...skipBgp("conflictingAdvertisements"), conflict };
  const refusal = context.refusal ?? endpointRefusal(service, endpoints, context.node);
  if (refusal !== undefined) return skipBgp(refusal);
  return {
    announce: true,
    addresses,
    routes: routesOf(addresses, matching, context),
    peers: peersOf(matching, context),
    weights: weightsOf(service, matching, endpoints, context),
  };
}

export function skipBgp(reason: BgpSkipReason): BgpRefusal {
  return { announce: false, reason };
}

function isFor(advertisement: BgpAdvertisement, service: ServiceView, families: ReadonlySet<Family>): boolean {
  const { serviceSelectors } = advertisement;
  if (![...families].some((family) => announces(advertisement, family))) return false;
  return serviceSelectors.length === 0 || anySelectorMatches(serviceSelectors, service.labels);
}

function endpointRefusal(service: ServiceView, endpoints: WeighedEndpoints, node: string): BgpSkipReason | undefined {
  if (isLocal(service) && !endpoints.isOn(node)) return "noLocalEndpoints";
  return endpoints.usable ? undefined : "noEndpoints";
}

function isLocal({ externalTrafficPolicy }: ServiceView): boolean {
  return externalTrafficPolicy === "Local";
}

/** Each prefix once, however many of the addresses are in it. */
function routesOf(
  addresses: readonly IpAddress[],
  matching: readonly BgpAdvertisement[],
  { sets }: BgpContext,
): readonly PlannedRoute[] {
  const routes = new Map<bigint, PlannedRoute>();
  for (const address of addresses) {
    for (const [length, by] of byLength(familyOf(address), matching)) {
      const prefix = prefixOf(address, length);
      routes.set(prefixKey(prefix), { prefix, by: sets.of(by) });
    }
  }
  return [...routes.values()];
}

function byLength(
  family: Family,
  advertisements: readonly BgpAdvertisement[],
): ReadonlyMap<number, readonly BgpAdvertisement[]> {
  const announcing = advertisements.filter((advertisement) => announces(advertisement, family));
  return Map.groupBy(announcing, ({ aggregationLength }) => aggregationLength[family]);
}

function peersOf(matching: readonly BgpAdvertisement[], { peers }: BgpContext): readonly string[] {
  const names = peers.map(({ name }) => name);
  return names.filter((name) => matching.some((advertisement) => reaches(advertisement, name))).sort();
}

/** Whether a peer gets what is advertised. */
export function reaches({ peers }: BgpAdvertisement, peer: string): boolean {
  return peers.length === 0 || peers.includes(peer);
}

/**
 * With policy Cluster every node passes traffic on to all endpoints, so none is better than another. A node whose
 * endpoints all terminate still takes what comes, and asks for the least.
 */
function weightsOf(
  service: ServiceView,
  matching: readonly BgpAdvertisement[],
  endpoints: WeighedEndpoints,
  { node }: BgpContext,
): BgpAnnouncement["weights"] {
  if (!isLocal(service) || !matching.some(({ weightByEndpoints }) => weightByEndpoints)) return undefined;
  const weight = (family: Family): number => Math.max(1, endpoints.readyOn(node, family));
  return { IPv4: weight("IPv4"), IPv6: weight("IPv6") };
}

/** Whether there is nothing to say about the difference, attributes of routes apart. */
export function sameBgpDecision(a: BgpDecision, b: BgpDecision): boolean {
  if (a.announce && b.announce) return sameItems(a.addresses, b.addresses) && sameItems(a.peers, b.peers);
  if (a.announce || b.announce) return false;
  return a.reason === b.reason && sameItems(a.conflict ?? [], b.conflict ?? []);
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
