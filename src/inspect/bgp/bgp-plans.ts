import type { ConfigIssue } from "../../config/issues.ts";
import { formatIssue } from "../../config/issues.ts";
import { isForNode } from "../../config/node-sets.ts";
import type { NodeView } from "../../config/node.ts";
import { parseBgp } from "../../config/parse-bgp.ts";
import { parsePools } from "../../config/parse-pools.ts";
import { nameOf } from "../../config/resource.ts";
import type { ServiceView } from "../../config/service.ts";
import { keyOfService } from "../../controller/service-key.ts";
import { formatPrefix } from "../../ip/prefix.ts";
import type { KubeObject } from "../../ports/kube.ts";
import { bgpContext, type BgpSpeakerConfig } from "../../speaker/bgp/bgp-context.ts";
import { type BgpDecision, decideBgp } from "../../speaker/bgp/bgp-plan.ts";
import { endpointsIn } from "../../speaker/election-context.ts";
import type { Layer2View } from "../cluster/layer2-view.ts";
import type { ClusterSnapshot } from "../cluster/snapshot.ts";
import type { SpeakerSettings } from "../layer2/elections.ts";
import type { BgpView } from "./bgp-view.ts";

/** The speakers' plans for BGP, by their own code over what was read. Each speaker looks only at what is for its node. */
export class BgpPlans {
  readonly #snapshot: ClusterSnapshot;
  readonly #view: BgpView;
  readonly #cluster: Pick<Layer2View, "nodes" | "slices">;
  readonly #settings: SpeakerSettings;
  /** By the names of peers and advertisements that are for a node: most nodes have the same. */
  readonly #configs = new Map<string, BgpSpeakerConfig>();
  readonly #issues = new Map<string, ConfigIssue>();

  constructor(
    snapshot: ClusterSnapshot,
    view: BgpView,
    cluster: Pick<Layer2View, "nodes" | "slices">,
    settings: SpeakerSettings,
  ) {
    this.#snapshot = snapshot;
    this.#view = view;
    this.#cluster = cluster;
    this.#settings = settings;
  }

  decide(service: ServiceView, node: NodeView): BgpDecision {
    const context = bgpContext(this.#configOf(node), node, { node: node.name, ...this.#settings });
    return decideBgp(service, endpointsIn(this.#cluster.slices.get(keyOfService(service)) ?? []), context);
  }

  /** All routes that a Service should have, whichever nodes announce it. */
  prefixes(service: ServiceView): readonly string[] {
    const decisions = this.#cluster.nodes.map((node) => this.decide(service, node));
    const routes = decisions.flatMap((decision) => (decision.announce ? decision.routes : []));
    return [...new Set(routes.map(({ prefix }) => formatPrefix(prefix)))];
  }

  /** What the speakers asked so far refuse; with any, they go on with what was valid before. */
  get issues(): readonly ConfigIssue[] {
    return [...this.#issues.values()];
  }

  #configOf({ labels }: NodeView): BgpSpeakerConfig {
    const isHere = (object: KubeObject): boolean => isForNode(object, labels);
    const [bgpAdvertisements, bgpPeers] = [this.#view.advertisements, this.#view.peers].map((all) =>
      all.filter(isHere),
    );
    const key = JSON.stringify([bgpAdvertisements!.map(nameOf), bgpPeers!.map(nameOf)]);
    const known = this.#configs.get(key);
    if (known !== undefined) return known;
    const { pools: ipAddressPools } = this.#snapshot;
    const { bfdProfiles, communities } = this.#view;
    const { pools, issues } = parsePools(ipAddressPools, []);
    const objects = {
      ipAddressPools,
      bgpAdvertisements: bgpAdvertisements!,
      bgpPeers: bgpPeers!,
      bfdProfiles,
      communities,
    };
    const bgp = parseBgp({ ...objects, nodes: this.#cluster.nodes }, pools);
    for (const issue of [...issues, ...bgp.issues]) this.#issues.set(formatIssue(issue), issue);
    const config = { ...bgp.config, pools };
    this.#configs.set(key, config);
    return config;
  }
}
