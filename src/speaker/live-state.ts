/** What a speaker shows of itself to those who ask: the document behind `/state`. */
import { formatAddress, type IpAddress } from "../ip/address.ts";
import type { DoubtReason } from "../membership/self-doubt.ts";
import type { ObjectKey } from "../ports/kube.ts";
import type { IpPrefix } from "../ip/prefix.ts";
import type { LiveBgp } from "./bgp/live-bgp.ts";
import type { RosterMember } from "./protocol.ts";

export const STATE_VERSION = "inspect.metallb.io/v1";

/**
 * The state of one speaker at one moment. Fields are added, never renamed; a change that readers would trip over gets
 * another `apiVersion`. Times are RFC 3339 by the speaker's own clock, to be compared with `now` only.
 */
export interface LiveState {
  readonly apiVersion: typeof STATE_VERSION;
  readonly kind: "SpeakerState";
  readonly node: string;
  readonly now: string;
  /** What is missing before it can do its work; absent: it is ready. */
  readonly waitingFor?: string;
  /** Absent without membership. */
  readonly membership?: LiveMembership;
  /** Addresses that it owns or still answers for, in the order of their values. */
  readonly layer2: readonly LiveAddress[];
  /** On the first page. Absent without BGP. */
  readonly bgp?: LiveBgp;
  /** There are more addresses, or routes of the peer that was asked for: ask again with `after` set to this. */
  readonly continue?: string;
}

export interface LiveMembership {
  readonly standing: LiveStanding;
  /** Who takes part, ours included, by name. */
  readonly members: readonly RosterMember[];
}

/** Whether others may have taken our place. While it holds back, it answers nothing. */
export type LiveStanding =
  | { readonly kind: "sure" }
  | {
      readonly kind: "doubtful";
      readonly reason: DoubtReason;
      readonly since: string;
      readonly holdsBack: boolean;
    };

export interface LiveAddress {
  readonly ip: string;
  /** Services for which it is announced; none when it is about to be given up. At most a hundred. */
  readonly services: readonly ObjectKey[];
  /** Where it is answered, with which MAC; none: nowhere. */
  readonly interfaces: readonly LiveInterface[];
  readonly lastAnswered?: LiveAnswer;
  /** When a gratuitous frame for it was sent last. */
  readonly lastGratuitous?: string;
  /** Other stations that claimed it, latest first, since it is owned. */
  readonly duplicates: readonly LiveDuplicate[];
}

export interface LiveInterface {
  readonly name: string;
  readonly mac: string;
  /** None of its subnets has the address; it answers all the same. */
  readonly noSubnet?: true;
}

/** The last ARP request or neighbour solicitation that was answered. */
export interface LiveAnswer {
  readonly at: string;
  readonly interface: string;
  /** MAC of whoever asked. */
  readonly to: string;
}

export interface LiveDuplicate {
  readonly mac: string;
  readonly interface: string;
  readonly at: string;
}

/** What is known of one address; times are wall-clock milliseconds. */
export interface AddressFacts {
  readonly interfaces: readonly LiveInterface[];
  readonly lastAnswered?: { readonly at: number; readonly interface: string; readonly to: string };
  readonly lastGratuitous?: number;
  readonly duplicates: readonly { readonly mac: string; readonly interface: string; readonly at: number }[];
}

export const NO_FACTS: AddressFacts = { interfaces: [], duplicates: [] };

/** Membership as the main thread knows it; `since` is in wall-clock milliseconds. */
export interface MembershipFacts {
  readonly standing:
    | { readonly kind: "sure" }
    | {
        readonly kind: "doubtful";
        readonly reason: DoubtReason;
        readonly since: number;
        readonly holdsBack: boolean;
      };
  readonly members: readonly RosterMember[];
}

/** What the document is made from. */
export interface LiveSource {
  readonly node: string;
  /** Wall-clock milliseconds. */
  readonly now: number;
  /** Undefined: it is ready. */
  readonly waitingFor: string | undefined;
  readonly membership: MembershipFacts | undefined;
  /** Addresses that are owned or answered, in any order. */
  readonly addresses: Iterable<IpAddress>;
  /** Services that hold an address. */
  holders(address: IpAddress): readonly ObjectKey[];
  facts(address: IpAddress): AddressFacts;
  /** Names of interfaces that answer for an address and have no subnet with it. */
  withoutSubnet(address: IpAddress): readonly string[];
  /** Undefined: there is no BGP. */
  readonly bgp: BgpSource | undefined;
}

/** What the part about BGP is made from. */
export interface BgpSource {
  /** Those of `prefixes`, if any, come with each peer. */
  peers(prefixes: readonly IpPrefix[]): LiveBgp;
  /** One peer with a page of its routes. */
  peer(name: string, after: IpPrefix | undefined, limit: number): BgpPage;
}

export interface BgpPage {
  readonly bgp: LiveBgp;
  /** The last route, when there are more. */
  readonly next: string | undefined;
}

/** What is wanted: a page of addresses and all peers, or one peer with a page of its routes. */
export type StateQuery = AddressQuery | RouteQuery;

interface AddressQuery {
  readonly of: "addresses";
  /** Only these; undefined: all. */
  readonly ips: ReadonlySet<IpAddress> | undefined;
  /** Routes that come with each peer. */
  readonly prefixes: readonly IpPrefix[];
  /** Only those after this one. */
  readonly after: IpAddress | undefined;
  /** At most so many at once. */
  readonly limit: number;
}

interface RouteQuery {
  readonly of: "routes";
  /** Name of the BGPPeer. */
  readonly peer: string;
  readonly after: IpPrefix | undefined;
  readonly limit: number;
}

const MOST_SERVICES = 100;

/** Makes the document. Work is in proportion to what is wanted, but for finding and sorting it. */
export function liveState(source: LiveSource, query: StateQuery): LiveState {
  const { node, now, waitingFor, membership } = source;
  return {
    apiVersion: STATE_VERSION,
    kind: "SpeakerState",
    node,
    now: timeText(now),
    ...(waitingFor === undefined ? {} : { waitingFor }),
    ...(membership === undefined ? {} : { membership: liveMembership(membership) }),
    ...(query.of === "routes" ? routePart(source, query) : addressPart(source, query)),
  };
}

type Part = Pick<LiveState, "layer2" | "bgp" | "continue">;

function addressPart(source: LiveSource, { ips, prefixes, after, limit }: AddressQuery): Part {
  const wanted = [...source.addresses].filter(
    (address) => (ips === undefined || ips.has(address)) && (after === undefined || address > after),
  );
  const shown = wanted.sort((a, b) => (a < b ? -1 : 1)).slice(0, limit);
  const { bgp } = source;
  return {
    layer2: shown.map((address) => liveAddress(address, source)),
    ...(bgp === undefined || after !== undefined ? {} : { bgp: bgp.peers(prefixes) }),
    ...(shown.length < wanted.length ? { continue: formatAddress(shown.at(-1)!) } : {}),
  };
}

function routePart({ bgp: source }: LiveSource, { peer, after, limit }: RouteQuery): Part {
  if (source === undefined) return { layer2: [] };
  const { bgp, next } = source.peer(peer, after, limit);
  return { layer2: [], bgp, ...(next === undefined ? {} : { continue: next }) };
}

function liveMembership({ standing, members }: MembershipFacts): LiveMembership {
  return {
    standing: standing.kind === "sure" ? standing : { ...standing, since: timeText(standing.since) },
    members: members.toSorted((a, b) => (a.node < b.node ? -1 : 1)),
  };
}

function liveAddress(address: IpAddress, source: LiveSource): LiveAddress {
  const { interfaces, lastAnswered, lastGratuitous, duplicates } = source.facts(address);
  const strays = source.withoutSubnet(address);
  return {
    ip: formatAddress(address),
    services: source.holders(address).slice(0, MOST_SERVICES),
    interfaces: interfaces.map((each) => (strays.includes(each.name) ? { ...each, noSubnet: true } : each)),
    ...(lastAnswered === undefined ? {} : { lastAnswered: { ...lastAnswered, at: timeText(lastAnswered.at) } }),
    ...(lastGratuitous === undefined ? {} : { lastGratuitous: timeText(lastGratuitous) }),
    duplicates: duplicates.map((duplicate) => ({ ...duplicate, at: timeText(duplicate.at) })),
  };
}

/** RFC 3339 with milliseconds: what happened last is often less than a second ago. */
export function timeText(wallTime: number): string {
  return new Date(wallTime).toISOString();
}
