import type { ServiceView } from "../../config/service.ts";
import { keyOfService } from "../../controller/service-key.ts";
import { familyOf, formatAddress, type IpAddress, parseAddress } from "../../ip/address.ts";
import type { ObjectKey } from "../../ports/kube.ts";
import { electOwner } from "../../speaker/announce-plan.ts";
import { notOurs } from "../../speaker/service-addresses.ts";
import type { Layer2View } from "../cluster/layer2-view.ts";
import type { ClusterSnapshot } from "../cluster/snapshot.ts";
import { describeNoAdvertisement, describeSkip } from "../layer2/describe-skip.ts";
import { Elections, type SpeakerSettings } from "../layer2/elections.ts";
import { ownersOf } from "../layer2/owners-of.ts";
import { speakersByNode } from "../layer2/speaker-states.ts";
import { arrangeLive, type Live } from "../live/live.ts";
import { liveProblems } from "../live/live-problems.ts";
import { speakerReports } from "../live/speaker-reports.ts";
import { counted } from "../render/words.ts";
import type { AddressOwner, OwnedAddress, OwnerProblem, OwnersReport } from "./owners-report.ts";

/** Finds who announces each address, and why nobody does. Takes time in proportion to Services times nodes at most. */
export function findOwners(
  snapshot: ClusterSnapshot,
  view: Layer2View,
  settings: SpeakerSettings,
  notes: readonly string[],
): OwnersReport {
  const elections = new Elections(snapshot, view, settings);
  const holders = holdersOf(snapshot.services, settings.loadBalancerClass);
  const stateOf = speakersByNode(view.speakers);
  const live = view.live === undefined ? undefined : arrangeLive(view.live);
  const addresses = [...holders].sort(byAddress).map(([address, services]): OwnedAddress => {
    const owners = ownersOfAll(services, view);
    const ip = formatAddress(address);
    const unready = owners.filter(({ node }) => ["none", "not-ready"].includes(stateOf(node)));
    return {
      address: ip,
      family: familyOf(address),
      pool: elections.poolOf({ addresses: [address] }),
      services: services.map(keyOfService),
      owners,
      ...(live === undefined ? {} : { answers: live.answers.get(ip) ?? [] }),
      problems: [
        ...(owners.length === 0 ? whyNobody(services, elections) : []),
        ...(owners.length > 1 ? [severalOwners(services, owners)] : []),
        ...unready.map(({ node }) => ownerNotReady(services, node)),
        ...(live === undefined ? [] : problemsSeen(ip, { services, owners }, live)),
      ],
    };
  });
  const leftOver = leftOverIn(view, new Set(addresses.flatMap(({ services }) => services)));
  const speakers = view.live === undefined ? {} : { speakers: speakerReports(view.live) };
  return { summary: summarizeOwners(addresses), addresses, leftOver, ...speakers, issues: elections.issues, notes };
}

function problemsSeen(
  ip: string,
  { services, owners }: { readonly services: readonly ServiceView[]; readonly owners: readonly AddressOwner[] },
  live: Live,
): readonly OwnerProblem[] {
  const nodes = owners.map(({ node }) => node);
  return liveProblems(ip, nodes, live).map((problem) => ({ ...problem, services: services.map(keyOfService) }));
}

type Holders = ReadonlyMap<IpAddress, readonly ServiceView[]>;

/** The Services of each address, in name order. */
function holdersOf(services: readonly ServiceView[], loadBalancerClass: string): Holders {
  const holders = new Map<IpAddress, ServiceView[]>();
  const ours = services.filter((service) => notOurs(service, loadBalancerClass) === undefined);
  const named = ours.map((service) => [keyOfService(service), service] as const);
  for (const [, service] of named.sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const { ip } of service.ingress) {
      const address = parseAddress(ip);
      if (address === undefined) continue;
      const others = holders.get(address);
      if (others === undefined) holders.set(address, [service]);
      else if (others.at(-1) !== service) others.push(service);
    }
  return holders;
}

function byAddress([a]: readonly [IpAddress, unknown], [b]: readonly [IpAddress, unknown]): number {
  if (familyOf(a) !== familyOf(b)) return familyOf(a) === "IPv4" ? -1 : 1;
  return a < b ? -1 : 1;
}

/** A node that announces several Services of an address answers wherever one of them lets it. */
function ownersOfAll(services: readonly ServiceView[], view: Layer2View): readonly AddressOwner[] {
  const byNode = new Map<string, AddressOwner["interfaces"]>();
  for (const service of services)
    for (const { node, interfaces } of ownersOf(view, keyOfService(service)) ?? []) {
      const others = byNode.get(node) ?? [];
      const all = others === "all" || interfaces === "all";
      byNode.set(node, all ? "all" : [...new Set([...others, ...interfaces])].sort());
    }
  return [...byNode].map(([node, interfaces]) => ({ node, interfaces })).sort((a, b) => (a.node < b.node ? -1 : 1));
}

/** One problem of each kind, with the Services that have it. */
function whyNobody(services: readonly ServiceView[], elections: Elections): readonly OwnerProblem[] {
  const problems = new Map<string, OwnerProblem & { readonly services: ObjectKey[] }>();
  for (const service of services) {
    const { code, explanation } = whyNotAnnounced(service, elections);
    const known = problems.get(code);
    if (known === undefined) problems.set(code, { code, services: [keyOfService(service)], explanation });
    else known.services.push(keyOfService(service));
  }
  return [...problems.values()];
}

function whyNotAnnounced(service: ServiceView, elections: Elections): Pick<OwnerProblem, "code" | "explanation"> {
  const contest = elections.contest(service);
  if ("refusal" in contest) return { code: contest.refusal, explanation: describeSkip(contest.refusal).explanation };
  if (contest.matching.length === 0) {
    const pool = elections.poolOf(contest);
    const { explanation } = describeNoAdvertisement(pool, elections.advertisementsOf(pool));
    return { code: "noMatchingAdvertisement", explanation };
  }
  const owner = electOwner(contest);
  if (owner === undefined) return { code: "noCandidates", explanation: describeSkip("noCandidates").explanation };
  return { code: "notAnnounced", explanation: `${owner} should announce it and doesn't say that it does` };
}

function severalOwners(services: readonly ServiceView[], owners: readonly AddressOwner[]): OwnerProblem {
  const nodes = owners.map(({ node }) => node).join(" and ");
  const explanation = `${nodes} say that they announce it: one may be about to give it up`;
  return { code: "severalOwners", services: services.map(keyOfService), explanation };
}

function ownerNotReady(services: readonly ServiceView[], node: string): OwnerProblem {
  const explanation = `no speaker Pod on ${node} is ready: its ServiceL2Status may be left over`;
  return { code: "ownerNotReady", services: services.map(keyOfService), explanation };
}

function leftOverIn({ statuses }: Layer2View, known: ReadonlySet<ObjectKey>): OwnersReport["leftOver"] {
  const unknown = [...(statuses ?? [])].filter(([service]) => !known.has(service));
  return unknown.flatMap(([service, views]) => views.map(({ node }) => ({ service, node })));
}

function summarizeOwners(addresses: readonly OwnedAddress[]): string {
  const silent = addresses.filter(({ owners }) => owners.length === 0).length;
  const doubtful = addresses.filter(({ owners, problems }) => owners.length > 0 && problems.length > 0).length;
  const announced = addresses.length - silent;
  const parts = [`${announced.toLocaleString("en")} announced on layer 2`];
  if (silent > 0) parts.push(`${silent.toLocaleString("en")} by nobody`);
  if (doubtful > 0) parts.push(`${doubtful.toLocaleString("en")} with doubt about the owner`);
  return `${counted(addresses.length, "address", "addresses")}: ${parts.join(", ")}`;
}
