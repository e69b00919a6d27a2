/** What BGP objects that are right by themselves may get wrong together. */
import type { Pool } from "../allocator/pool.ts";
import { familyOf } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import { formatPrefix } from "../ip/prefix.ts";
import { formatRange } from "../ip/range.ts";
import type { BfdProfile, BgpAdvertisement, BgpPeer } from "./model.ts";
import type { NodeView } from "./node.ts";
import { shareNode } from "./node-sets.ts";
import type { Complain } from "./resource.ts";
import { widestPrefix } from "./widest-prefix.ts";

/** Gives the collector for the issues of one object. */
export type ComplainAbout = (kind: "BGPPeer" | "BGPAdvertisement", name: string) => Complain;

/** Objects that are right by themselves. */
export interface BgpTogether {
  readonly pools: readonly Pool[];
  readonly advertisements: readonly BgpAdvertisement[];
  readonly peers: readonly BgpPeer[];
  readonly bfdProfiles: readonly BfdProfile[];
  readonly nodes: readonly NodeView[] | undefined;
}

export function checkBgpTogether(objects: BgpTogether, complainAbout: ComplainAbout): void {
  const poolsOf = poolsByAdvertisement(objects);
  for (const advertisement of objects.advertisements) {
    const complain = complainAbout("BGPAdvertisement", advertisement.name);
    for (const pool of poolsOf(advertisement)) checkAggregation(advertisement, pool, complain);
  }
  checkLocalPrefs(objects, poolsOf, complainAbout);
  checkSamePeers(objects, complainAbout);
  checkEcho(objects, poolsOf, complainAbout);
}

type PoolsOf = (advertisement: BgpAdvertisement) => readonly Pool[];

function poolsByAdvertisement({ pools }: BgpTogether): PoolsOf {
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  return ({ pools: names }) => names.map((name) => byName.get(name)).filter((pool) => pool !== undefined);
}

/**
 * A prefix must not be wider than the pool entry its addresses come from: it would take the traffic of neighbours. Of
 * a range, which is several CIDRs, only the widest one counts.
 */
function checkAggregation({ aggregationLength }: BgpAdvertisement, pool: Pool, complain: Complain): void {
  for (const range of pool.ranges) {
    const family = familyOf(range.first);
    const length = aggregationLength[family];
    const prefix = widestPrefix(range);
    if (length >= prefix.length) continue;
    const field = family === "IPv4" ? "spec.aggregationLength" : "spec.aggregationLengthV6";
    const within = `${formatPrefix(prefix)} (in ${formatRange(range)}) of pool ${JSON.stringify(pool.name)}`;
    const message = `invalid aggregation length ${length}: it is wider than ${within}`;
    complain(field, message, `write at least ${prefix.length}, or limit the advertisement to other pools`);
  }
}

/** A route can have one local preference only. With serviceSelectors it depends on the Service, and is checked there. */
function checkLocalPrefs({ advertisements, nodes }: BgpTogether, poolsOf: PoolsOf, complainAbout: ComplainAbout): void {
  const unconditional = advertisements.filter(({ serviceSelectors }) => serviceSelectors.length === 0);
  for (const [i, b] of unconditional.entries()) {
    const poolsOfB = new Set(b.pools);
    for (const a of unconditional.slice(0, i)) {
      if (a.localPref === b.localPref || !sharePeer(a, b) || !shareNode(a, b, nodes)) continue;
      const pool = poolsOf(a).find((each) => poolsOfB.has(each.name) && sameAggregation(a, b, each));
      if (pool === undefined) continue;
      const prefs = `local preference ${b.localPref ?? 0} and ${a.localPref ?? 0}`;
      const routes = `the same routes of pool ${JSON.stringify(pool.name)}`;
      const message = `${routes} would have ${prefs}, the latter by BGPAdvertisement ${JSON.stringify(a.name)}`;
      complainAbout("BGPAdvertisement", b.name)("spec.localPref", message, "use different peers, nodes or pools");
    }
  }
}

/** An empty list stands for every peer. */
function sharePeer(a: BgpAdvertisement, b: BgpAdvertisement): boolean {
  if (a.peers.length === 0 || b.peers.length === 0) return true;
  const peers = new Set(a.peers);
  return b.peers.some((peer) => peers.has(peer));
}

/** Whether the two make the same prefixes for some family of the pool. Routes of different lengths can differ. */
function sameAggregation(a: BgpAdvertisement, b: BgpAdvertisement, pool: Pool): boolean {
  const families = new Set<Family>(pool.ranges.map(({ first }) => familyOf(first)));
  return [...families].some((family) => a.aggregationLength[family] === b.aggregationLength[family]);
}

/** Two sessions of a node with one router from one address close each other for ever (RFC 4271 §6.8). */
function checkSamePeers({ peers, nodes }: BgpTogether, complainAbout: ComplainAbout): void {
  const groups = new Map<string, BgpPeer[]>();
  for (const peer of peers) {
    const { endpoint, port, vrf = "", sourceAddress } = peer;
    const where = endpoint.is === "interface" ? endpoint.interface : `${endpoint.address}%${endpoint.zone ?? ""}`;
    const identity = JSON.stringify([where, port, vrf, String(sourceAddress)]);
    const group = groups.get(identity) ?? [];
    const twin = group.find((other) => shareNode(other, peer, nodes));
    if (twin !== undefined) {
      const message = `a session with this peer already exists: BGPPeer ${JSON.stringify(twin.name)}`;
      const fix = "use nodeSelectors without a common node, or another port, sourceAddress or vrf";
      complainAbout("BGPPeer", peer.name)(
        endpoint.is === "interface" ? "spec.interface" : "spec.peerAddress",
        message,
        fix,
      );
    }
    groups.set(identity, [...group, peer]);
  }
}

/** The echo function is for IPv4 only. */
function checkEcho(
  { peers, bfdProfiles, advertisements }: BgpTogether,
  poolsOf: PoolsOf,
  complainAbout: ComplainAbout,
): void {
  const echoing = new Set(bfdProfiles.filter(({ echoMode }) => echoMode).map(({ name }) => name));
  const withIpv6 = advertisements
    .map((advertisement) => ({ advertisement, pool: poolsOf(advertisement).find(hasIpv6) }))
    .filter(({ pool }) => pool !== undefined);
  for (const { name, bfdProfile = "" } of peers) {
    if (!echoing.has(bfdProfile)) continue;
    const found = withIpv6.find(({ advertisement: { peers: only } }) => only.length === 0 || only.includes(name));
    if (found === undefined) continue;
    const routes = `BGPAdvertisement ${JSON.stringify(found.advertisement.name)} announces IPv6 pool ${JSON.stringify(found.pool?.name)} to this peer`;
    const message = `BFD profile ${JSON.stringify(bfdProfile)} has echoMode, which is for IPv4 only, and ${routes}`;
    complainAbout("BGPPeer", name)("spec.bfdProfile", message, "use a profile without echoMode");
  }
}

function hasIpv6(pool: Pool): boolean {
  return pool.ranges.some(({ first }) => familyOf(first) === "IPv6");
}
