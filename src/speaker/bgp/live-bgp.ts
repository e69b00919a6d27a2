/** The part of `/state` about BGP. Fields are added, never renamed. Times are RFC 3339. There are no passwords in it. */
import type { Message } from "../../bgp/message.ts";
import type { FamilyCounts } from "../../bgp/rib/rib-counts.ts";
import type { UnsentReason } from "../../bgp/rib/renderer.ts";
import type { EndCode } from "../../bgp/session/reason.ts";
import type { SessionState } from "../../bgp/session/session-state.ts";
import type { Family } from "../../ip/family.ts";

export interface LiveBgp {
  /** BGPPeers that this node has a session with, or tries to, by name. */
  readonly peers: readonly LivePeer[];
}

export interface LivePeer {
  /** Of the BGPPeer. */
  readonly name: string;
  /** `192.0.2.1:179`, `[fe80::1%eth0]:179` */
  readonly remote: string;
  /** Our end of the connection; absent without one. */
  readonly local?: string;
  readonly vrf?: string;
  readonly localAsn: number;
  /** `AS 64512`, or what else is configured, in words. */
  readonly remoteAs: string;
  /** Our BGP identifier. */
  readonly routerId: string;
  /** Waits for the peer to connect. */
  readonly passive: boolean;
  readonly state: SessionState;
  readonly since: string;
  /** When the next attempt is made, if one is waited for. */
  readonly retryAt?: string;
  /** What last ended a connection, or kept one from coming up. */
  readonly lastEnd?: LiveEnd & { readonly at: string };
  /** From OpenConfirm on. */
  readonly negotiated?: LiveNegotiated;
  /** Codes of capabilities that are not offered any more, since the peer refused an OPEN for them. */
  readonly leftOut: readonly number[];
  readonly prefixes: Readonly<Record<Family, FamilyCounts>>;
  /** Prefixes that the peer announces; none of them is used. */
  readonly prefixesReceived: Readonly<Record<Family, number>>;
  readonly sent: LiveMessages;
  readonly received: LiveMessages;
  readonly timesEstablished: number;
  /** Failures since it was last started. */
  readonly failures: number;
  /** The last changes of state, oldest first. */
  readonly transitions: readonly LiveTransition[];
  /** Those that were asked for, in order; absent when none were. */
  readonly routes?: readonly LiveRoute[];
}

export type LiveMessages = Readonly<Record<Message["type"], number>>;

export interface LiveEnd {
  readonly code: EndCode;
  /** For people, in one line. */
  readonly reason: string;
}

export interface LiveTransition extends Partial<LiveEnd> {
  readonly at: string;
  readonly from: SessionState;
  readonly to: SessionState;
}

/** What two OPENs made of the session. */
export interface LiveNegotiated {
  readonly peerAsn: number;
  readonly peerRouterId: string;
  readonly internal: boolean;
  /** 0: the session never expires. */
  readonly holdSeconds: number;
  readonly keepaliveSeconds: number;
  /** What the peer asked for. */
  readonly peerHoldSeconds: number;
  readonly families: readonly Family[];
  /** Families that we want and the peer does not. */
  readonly missingFamilies: readonly Family[];
  /** Families whose routes may have a next hop of the other family. */
  readonly extendedNextHop: readonly Family[];
  readonly fourOctetAs: boolean;
  readonly extendedMessages: boolean;
  readonly routeRefresh: boolean;
  readonly enhancedRefresh: boolean;
  /** All that the peer offers in words, with what we don't know. */
  readonly capabilities: readonly string[];
}

/**
 * - `told`: the peer has it
 * - `waiting`: it is to have it, and there is no session, or it is not written yet
 * - `unsent`: it is to have it and can't; `unsent` says why
 * - `leaving`: it has it, and is about to be told that it is gone
 */
export type LiveRouteState = "told" | "waiting" | "unsent" | "leaving";

export interface LiveRoute {
  /** `192.0.2.1/32` */
  readonly prefix: string;
  readonly state: LiveRouteState;
  readonly unsent?: UnsentReason;
  /** What the peer was told; absent when it doesn't have the route. */
  readonly told?: LiveAttributes;
}

export interface LiveAttributes {
  readonly nextHop: string;
  readonly linkLocalNextHop?: string;
  readonly asPath: readonly number[];
  readonly localPref?: number;
  readonly med?: number;
  /** `65000:100`, `large:65000:1:2`, and extended ones as hex of 8 bytes. */
  readonly communities: readonly string[];
  /** Bytes per second, of the link bandwidth community, which is among the communities, too. */
  readonly linkBandwidth?: number;
}
