import { familyOf } from "../../ip/address.ts";
import type { Family } from "../../ip/family.ts";
import type { IpPrefix } from "../../ip/prefix.ts";
import type { RouteChanges, RouteGroup } from "../route-changes.ts";
import type { RibSession, Told, UnsentReason } from "./renderer.ts";
import { Renderer } from "./renderer.ts";
import { RibCounts, type FamilyCounts } from "./rib-counts.ts";
import type { Route, RouteAttributes } from "./route.ts";
import { prefixKey } from "./route.ts";

/** What the peer is to be sent now. */
export interface RibOutput extends RouteChanges {
  /** Families whose routes the peer now has all of, for the first time in this session (RFC 4724 §2). */
  readonly endOfRib: readonly Family[];
  /** Families that the peer asked for, all of whose routes are in this output (RFC 2918, RFC 7313). */
  readonly refreshed: readonly Family[];
}

/** A route as it is meant, and what the peer knows of it. */
export interface RibRoute {
  readonly prefix: IpPrefix;
  /** Undefined: to be withdrawn. */
  readonly wanted: RouteAttributes | undefined;
  /** Undefined: the peer doesn't have it. */
  readonly told: Told | undefined;
  readonly unsent: UnsentReason | undefined;
}

interface Entry extends RibRoute {
  readonly key: bigint;
  readonly family: Family;
  wanted: RouteAttributes | undefined;
  told: Told | undefined;
  unsent: UnsentReason | undefined;
}

/**
 * The Adj-RIB-Out of one peer (RFC 4271 §3.2): the routes that it is meant to have and what it was told. `take` gives
 * the difference, in proportion to what changed since it was last taken, however many routes there are. Routes are known
 * by their prefix; wanting the same twice costs nothing on the wire.
 */
export class PeerRib {
  readonly #entries = new Map<bigint, Entry>();
  readonly #counts = new RibCounts();
  #dirty = new Set<Entry>();
  /** Undefined: there is no session. */
  #renderer: Renderer | undefined;
  #endOfRib: readonly Family[] = [];
  #refreshing = new Set<Family>();

  want({ prefix, attributes }: Route): void {
    const key = prefixKey(prefix);
    const entry = this.#entries.get(key) ?? this.#add(key, prefix);
    if (entry.wanted === attributes) return;
    if (entry.wanted === undefined) this.#counts.wanted(entry.family, 1);
    entry.wanted = attributes;
    this.#touch(entry);
  }

  unwant(prefix: IpPrefix): void {
    const entry = this.#entries.get(prefixKey(prefix));
    if (entry !== undefined) this.#unwant(entry);
  }

  /** Wants these routes and no others. */
  replace(routes: Iterable<Route>): void {
    const kept = new Set<bigint>();
    for (const route of routes) {
      kept.add(prefixKey(route.prefix));
      this.want(route);
    }
    if (kept.size === this.#entries.size) return;
    for (const entry of this.#entries.values()) if (!kept.has(entry.key)) this.#unwant(entry);
  }

  /** A session is up, in which the peer knows nothing yet. */
  establish(session: RibSession): void {
    this.lose();
    this.#renderer = new Renderer(session);
    this.#endOfRib = [...new Set(session.families)];
    for (const entry of this.#entries.values()) this.#dirty.add(entry);
  }

  /** The session is down; the peer has forgotten everything. */
  lose(): void {
    this.#renderer = undefined;
    this.#endOfRib = [];
    this.#refreshing.clear();
    this.#dirty.clear();
    for (const entry of this.#entries.values()) {
      this.#setTold(entry, undefined, undefined);
      if (entry.wanted === undefined) this.#entries.delete(entry.key);
    }
  }

  /** The peer wants to hear everything of a family again. */
  refresh(family: Family): void {
    if (this.#renderer === undefined) return;
    this.#refreshing.add(family);
    for (const entry of this.#entries.values()) if (entry.family === family) this.#dirty.add(entry);
  }

  /** What the peer is to be sent; from now on it counts as told. Nothing without a session. */
  take(): RibOutput {
    const withdrawn: IpPrefix[] = [];
    const groups = new Map<Told, IpPrefix[]>();
    const renderer = this.#renderer;
    if (renderer !== undefined) {
      for (const entry of this.#dirty) {
        const result = entry.wanted === undefined ? undefined : renderer.render(entry.wanted, entry.family);
        const [told, unsent] = typeof result === "string" ? [undefined, result] : [result, undefined];
        if (told === undefined && entry.told !== undefined) withdrawn.push(entry.prefix);
        if (told !== undefined && (told !== entry.told || this.#refreshing.has(entry.family)))
          addTo(groups, told, entry.prefix);
        this.#setTold(entry, told, unsent);
        if (entry.wanted === undefined) this.#entries.delete(entry.key);
      }
    }
    const output = {
      withdrawn,
      groups: [...groups].map(([told, prefixes]) => groupOf(told, prefixes)),
      endOfRib: this.#endOfRib,
      refreshed: [...this.#refreshing],
    };
    if (this.#dirty.size > 0) this.#dirty = new Set();
    this.#endOfRib = [];
    this.#refreshing.clear();
    return output;
  }

  /** Whether `take` would give anything. */
  get pending(): boolean {
    return this.#dirty.size > 0 || this.#endOfRib.length > 0 || this.#refreshing.size > 0;
  }

  counts(): Readonly<Record<Family, FamilyCounts>> {
    return this.#counts.all();
  }

  /** In no order. */
  routes(): Iterable<RibRoute> {
    return this.#entries.values();
  }

  /** Undefined: it is neither wanted nor told. */
  route(prefix: IpPrefix): RibRoute | undefined {
    return this.#entries.get(prefixKey(prefix));
  }

  #add(key: bigint, prefix: IpPrefix): Entry {
    const family = familyOf(prefix.address);
    const entry: Entry = { key, prefix, family, wanted: undefined, told: undefined, unsent: undefined };
    this.#entries.set(key, entry);
    return entry;
  }

  #unwant(entry: Entry): void {
    if (entry.wanted === undefined) return;
    this.#counts.wanted(entry.family, -1);
    entry.wanted = undefined;
    if (this.#renderer === undefined) this.#entries.delete(entry.key);
    else this.#touch(entry);
  }

  #touch(entry: Entry): void {
    if (this.#renderer !== undefined) this.#dirty.add(entry);
  }

  #setTold(entry: Entry, told: Told | undefined, unsent: UnsentReason | undefined): void {
    if (told !== entry.told) {
      if (told !== undefined) this.#renderer?.use(told);
      if (entry.told !== undefined) this.#renderer?.release(entry.told);
      this.#counts.told(entry.family, Number(told !== undefined) - Number(entry.told !== undefined));
      entry.told = told;
    }
    if (unsent === entry.unsent) return;
    if (entry.unsent !== undefined) this.#counts.unsent(entry.family, entry.unsent, -1);
    if (unsent !== undefined) this.#counts.unsent(entry.family, unsent, 1);
    entry.unsent = unsent;
  }
}

function addTo(groups: Map<Told, IpPrefix[]>, told: Told, prefix: IpPrefix): void {
  const group = groups.get(told);
  if (group === undefined) groups.set(told, [prefix]);
  else group.push(prefix);
}

function groupOf({ attributes, nextHop }: Told, prefixes: readonly IpPrefix[]): RouteGroup {
  return { attributes, ...nextHop, prefixes };
}
