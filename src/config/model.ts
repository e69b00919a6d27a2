import type { Family } from "../ip/family.ts";
import type { IpAddress } from "../ip/address.ts";
import type { Millis } from "../lib/duration.ts";
import type { Community } from "./community.ts";
import type { ExtendedCommunity } from "./extended-community.ts";
import type { LabelSelector } from "./selector.ts";

/** An L2Advertisement after parsing: pool names are resolved, selectors are checked. */
export interface L2Advertisement {
  readonly name: string;
  /** Names of the pools it announces, in name order. */
  readonly pools: readonly string[];
  /** Nodes that may announce; empty: every node. OR between selectors. */
  readonly nodeSelectors: readonly LabelSelector[];
  /** Interface names; empty: every interface. */
  readonly interfaces: readonly string[];
  /** Services it is for; empty: every Service of its pools. OR between selectors. */
  readonly serviceSelectors: readonly LabelSelector[];
  /** Weights (1..100) that are summed per node. */
  readonly preferredNodes: readonly { readonly weight: number; readonly selector: LabelSelector }[];
  /** How often addresses are announced again after a take-over; 0: never. Absent: the default. */
  readonly gratuitousInterval?: Millis | undefined;
}

/** A BGPAdvertisement after parsing: pool names and communities are resolved, selectors are checked. */
export interface BgpAdvertisement {
  readonly name: string;
  /** Names of the pools it announces, in name order. */
  readonly pools: readonly string[];
  /** Length of the prefix that an address is announced as. */
  readonly aggregationLength: Readonly<Record<Family, number>>;
  /** LOCAL_PREF for internal peers; undefined: not given, or 0. */
  readonly localPref: number | undefined;
  /** Without repeats, in the order of `compareCommunities`. */
  readonly communities: readonly Community[];
  /** Names of the BGPPeers it is announced to; empty: every peer. */
  readonly peers: readonly string[];
  /** Nodes that announce; empty: every node. OR between selectors. */
  readonly nodeSelectors: readonly LabelSelector[];
  /** Services it is for; empty: every Service of its pools. OR between selectors. */
  readonly serviceSelectors: readonly LabelSelector[];
  /** MULTI_EXIT_DISC (RFC 4271 §5.1.4). */
  readonly med: number | undefined;
  /** How many times more than once our AS number is in the path; undefined: not given. */
  readonly prepend: number | undefined;
  /** Without repeats, ascending. */
  readonly extendedCommunities: readonly ExtendedCommunity[];
  /** Addresses it is for; empty: of both families. */
  readonly families: readonly Family[];
  /** Whether routes say how many endpoints the node has. */
  readonly weightByEndpoints: boolean;
}

/** A BGPPeer after parsing. */
export interface BgpPeer {
  readonly name: string;
  readonly myAsn: number;
  /** Shown to the peer in place of `myAsn`. */
  readonly localAsn: number | undefined;
  readonly remoteAs: RemoteAs;
  readonly endpoint: PeerEndpoint;
  readonly port: number;
  readonly sourceAddress: IpAddress | undefined;
  /** Our BGP identifier, an IPv4 address; undefined: ours to choose. */
  readonly routerId: IpAddress | undefined;
  /** Undefined: the speaker's defaults. */
  readonly timers: SessionTimers | undefined;
  /** Time between attempts to connect, in whole seconds; undefined: the speaker's default. */
  readonly connectTime: Millis | undefined;
  /** Nodes that have the session; empty: every node. OR between selectors. */
  readonly nodeSelectors: readonly LabelSelector[];
  /** TCP MD5 key (RFC 2385), at most 80 bytes. Never log it. */
  readonly password: string | undefined;
  /** Name of a BFDProfile. */
  readonly bfdProfile: string | undefined;
  readonly gracefulRestart: boolean;
  readonly ebgpMultiHop: boolean;
  readonly vrf: string | undefined;
  /** Routes of both families in one session, whatever the family of its addresses. */
  readonly dualStack: boolean;
  /** The peer opens the session, never we. */
  readonly passive: boolean;
  /** Only packets that nobody forwarded are taken (RFC 5082). */
  readonly ttlSecurity: boolean;
  /** The session ends when the peer announces more; undefined: the speaker's default. */
  readonly maxPrefixes: number | undefined;
}

/** The autonomous system a peer must be in: a given one, ours, or any but ours. */
export type RemoteAs =
  | { readonly is: "number"; readonly asn: number }
  | { readonly is: "internal" }
  | { readonly is: "external" };

/** Where a peer is: at an address (`zone` is the interface of a link-local one), or whoever is on an interface. */
export type PeerEndpoint =
  | { readonly is: "address"; readonly address: IpAddress; readonly zone: string | undefined }
  | { readonly is: "interface"; readonly interface: string };

/** RFC 4271 §4.2 and §4.4. */
export interface SessionTimers {
  /** Whole seconds; 0 (the session never expires and no keepalives are sent), or 3 to 65535 seconds. */
  readonly holdTime: Millis;
  /** At most the hold time. */
  readonly keepaliveTime: Millis;
}

/** A BFDProfile after parsing, with defaults filled in (RFC 5880 §6.8.1). */
export interface BfdProfile {
  readonly name: string;
  readonly receiveInterval: Millis;
  readonly transmitInterval: Millis;
  readonly detectMultiplier: number;
  readonly echoMode: boolean;
  readonly echoInterval: Millis;
  readonly passiveMode: boolean;
  /** Packets of a session over several hops that arrive with less are dropped (RFC 5883). */
  readonly minimumTtl: number;
}
