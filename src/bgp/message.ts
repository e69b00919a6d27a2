import type { IpAddress } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import type { IpPrefix } from "../ip/prefix.ts";
import type { AfiSafi } from "./address-family.ts";
import type { PathAttributes } from "./path-attributes.ts";

/**
 * Messages of BGP-4 (RFC 4271) as plain data. The bytes are in `wire/`; a decoder has checked all lengths and what RFC
 * 4271 §6.1 to §6.3 calls an error whatever the configuration, so whoever reads these types has only meaning to judge.
 */
export type Message = Open | Update | Notification | Keepalive | RouteRefresh;

/** RFC 4271 §4.2. */
export interface Open {
  readonly type: "open";
  /** 4. */
  readonly version: number;
  /** The 16-bit field: AS_TRANS when the AS number needs more; then the capability has it (RFC 6793). */
  readonly asn: number;
  /** Seconds; 0 or 3 to 65535. */
  readonly holdTime: number;
  /** BGP identifier, unsigned 32 bits, not 0. */
  readonly routerId: number;
  /** In the order they have on the wire. */
  readonly capabilities: readonly Capability[];
}

/** What stands in the 16-bit fields of an AS number that needs 32 bits (RFC 6793 §9). */
export const AS_TRANS = 23_456;

/** RFC 5492. What a peer says twice is there twice. */
export type Capability =
  /** RFC 4760 §8. */
  | ({ readonly is: "multiprotocol" } & AfiSafi)
  /** RFC 2918. */
  | { readonly is: "route-refresh" }
  /** RFC 7313. */
  | { readonly is: "enhanced-route-refresh" }
  /** RFC 8654. */
  | { readonly is: "extended-message" }
  /** RFC 6793. */
  | { readonly is: "four-octet-as"; readonly asn: number }
  /** RFC 8950: families of routes whose next hop may be of another family. */
  | { readonly is: "extended-next-hop"; readonly entries: readonly ExtendedNextHop[] }
  | GracefulRestart
  /** One that we don't know, or a known one that makes no sense. */
  | { readonly is: "unknown"; readonly code: number; readonly value: Uint8Array };

export interface ExtendedNextHop extends AfiSafi {
  readonly nextHopAfi: number;
}

/** RFC 4724 §3. */
export interface GracefulRestart {
  readonly is: "graceful-restart";
  /** The sender has restarted. */
  readonly restarting: boolean;
  /** The sender keeps routes over NOTIFICATIONs, too (RFC 8538 §2). */
  readonly notification: boolean;
  /** Seconds, 12 bits. */
  readonly time: number;
  readonly families: readonly ForwardingFamily[];
}

export interface ForwardingFamily extends AfiSafi {
  /** The sender kept forwarding while it restarted. */
  readonly forwarding: boolean;
}

/** RFC 4271 §4.4. */
interface Keepalive {
  readonly type: "keepalive";
}

/** RFC 4271 §4.5; codes and words are in `notification.ts`. */
export interface Notification {
  readonly type: "notification";
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

/** RFC 2918, RFC 7313. For families that weren't negotiated, and of subtypes that aren't defined, it is to be ignored. */
export interface RouteRefresh extends AfiSafi {
  readonly type: "route-refresh";
  readonly subtype: number;
}

/** RFC 7313 §3.2: asks for all routes, or brackets the answer. */
export const ROUTE_REFRESH_SUBTYPE = { REQUEST: 0, BEGIN: 1, END: 2 } as const;

/**
 * RFC 4271 §4.3, RFC 4760. An UPDATE that says nothing at all is the End-of-RIB of IPv4, and has `endOfRib`
 * (RFC 4724 §2).
 */
export interface Update {
  readonly type: "update";
  /** Withdrawn Routes field; IPv4. */
  readonly withdrawn: readonly IpPrefix[];
  /** NLRI field; IPv4, over `attributes.nextHop`. */
  readonly announced: readonly IpPrefix[];
  /** There when routes are announced, and what is said of them makes sense. */
  readonly attributes?: PathAttributes;
  /** MP_REACH_NLRI. */
  readonly reach?: Reach;
  /** MP_UNREACH_NLRI. */
  readonly unreach?: Unreach;
  readonly endOfRib?: Family;
  /** There when something in it had to be put right (RFC 7606); never in what we send. */
  readonly revised?: RevisedUpdate;
}

export interface Reach {
  readonly family: Family;
  readonly nextHop: IpAddress;
  /** Second next hop of a peer on the same link (RFC 2545 §3). */
  readonly linkLocalNextHop?: IpAddress;
  readonly prefixes: readonly IpPrefix[];
}

export interface Unreach {
  readonly family: Family;
  readonly prefixes: readonly IpPrefix[];
}

/** What RFC 7606 makes of an UPDATE with errors that don't end the session. */
export interface RevisedUpdate {
  /** The announced routes are to be taken as withdrawn (§2). */
  readonly treatAsWithdraw: boolean;
  /** Tables of which nothing more is to be used in this session (§2, "AFI/SAFI disable"). */
  readonly disabled: readonly AfiSafi[];
  /** For the log, one for each error, in their order on the wire; at most a handful. */
  readonly notes: readonly string[];
}
