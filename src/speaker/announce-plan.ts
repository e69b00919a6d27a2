/**
 * The announce plan: for one Service, whether this node announces it on layer 2, and if not, why not. Pure; every
 * speaker computes it from the same objects, so that they agree on the owner without talking to each other.
 */
import type { ServiceView } from "../config/service.ts";
import { requestOf } from "../config/service.ts";
import { anySelectorMatches } from "../config/selector.ts";
import type { IpAddress } from "../ip/address.ts";
import { formatAddress } from "../ip/address.ts";
import { firstOwner } from "../layer2/election.ts";
import { mostOften } from "../layer2/repeats.ts";
import type { NodeRefusal, PlacedAdvertisement } from "./eligible-nodes.ts";
import type { NobodyReport, Obstacle } from "./no-announcer.ts";
import { reportNobody, reportSharing } from "./no-announcer.ts";
import type { PoolIndex } from "./pool-index.ts";
import type { Announcement } from "./protocol.ts";
import type { NoAddressReason } from "./service-addresses.ts";
import { addressesOf } from "./service-addresses.ts";

/** Why a Service is not announced from this node. */
export type SkipReason =
  | "serviceDeleted"
  | NoAddressReason
  | "noEndpoints"
  | "noLocalEndpoints"
  | "sharedIPWithServiceSelector"
  | "noMatchingAdvertisement"
  | "noCandidates"
  | "notOwner"
  | NodeRefusal;

export type Decision =
  | {
      readonly announce: true;
      readonly addresses: readonly IpAddress[];
      /** Where to answer; by advertisement, whether such interfaces exist or not. */
      readonly interfaces: Announcement["interfaces"];
      readonly repeatEvery?: Announcement["repeatEvery"];
    }
  | {
      readonly announce: false;
      readonly reason: SkipReason;
      /** The node that owns it instead, when one does. */
      readonly owner?: string;
      /** Given when no node can announce a Service that is meant for layer 2 and has endpoints. */
      readonly nobody?: NobodyReport;
    };

/** What is the same for all Services, on every node. */
export interface ElectionContext {
  readonly loadBalancerClass: string;
  readonly pools: PoolIndex;
  /** By pool name. */
  readonly advertisements: ReadonlyMap<string, readonly PlacedAdvertisement[]>;
  /** Nodes that could own addresses, with what keeps them from it, if anything. */
  readonly candidates: ReadonlyMap<string, NodeRefusal | undefined>;
}

export interface PlanContext extends ElectionContext {
  /** This node. */
  readonly self: string;
}

/** Where a Service's endpoints that take traffic are. */
export interface Endpoints {
  readonly usable: boolean;
  isOn(node: string): boolean;
}

export function decide(service: ServiceView, endpoints: Endpoints, context: PlanContext): Decision {
  const contest = contestFor(service, endpoints, context);
  if ("refusal" in contest) {
    const { refusal, nobody } = contest;
    return nobody === undefined ? skip(refusal) : { ...skip(refusal), nobody };
  }
  const decision = decideOn(context.self, contest);
  if (decision.announce || decision.owner !== undefined) return decision;
  const nobody = whyNobody(contest);
  return nobody === undefined ? decision : { ...decision, nobody };
}

/**
 * What keeps every node from announcing; undefined when none is kept from it, or when no advertisement is for the
 * Service, which is how one leaves layer 2. With externalTrafficPolicy Local, nodes without endpoints matter only when
 * no selected node has any.
 */
function whyNobody(contest: Contest): NobodyReport | undefined {
  const { matching, candidates, addresses, local, endpoints } = contest;
  if (matching.length === 0) return undefined;
  const anywhere = new Map<Obstacle, string[]>();
  const atEndpoints = new Map<Obstacle, string[]>();
  for (const node of candidates.keys()) {
    if (!matching.some(({ scores }) => scores.has(node))) continue;
    const obstacle = obstacleIn(contest, node);
    if (obstacle === undefined) return undefined;
    addTo(anywhere, obstacle, node);
    if (local && endpoints.isOn(node)) addTo(atEndpoints, obstacle, node);
  }
  return reportNobody(addresses, atEndpoints.size > 0 ? atEndpoints : anywhere, namesOf(matching));
}

function addTo<K>(lists: Map<K, string[]>, key: K, item: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function namesOf(placed: readonly PlacedAdvertisement[]): readonly string[] {
  return placed.map(({ advertisement }) => advertisement.name);
}

/** What nodes compete for, and by which rules. */
export interface Contest {
  readonly addresses: readonly IpAddress[];
  readonly endpoints: Endpoints;
  /** Whether only nodes with endpoints can own the addresses. */
  readonly local: boolean;
  /** Advertisements of the Service's pool that are for the Service. */
  readonly matching: readonly PlacedAdvertisement[];
  readonly candidates: ElectionContext["candidates"];
}

/** The contest for a Service's addresses, or why no node whatsoever may announce them. */
export function contestFor(
  service: ServiceView,
  endpoints: Endpoints,
  context: ElectionContext,
): Contest | { readonly refusal: SkipReason; readonly nobody?: NobodyReport } {
  const found = addressesOf(service, context);
  if ("refusal" in found) return found;
  const { addresses, pool } = found;
  if (!endpoints.usable) return { refusal: "noEndpoints" };
  const matching = (context.advertisements.get(pool) ?? []).filter(({ advertisement }) => {
    const { serviceSelectors } = advertisement;
    return serviceSelectors.length === 0 || anySelectorMatches(serviceSelectors, service.labels);
  });
  const selective = matching.filter(({ advertisement }) => advertisement.serviceSelectors.length > 0);
  if (selective.length > 0 && requestOf(service, "sharingKey") !== undefined)
    return { refusal: "sharedIPWithServiceSelector", nobody: reportSharing(addresses, namesOf(selective)) };
  const local = service.externalTrafficPolicy === "Local";
  return { addresses, endpoints, local, matching, candidates: context.candidates };
}

/** What the speaker on `node` does. Give `elect` when the owner is known already. */
export function decideOn(node: string, contest: Contest, elect = electOwner): Decision {
  const here = contest.matching.filter(({ scores }) => scores.has(node));
  const owner = elect(contest);
  if (owner === node) return { announce: true, addresses: contest.addresses, ...termsOf(here) };
  const reason = here.length === 0 ? "noMatchingAdvertisement" : obstacleIn(contest, node);
  if (owner === undefined) return skip(reason ?? "noCandidates");
  return { ...skip(reason ?? "notOwner"), owner };
}

/** Why a node that some matching advertisement selects can't own the addresses; undefined when it can. */
function obstacleIn({ candidates, local, endpoints }: Contest, node: string): Obstacle | undefined {
  return candidates.get(node) ?? (local && !endpoints.isOn(node) ? "noLocalEndpoints" : undefined);
}

/**
 * Of the candidates that some matching advertisement selects, the one with the highest sum of preferences; among equals
 * the first in hash order of the first address, so that both addresses of a dual-stack Service go to one node.
 */
export function electOwner(contest: Contest): string | undefined {
  let best: string[] = [];
  let bestScore = 0;
  for (const node of contest.candidates.keys()) {
    if (obstacleIn(contest, node) !== undefined) continue;
    const score = scoreOf(node, contest.matching);
    if (score === undefined || score < bestScore) continue;
    if (score > bestScore) best = [];
    bestScore = score;
    best.push(node);
  }
  return firstOwner(best, formatAddress(contest.addresses[0]!));
}

/** How much a node is preferred; undefined when no advertisement selects it. */
export function scoreOf(node: string, matching: readonly PlacedAdvertisement[]): number | undefined {
  const scores = matching.map((placed) => placed.scores.get(node)).filter((score) => score !== undefined);
  return scores.length === 0 ? undefined : scores.reduce((sum, score) => sum + score, 0);
}

/** One advertisement without a limit lifts all limits. */
function interfacesOf(placed: readonly PlacedAdvertisement[]): Announcement["interfaces"] {
  const lists = placed.map(({ advertisement }) => advertisement.interfaces);
  return lists.some((list) => list.length === 0) ? "all" : [...new Set(lists.flat())].sort();
}

function termsOf(placed: readonly PlacedAdvertisement[]): Omit<Announcement, "address"> {
  const repeatEvery = mostOften(placed.map(({ advertisement }) => advertisement.gratuitousInterval));
  return { interfaces: interfacesOf(placed), ...(repeatEvery === undefined ? {} : { repeatEvery }) };
}

export function skip(reason: SkipReason): Decision & { readonly announce: false } {
  return { announce: false, reason };
}

export function sameDecision(a: Decision, b: Decision): boolean {
  if (a.announce && b.announce) return sameItems(a.addresses, b.addresses) && sameTerms(a, b);
  if (a.announce || b.announce) return false;
  return a.reason === b.reason && a.owner === b.owner && a.nobody?.message === b.nobody?.message;
}

type Terms = Omit<Announcement, "address">;

export function sameTerms(a: Terms, b: Terms): boolean {
  return sameInterfaces(a.interfaces, b.interfaces) && a.repeatEvery === b.repeatEvery;
}

function sameInterfaces(a: Announcement["interfaces"], b: Announcement["interfaces"]): boolean {
  return a === "all" || b === "all" ? a === b : sameItems(a, b);
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
