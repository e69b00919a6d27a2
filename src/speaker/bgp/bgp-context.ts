import type { Pool } from "../../allocator/pool.ts";
import type { BgpAdvertisement, BgpPeer } from "../../config/model.ts";
import type { NodeView } from "../../config/node.ts";
import type { BgpConfig } from "../../config/parse-bgp.ts";
import type { Labels } from "../../config/selector.ts";
import { anySelectorMatches } from "../../config/selector.ts";
import type { NodeCondition } from "../eligible-nodes.ts";
import { nodeCondition } from "../eligible-nodes.ts";
import { PoolIndex } from "../pool-index.ts";
import { AdvertisementSets } from "./advertisement-set.ts";

/** What a speaker needs to know to announce with BGP. */
export interface BgpSpeakerConfig extends BgpConfig {
  readonly pools: readonly Pool[];
}

export interface BgpOptions {
  /** Name of this node. */
  readonly node: string;
  readonly loadBalancerClass: string;
  readonly ignoreExcludeLabel: boolean;
}

/** What is the same for all Services on one node. */
export interface BgpContext {
  /** This node. */
  readonly node: string;
  readonly loadBalancerClass: string;
  readonly pools: PoolIndex;
  /** By pool name, those that include this node. */
  readonly advertisements: ReadonlyMap<string, readonly BgpAdvertisement[]>;
  readonly sets: AdvertisementSets;
  /** Those that this node has sessions with. */
  readonly peers: readonly BgpPeer[];
  /** What keeps this node from announcing anything. */
  readonly refusal: NodeCondition | undefined;
}

/** A node that is not known (yet) has no labels, and is taken to be available. */
export function bgpContext(config: BgpSpeakerConfig, node: NodeView | undefined, options: BgpOptions): BgpContext {
  const labels = node?.labels ?? {};
  const { loadBalancerClass, ignoreExcludeLabel } = options;
  const here = config.advertisements.filter((advertisement) => isOn(advertisement, labels));
  const byPool = new Map<string, BgpAdvertisement[]>();
  for (const advertisement of here) {
    for (const pool of advertisement.pools) {
      const others = byPool.get(pool);
      if (others === undefined) byPool.set(pool, [advertisement]);
      else others.push(advertisement);
    }
  }
  return {
    node: options.node,
    loadBalancerClass,
    pools: new PoolIndex(config.pools),
    advertisements: byPool,
    sets: new AdvertisementSets(config.advertisements),
    peers: config.peers.filter((peer) => isOn(peer, labels)),
    refusal: node === undefined ? undefined : nodeCondition(node, ignoreExcludeLabel),
  };
}

function isOn({ nodeSelectors }: BgpAdvertisement | BgpPeer, labels: Labels): boolean {
  return nodeSelectors.length === 0 || anySelectorMatches(nodeSelectors, labels);
}
