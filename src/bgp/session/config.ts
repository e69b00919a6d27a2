import type { Family } from "../../ip/family.ts";
import type { IpAddress } from "../../ip/address.ts";
import { type Millis, millis, seconds } from "../../lib/duration.ts";
import type { GracefulRestart } from "../message.ts";

/** What a session with one peer is to be. Never has the password in it. */
export interface SessionConfig {
  /** The AS number that the peer sees. */
  readonly localAsn: number;
  readonly remoteAs: RemoteAs;
  /** Our BGP identifier, unsigned 32 bits, not 0. The same on all connections to the peer (RFC 4271 §4.2). */
  readonly routerId: number;
  /** Families of the routes that we want to announce. */
  readonly families: readonly Family[];
  /** Families of which we can announce routes over a next hop of the other family (RFC 8950). */
  readonly extendedNextHop: readonly Family[];
  /** Whole seconds: 0 (the session never expires, no keepalives are sent), or 3 to 65535 seconds. */
  readonly holdTime: Millis;
  /** Longest time between two keepalives; 0: a third of the hold time. */
  readonly keepaliveTime: Millis;
  /** How long an attempt to connect may take, and the longest time between two of them. */
  readonly connectTime: Millis;
  /** Never connects, only waits for the peer to do so. */
  readonly passive: boolean;
  /** How long the peer's OPEN is waited for before ours is sent (DelayOpenTime of RFC 4271 §8.1.1); 0: ours comes first. */
  readonly delayOpenTime: Millis;
  /** How many prefixes of a family the peer may announce to us; 0: no limit. */
  readonly maxPrefixes: number;
  /** What is offered; undefined: no graceful restart. */
  readonly gracefulRestart: GracefulRestart | undefined;
  readonly transport: TransportConfig;
}

/** The autonomous system a peer must be in: a given one, ours, or any but ours. */
export type RemoteAs =
  | { readonly is: "number"; readonly asn: number }
  | { readonly is: "internal" }
  | { readonly is: "external" };

/** What the connections are made with. The session only looks whether it changed. */
export interface TransportConfig {
  readonly remote: IpAddress;
  /** The interface of a link-local address. */
  readonly zone: string | undefined;
  readonly port: number;
  readonly source: IpAddress | undefined;
  readonly vrf: string | undefined;
  readonly multiHop: boolean;
  /** Packets that somebody forwarded are dropped (RFC 5082). */
  readonly ttlSecurity: boolean;
  /** Another number for another TCP MD5 key; undefined: none. */
  readonly keyVersion: number | undefined;
}

/**
 * What counts where nothing is configured. The time between attempts is far below the 120 s of RFC 4271 §10: one SYN each
 * ten seconds is no load, and a router that comes back is found at once.
 */
export const SESSION_DEFAULTS = {
  holdTime: seconds(90),
  keepaliveTime: seconds(30),
  connectTime: seconds(10),
  delayOpenTime: millis(0),
  /** More than there are routes on the Internet. */
  maxPrefixes: 2_000_000,
} as const;

/** Whether a peer of this AS is who we want to talk to. */
export function satisfiesRemoteAs(wanted: RemoteAs, peerAsn: number, localAsn: number): boolean {
  switch (wanted.is) {
    case "number":
      return peerAsn === wanted.asn;
    case "internal":
      return peerAsn === localAsn;
    case "external":
      return peerAsn !== localAsn;
  }
}

export function describeRemoteAs(wanted: RemoteAs, localAsn: number): string {
  if (wanted.is === "number") return `AS ${wanted.asn}`;
  return wanted.is === "internal" ? `AS ${localAsn}, which is ours` : `any AS but ${localAsn}, which is ours`;
}
