import type { Route, RouteAttributes } from "../../bgp/rib/route.ts";
import { prefixKey } from "../../bgp/rib/route.ts";
import type { BgpAdvertisement } from "../../config/model.ts";
import type { IpPrefix } from "../../ip/prefix.ts";
import type { ObjectKey } from "../../ports/kube.ts";
import type { AdvertisementSet } from "./advertisement-set.ts";
import type { Audience } from "./audiences.ts";
import type { PlannedRoute } from "./bgp-plan.ts";
import { attributesOf } from "./route-terms.ts";

/** What a Service adds to a route. */
export interface Contribution extends PlannedRoute {
  /** Ready endpoints; 0: it doesn't say. */
  readonly weight: number;
}

/** What is to be changed for the peers of an audience. */
export interface RouteDelta {
  readonly set: readonly Route[];
  readonly gone: readonly IpPrefix[];
}

/** Combinations of advertisements and weights that are remembered. Equal ones beyond these are compared by value. */
const MOST_KEPT = 10_000;

/** All that Services with one set of advertisements add to a route. */
interface Share {
  services: number;
  weight: number;
}

interface Destination {
  readonly prefix: IpPrefix;
  readonly shares: Map<AdvertisementSet, Share>;
  /** For each audience; undefined: it is not to get this route. */
  readonly meant: (RouteAttributes | undefined)[];
}

/**
 * All routes that Services add up to, for each audience. A route stays as long as one Service needs it. Work is in
 * proportion to the routes that change, however many Services share one.
 */
export class BgpRoutes {
  readonly #audiences: readonly Audience[];
  readonly #destinations = new Map<bigint, Destination>();
  readonly #contributions = new Map<ObjectKey, readonly Contribution[]>();
  readonly #changed = new Set<Destination>();
  /** One object for routes that say the same, so that comparing them is cheap. */
  readonly #attributes = new Map<string, RouteAttributes | undefined>();

  constructor(audiences: readonly Audience[]) {
    this.#audiences = audiences;
  }

  /** What a Service adds from now on, in place of what it added. */
  put(service: ObjectKey, contributions: readonly Contribution[]): void {
    const old = this.#contributions.get(service) ?? [];
    if (sameContributions(old, contributions)) return;
    for (const contribution of contributions) this.#add(contribution, 1);
    for (const contribution of old) this.#add(contribution, -1);
    if (contributions.length === 0) this.#contributions.delete(service);
    else this.#contributions.set(service, contributions);
  }

  /** What changed since this was last called, in the order of the audiences. */
  take(): readonly RouteDelta[] {
    const deltas = this.#audiences.map(() => ({ set: [] as Route[], gone: [] as IpPrefix[] }));
    for (const destination of this.#changed) {
      const { prefix, shares, meant } = destination;
      for (const [i, audience] of this.#audiences.entries()) {
        const attributes = this.#attributesFor(i, audience, shares);
        if (attributes === meant[i]) continue;
        meant[i] = attributes;
        if (attributes === undefined) deltas[i]!.gone.push(prefix);
        else deltas[i]!.set.push({ prefix, attributes });
      }
      if (shares.size === 0) this.#destinations.delete(prefixKey(prefix));
    }
    this.#changed.clear();
    return deltas;
  }

  #add({ prefix, by, weight }: Contribution, sign: 1 | -1): void {
    const key = prefixKey(prefix);
    const destination = this.#destinations.get(key) ?? {
      prefix,
      shares: new Map<AdvertisementSet, Share>(),
      meant: [],
    };
    this.#destinations.set(key, destination);
    const share = destination.shares.get(by) ?? { services: 0, weight: 0 };
    share.services += sign;
    share.weight += sign * weight;
    if (share.services === 0) destination.shares.delete(by);
    else destination.shares.set(by, share);
    this.#changed.add(destination);
  }

  #attributesFor(i: number, { hears }: Audience, shares: Destination["shares"]): RouteAttributes | undefined {
    const heard = [...shares].map(([by, share]) => ({
      by: by.advertisements.filter((each) => hears.has(each)),
      share,
    }));
    const weight = heard.filter(({ by }) => by.some(isWeighted)).reduce((sum, { share }) => sum + share.weight, 0);
    const key = [i, weight, ...[...shares.keys()].map(({ id }) => id).sort((a, b) => a - b)].join();
    if (!this.#attributes.has(key)) {
      if (this.#attributes.size >= MOST_KEPT) this.#attributes.clear();
      const advertisements = heard.flatMap(({ by }) => by);
      this.#attributes.set(key, advertisements.length === 0 ? undefined : attributesOf(advertisements, weight));
    }
    return this.#attributes.get(key);
  }
}

function isWeighted({ weightByEndpoints }: BgpAdvertisement): boolean {
  return weightByEndpoints;
}

function sameContributions(a: readonly Contribution[], b: readonly Contribution[]): boolean {
  const same = (x: Contribution, y: Contribution): boolean =>
    x.by === y.by && x.weight === y.weight && prefixKey(x.prefix) === prefixKey(y.prefix);
  return a.length === b.length && a.every((contribution, i) => same(contribution, b[i]!));
}
