import type { Family } from "../../ip/family.ts";
import type { PathAttributes } from "../path-attributes.ts";
import type { NextHop, SessionAddresses } from "./next-hop.ts";
import { nextHopOf } from "./next-hop.ts";
import type { PeerView } from "./render.ts";
import { render, renderedKey } from "./render.ts";
import type { RouteAttributes } from "./route.ts";

/** What of an established session decides what is sent in it. */
export interface RibSession extends PeerView {
  /** Of routes that both sides want to exchange. */
  readonly families: readonly Family[];
  /** The peer takes IPv6 next hops for IPv4 routes (RFC 8950). */
  readonly extendedNextHop: boolean;
  readonly addresses: SessionAddresses;
}

/** Why a peer is not told of a route that it is meant to have. */
export type UnsentReason = "familyNotNegotiated" | "noNextHop" | "tooManyCommunities";

/** What a peer is told of routes. There is one object for all that look the same to the peer. */
export interface Told {
  readonly family: Family;
  readonly attributes: PathAttributes;
  readonly nextHop: NextHop;
}

interface Counted extends Told {
  readonly key: string;
  /** Routes that it is told of. */
  uses: number;
}

/** Bytes. The smallest message has 4096; this leaves room for everything beside communities, and some prefixes. */
const MOST_COMMUNITIES = 3500;

/** Makes what one session sends of what is meant, once for all routes that have it in common. */
export class Renderer {
  readonly #session: RibSession;
  readonly #nextHops: Readonly<Record<Family, NextHop | UnsentReason>>;
  readonly #byKey = new Map<string, Counted>();
  readonly #rendered: Readonly<Record<Family, WeakMap<RouteAttributes, Counted>>> = {
    IPv4: new WeakMap(),
    IPv6: new WeakMap(),
  };

  constructor(session: RibSession) {
    this.#session = session;
    this.#nextHops = { IPv4: nextHopIn(session, "IPv4"), IPv6: nextHopIn(session, "IPv6") };
  }

  render(attributes: RouteAttributes, family: Family): Told | UnsentReason {
    const known = this.#rendered[family].get(attributes);
    if (known !== undefined && known.uses > 0) return known;
    const nextHop = this.#nextHops[family];
    if (typeof nextHop === "string") return nextHop;
    if (communityBytes(attributes) > MOST_COMMUNITIES) return "tooManyCommunities";
    const key = `${family};${renderedKey(attributes, this.#session)}`;
    const told = this.#byKey.get(key) ?? {
      family,
      attributes: render(attributes, this.#session),
      nextHop,
      key,
      uses: 0,
    };
    this.#byKey.set(key, told);
    this.#rendered[family].set(attributes, told);
    return told;
  }

  /** One route more is told as `told` says. */
  use(told: Told): void {
    (told as Counted).uses += 1;
  }

  release(told: Told): void {
    const counted = told as Counted;
    counted.uses -= 1;
    if (counted.uses === 0) this.#byKey.delete(counted.key);
  }
}

function nextHopIn(session: RibSession, family: Family): NextHop | UnsentReason {
  if (!session.families.includes(family)) return "familyNotNegotiated";
  return nextHopOf(family, session.addresses, session.extendedNextHop) ?? "noNextHop";
}

function communityBytes({ communities, largeCommunities, extendedCommunities }: RouteAttributes): number {
  return 4 * communities.length + 12 * largeCommunities.length + 8 * extendedCommunities.length;
}
