import type { Pool } from "../allocator/pool.ts";
import type { KubeObject } from "../ports/kube.ts";
import type { BgpTogether } from "./bgp-together.ts";
import { attachPools } from "./bgp-together.ts";
import { checkAggregation } from "./check-aggregation.ts";
import { checkLocalPrefs } from "./check-local-prefs.ts";
import { checkEcho, checkSamePeers } from "./check-peers.ts";
import type { ConfigIssue } from "./issues.ts";
import type { BfdProfile, BgpAdvertisement, BgpPeer } from "./model.ts";
import type { NodeView } from "./node.ts";
import { NodeSets } from "./node-sets.ts";
import { parseBfdProfiles } from "./parse-bfd-profiles.ts";
import { parseBgpAdvertisements } from "./parse-bgp-advertisements.ts";
import { parseBgpPeers } from "./parse-bgp-peers.ts";
import { parseCommunities } from "./parse-communities.ts";
import type { Complain } from "./resource.ts";
import { complaintsAbout, nameOf } from "./resource.ts";
import type { SecretView } from "./secret.ts";

/** What the configuration of BGP is made of, as it is in the API. */
export interface BgpObjects {
  readonly ipAddressPools: readonly KubeObject[];
  readonly bgpAdvertisements: readonly KubeObject[];
  /** Of version v1beta2. */
  readonly bgpPeers: readonly KubeObject[];
  readonly bfdProfiles: readonly KubeObject[];
  readonly communities: readonly KubeObject[];
  /** Those of the peers' namespace. Undefined: not known; references to Secrets are not checked. */
  readonly secrets?: readonly SecretView[];
  /** Undefined: not known; what only the labels of nodes can tell is not checked. */
  readonly nodes?: readonly NodeView[];
}

export interface BgpConfig {
  readonly peers: readonly BgpPeer[];
  readonly advertisements: readonly BgpAdvertisement[];
  readonly bfdProfiles: readonly BfdProfile[];
}

/**
 * The configuration of BGP. `pools` are the objects' pools after parsing; what is wrong with them is not told again.
 * The configuration is complete when there are no issues.
 */
export function parseBgp(
  objects: BgpObjects,
  pools: readonly Pool[],
): { readonly config: BgpConfig; readonly issues: readonly ConfigIssue[] } {
  const communities = parseCommunities(objects.communities);
  const { profiles, issues: profileIssues } = parseBfdProfiles(objects.bfdProfiles);
  const known = new Set(objects.bfdProfiles.map(nameOf));
  const { peers, issues: peerIssues } = parseBgpPeers(objects.bgpPeers, {
    bfdProfiles: known,
    secrets: objects.secrets,
  });
  const parsed = parseBgpAdvertisements(objects.bgpAdvertisements, objects.ipAddressPools, communities.aliases);
  const config: BgpConfig = { peers, advertisements: parsed.advertisements, bfdProfiles: profiles };
  const together = checkTogether(objects, config, pools);
  return { config, issues: [...communities.issues, ...profileIssues, ...peerIssues, ...parsed.issues, ...together] };
}

function checkTogether(objects: BgpObjects, config: BgpConfig, pools: readonly Pool[]): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const together: BgpTogether = {
    ...config,
    advertisements: attachPools(config.advertisements, pools),
    nodes: new NodeSets(objects.nodes),
    complainAbout: complainerAbout(objects, issues),
  };
  checkAggregation(together);
  checkLocalPrefs(together);
  checkSamePeers(together);
  checkEcho(together);
  return issues;
}

/** One collector for each object, which knows the object's namespace. */
function complainerAbout(objects: BgpObjects, issues: ConfigIssue[]): BgpTogether["complainAbout"] {
  const collect = (kind: string, list: readonly KubeObject[]): Map<string, Complain> =>
    new Map(list.map((object) => [nameOf(object), complaintsAbout(kind, object, issues)]));
  const collectors = {
    BGPPeer: collect("BGPPeer", objects.bgpPeers),
    BGPAdvertisement: collect("BGPAdvertisement", objects.bgpAdvertisements),
  };
  return (kind, name) => collectors[kind].get(name)!;
}
