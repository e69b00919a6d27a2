import type * as z from "zod";
import type { KubeObject } from "../ports/kube.ts";
import { attachedPools } from "./attached-pools.ts";
import type { Community } from "./community.ts";
import { compareCommunities, formatCommunity, parseCommunity, wellKnownCommunity } from "./community.ts";
import { bgpAdvertisementSpec, SELECTORS_FORBID_AGGREGATION } from "./crd/bgp-advertisement.ts";
import type { ExtendedCommunity } from "./extended-community.ts";
import { parseExtendedCommunity } from "./extended-community.ts";
import type { ConfigIssue } from "./issues.ts";
import type { BgpAdvertisement } from "./model.ts";
import type { CommunityAliases } from "./parse-communities.ts";
import { parseSelectors } from "./parse-selector.ts";
import type { Complain } from "./resource.ts";
import { nameOf, parseEach, parseSpec, refuseRepeats } from "./resource.ts";

type AdvertisementSpec = z.infer<typeof bgpAdvertisementSpec>;

const KIND = "BGPAdvertisement";

const MOST_LOCAL_PREF = 0xffff_ffff;

/**
 * Parses BGPAdvertisements, each on its own, and finds the pools each is for; `pools` are the IPAddressPool objects.
 * Names of peers and pools that don't exist are ignored: they may come later. Invalid ones are left out.
 */
export function parseBgpAdvertisements(
  resources: readonly KubeObject[],
  pools: readonly KubeObject[],
  aliases: CommunityAliases,
): { readonly advertisements: readonly BgpAdvertisement[]; readonly issues: readonly ConfigIssue[] } {
  const { parsed, issues } = parseEach(KIND, resources, (resource, complain): BgpAdvertisement | undefined => {
    const spec = parseSpec(bgpAdvertisementSpec, KIND, resource, complain);
    if (spec === undefined) return undefined;
    const { ipAddressPools = [], peers = [], ipFamilies = [], localPref = 0 } = spec;
    refuseRepeats(ipAddressPools, "spec.ipAddressPools", complain);
    refuseRepeats(peers, "spec.peers", complain);
    refuseRepeats(ipFamilies, "spec.ipFamilies", complain);
    checkAggregation(spec, complain);
    checkLocalPref(localPref, complain);
    const poolSelectors = parseSelectors(spec.ipAddressPoolSelectors, "spec.ipAddressPoolSelectors", complain);
    return {
      name: nameOf(resource),
      pools: attachedPools(ipAddressPools, poolSelectors, pools),
      aggregationLength: { IPv4: spec.aggregationLength, IPv6: spec.aggregationLengthV6 },
      localPref: localPref === 0 ? undefined : localPref,
      communities: parseCommunityList(spec.communities ?? [], aliases, complain),
      peers,
      nodeSelectors: parseSelectors(spec.nodeSelectors, "spec.nodeSelectors", complain),
      serviceSelectors: parseSelectors(spec.serviceSelectors, "spec.serviceSelectors", complain),
      med: spec.med,
      prepend: spec.asPathPrepend,
      extendedCommunities: parseExtendedCommunities(spec.extendedCommunities ?? [], complain),
      families: ipFamilies,
      weightByEndpoints: spec.weightByEndpoints ?? false,
    };
  });
  return { advertisements: parsed, issues };
}

function checkAggregation(spec: AdvertisementSpec, complain: Complain): void {
  const { aggregationLength, aggregationLengthV6, serviceSelectors = [] } = spec;
  if (aggregationLength > 32)
    complain("spec.aggregationLength", `invalid aggregation length ${aggregationLength}`, "write at most 32");
  if (aggregationLengthV6 > 128)
    complain("spec.aggregationLengthV6", `invalid aggregation length ${aggregationLengthV6}`, "write at most 128");
  if (serviceSelectors.length > 0 && (aggregationLength !== 32 || aggregationLengthV6 !== 128))
    complain("spec", SELECTORS_FORBID_AGGREGATION, "remove one of the two");
}

function checkLocalPref(localPref: number, complain: Complain): void {
  if (localPref >= 0 && localPref <= MOST_LOCAL_PREF) return;
  complain("spec.localPref", `invalid local preference ${localPref}`, `write 0 to ${MOST_LOCAL_PREF}`);
}

/** An alias of the user's comes first, then a registered name, then a literal. */
function parseCommunityList(
  texts: readonly string[],
  aliases: CommunityAliases,
  complain: Complain,
): readonly Community[] {
  refuseRepeats(texts, "spec.communities", complain);
  const communities = new Map<string, Community>();
  for (const [i, text] of texts.entries()) {
    const community = aliases.get(text) ?? wellKnownCommunity(text) ?? parseLiteral(text, i, complain);
    if (community !== undefined) communities.set(formatCommunity(community), community);
  }
  return [...communities.values()].sort(compareCommunities);
}

function parseLiteral(text: string, i: number, complain: Complain): Community | undefined {
  const at = `spec.communities[${i}]`;
  const literal = parseCommunity(text);
  if (literal.ok) return literal.value;
  const { is, message } = literal.error;
  if (is === "value") complain(at, message, "write 65000:100 or large:65000:1:2");
  else complain(at, `${message}, and no Community has this alias`, "define the alias in a Community", "unresolved");
  return undefined;
}

function parseExtendedCommunities(texts: readonly string[], complain: Complain): readonly ExtendedCommunity[] {
  refuseRepeats(texts, "spec.extendedCommunities", complain);
  const communities = new Set<ExtendedCommunity>();
  for (const [i, text] of texts.entries()) {
    const community = parseExtendedCommunity(text);
    if (community !== undefined) communities.add(community);
    else {
      const message = `invalid extended community ${JSON.stringify(text)}`;
      const fix = "write rt:65000:100, soo:192.0.2.1:7, or the 8 bytes as 0x0002fde800000064";
      complain(`spec.extendedCommunities[${i}]`, message, fix);
    }
  }
  return [...communities].sort((a, b) => (a < b ? -1 : 1));
}
