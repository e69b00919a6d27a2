import type { RouterPlan } from "../../../src/dev/lab/router-plan.ts";
import type { Family } from "../../../src/ip/family.ts";

/** A router, and where it runs. */
export interface PlacedRouter extends RouterPlan {
  readonly namespace: string;
  /** Routes stay in the router: the kernel does not get them. */
  readonly tableOnly?: boolean;
  /** Of IPv6 routes that it passes on; only GoBGP makes none of its own that everybody takes, over IPv4. */
  readonly ipv6NextHop?: string;
}

/** What the router says about a session. */
export interface SeenSession {
  readonly established: boolean;
  /** In the router's own words. */
  readonly state: string;
  /** NOTIFICATIONs and resets, in the router's own words. */
  readonly lastError?: string;
}

/** A route as the router has received it, in words that all routers share. */
export interface SeenRoute {
  readonly prefix: string;
  readonly nextHop: string;
  readonly asPath: readonly number[];
  readonly localPref?: number;
  readonly med?: number;
  /** "64512:1", sorted. */
  readonly communities: readonly string[];
  /** "64512:1:2", sorted. */
  readonly largeCommunities: readonly string[];
  /** "rt:64512:7", "lb:64512:125000" (bytes per second); sorted. */
  readonly extendedCommunities: readonly string[];
}

/** A router of another make, running in a namespace. Sessions are named by the speaker's address. */
export interface Router {
  readonly product: string;
  /** Of two IPv6 next hops (RFC 2545 §3) it shows the link-local one, where others show the global one. */
  readonly showsLinkLocal?: true;
  sessions(): Promise<ReadonlyMap<string, SeenSession>>;
  routes(peer: string, family: Family): Promise<readonly SeenRoute[]>;
  /** Asks the peer for all of its routes again (RFC 2918); undefined: it never does. */
  readonly refresh: ((peer: string, family: Family) => Promise<void>) | undefined;
  /** Ends the session with a Cease; it may come up again. */
  reset(peer: string): Promise<void>;
  /** Stands still, timers and all, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Ends without a word, so that peers have to notice. */
  kill(): Promise<void>;
  /** Ends in order, and cleans up. */
  stop(): Promise<void>;
}

/** One that counts its routes without listing them. */
export interface CountingRouter extends Router {
  /** Prefixes of both families that it has taken, by the speaker's address; peers without a session may be left out. */
  taken(): Promise<ReadonlyMap<string, number>>;
}

export type StartRouter = (plan: PlacedRouter) => Promise<Router>;

/** What a route has of these two; a field that is absent must not be there. */
export function preferences(
  localPref: number | undefined,
  med: number | undefined,
): Pick<SeenRoute, "localPref" | "med"> {
  return { ...(localPref === undefined ? {} : { localPref }), ...(med === undefined ? {} : { med }) };
}

/** Lists are compared in one order, whatever the router's. */
export function sorted(texts: Iterable<string>): string[] {
  return [...texts].toSorted();
}

/** A 32-bit community as text. */
export function communityText(value: number): string {
  return `${value >>> 16}:${value & 0xffff}`;
}

/** IEEE 754 single precision, as link bandwidth is encoded. */
function floatOfBits(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

/** A route-target or link-bandwidth community of 8 bytes as text; any other as hex. */
export function extendedText(value: bigint): string {
  const type = Number(value >> 48n);
  const [asn, low] = [Number((value >> 32n) & 0xffffn), Number(value & 0xffff_ffffn)];
  if (type === 0x0002) return `rt:${asn}:${low}`;
  if (type === 0x0004 || type === 0x4004) return `lb:${asn}:${floatOfBits(low)}`;
  return value.toString(16).padStart(16, "0");
}
