import type { RibOutput } from "../../src/bgp/rib/peer-rib.ts";
import type { RibSession } from "../../src/bgp/rib/renderer.ts";
import type { Route, RouteAttributes } from "../../src/bgp/rib/route.ts";
import { parseAddress } from "../../src/ip/address.ts";
import { formatPrefix, parsePrefix } from "../../src/ip/prefix.ts";

/** A route that says nothing. */
export const NO_ATTRIBUTES: RouteAttributes = {
  localPref: undefined,
  med: undefined,
  prepend: 0,
  communities: [],
  largeCommunities: [],
  extendedCommunities: [],
  linkBandwidth: undefined,
};

/** An external peer on the same link, both families, over IPv4. */
export const DUAL_SESSION: RibSession = {
  internal: false,
  asn: 64_512,
  families: ["IPv4", "IPv6"],
  extendedNextHop: false,
  addresses: {
    local: parseAddress("192.0.2.1")!,
    ofInterface: ["192.0.2.1", "2001:db8::1", "fe80::1"].map((text) => parseAddress(text)!),
    onLink: true,
  },
};

export function route(prefix: string, attributes: Partial<RouteAttributes> = {}): Route {
  return { prefix: parsePrefix(prefix)!, attributes: { ...NO_ATTRIBUTES, ...attributes } };
}

/** A peer that believes what it is told. */
export class ModelPeer {
  /** By prefix, what was said of it. */
  readonly table = new Map<string, RibOutput["groups"][number]>();
  /** Routes announced or withdrawn so far. */
  heard = 0;
  readonly ended: string[] = [];

  receive({ withdrawn, groups, endOfRib }: RibOutput): void {
    for (const prefix of withdrawn) {
      this.heard += 1;
      if (!this.table.delete(formatPrefix(prefix))) throw new Error(`${formatPrefix(prefix)} was never announced`);
    }
    for (const group of groups) {
      for (const prefix of group.prefixes) {
        this.heard += 1;
        this.table.set(formatPrefix(prefix), group);
      }
    }
    this.ended.push(...endOfRib);
  }
}
