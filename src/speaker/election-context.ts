import type { Pool } from "../allocator/pool.ts";
import type { EndpointSliceView } from "../config/endpoint-slice.ts";
import type { L2Advertisement } from "../config/model.ts";
import type { NodeView } from "../config/node.ts";
import type { Family } from "../ip/family.ts";
import type { ElectionContext, Endpoints } from "./announce-plan.ts";
import type { NodeConditions, PlacedAdvertisement } from "./eligible-nodes.ts";
import { nodeRefusal, placeAdvertisement } from "./eligible-nodes.ts";
import { PoolIndex } from "./pool-index.ts";

export interface Layer2Config {
  readonly pools: readonly Pool[];
  readonly advertisements: readonly L2Advertisement[];
}

/** What all elections of a cluster have in common. */
export function electionContext(
  { pools, advertisements }: Layer2Config,
  nodes: Iterable<NodeView>,
  { loadBalancerClass, ...conditions }: NodeConditions & { readonly loadBalancerClass: string },
): ElectionContext {
  const known = [...nodes];
  const byPool = new Map<string, PlacedAdvertisement[]>(pools.map((pool) => [pool.name, []]));
  for (const advertisement of advertisements) {
    const placed = placeAdvertisement(advertisement, known);
    for (const pool of advertisement.pools) byPool.get(pool)?.push(placed);
  }
  const candidates = new Map(known.map((node) => [node.name, nodeRefusal(node, conditions)]));
  return { loadBalancerClass, pools: new PoolIndex(pools), advertisements: byPool, candidates };
}

/** Endpoints of which it is known how many there are. */
export interface WeighedEndpoints extends Endpoints {
  /** How many of them on a node are ready, of those with addresses of a family. */
  readyOn(node: string, family: Family): number;
}

/** The endpoints in all EndpointSlices of a Service. */
export function endpointsIn(slices: Iterable<EndpointSliceView>): WeighedEndpoints {
  const all = [...slices];
  return {
    usable: all.some(({ usable }) => usable),
    isOn: (node) => all.some(({ nodes }) => nodes.includes(node)),
    readyOn: (node, family) =>
      all
        .filter((slice) => slice.family === family)
        .reduce((sum, { nodes, ready }) => sum + (ready[nodes.indexOf(node)] ?? 0), 0),
  };
}
