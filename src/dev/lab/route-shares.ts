import { type Fields, fieldsOf, itemsOf, textOf } from "../../config/fields.ts";
import type { LabNode } from "./topology.ts";

/** A node's share of what the router sends to an address. */
export interface Share {
  readonly node: string;
  /** Of 100. */
  readonly percent: number;
}

const MOST = 100;

/**
 * How a kernel spreads over the nodes what it sends to a prefix, by the nodes' names. `printed` is what `ip -j route show`
 * says about the prefix: nothing, or a route with one next hop or several. Other machines than these nodes have no share.
 */
export function routeShares(printed: string, nodes: readonly LabNode[]): readonly Share[] {
  const [route] = itemsOf(printed.trim() === "" ? [] : JSON.parse(printed), MOST).map(fieldsOf);
  if (route === undefined) return [];
  const nextHops = itemsOf(route["nexthops"], MOST).map(fieldsOf);
  const hops = nextHops.length === 0 ? [route] : nextHops;
  const total = hops.reduce((sum, hop) => sum + weightOf(hop), 0);
  return hops
    .flatMap((hop) => {
      const node = nodeAt(textOf(hop["gateway"]), nodes);
      return node === undefined ? [] : [{ node: node.name, percent: Math.round((100 * weightOf(hop)) / total) }];
    })
    .sort((a, b) => (a.node < b.node ? -1 : 1));
}

function weightOf({ weight }: Fields): number {
  return typeof weight === "number" ? weight : 1;
}

function nodeAt(address: string | undefined, nodes: readonly LabNode[]): LabNode | undefined {
  return nodes.find(({ ipv4, ipv6, linkLocal }) => [ipv4, ipv6, linkLocal].some((own) => own === address));
}
