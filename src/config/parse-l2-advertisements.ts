import type { KubeObject } from "../ports/kube.ts";
import { l2AdvertisementSpec } from "./crd/l2-advertisement.ts";
import type { ConfigIssue } from "./issues.ts";
import type { L2Advertisement } from "./model.ts";
import { parseSelector, parseSelectors } from "./parse-selector.ts";
import { byName, complaintsAbout, labelsOf, nameOf, parseSpec, refuseRepeats } from "./resource.ts";
import type { LabelSelector } from "./selector.ts";
import { anySelectorMatches } from "./selector.ts";

const KIND = "L2Advertisement";

/**
 * Parses L2Advertisements and finds the pools each is for; `pools` are the IPAddressPool objects. Names of pools that
 * don't exist are ignored: the pool may come later. Advertisements with an issue are left out.
 */
export function parseL2Advertisements(
  resources: readonly KubeObject[],
  pools: readonly KubeObject[],
): { advertisements: readonly L2Advertisement[]; issues: readonly ConfigIssue[] } {
  const issues: ConfigIssue[] = [];
  const advertisements: L2Advertisement[] = [];
  for (const resource of [...resources].sort(byName)) {
    const before = issues.length;
    const advertisement = parseOne(resource, pools, issues);
    if (advertisement !== undefined && issues.length === before) advertisements.push(advertisement);
  }
  return { advertisements, issues };
}

function parseOne(
  resource: KubeObject,
  pools: readonly KubeObject[],
  issues: ConfigIssue[],
): L2Advertisement | undefined {
  const complain = complaintsAbout(KIND, resource, issues);
  const spec = parseSpec(l2AdvertisementSpec, KIND, resource, complain);
  if (spec === undefined) return undefined;
  const named = spec.ipAddressPools ?? [];
  refuseRepeats(named, "spec.ipAddressPools", complain);
  const poolSelectors = parseSelectors(spec.ipAddressPoolSelectors, "spec.ipAddressPoolSelectors", complain);
  return {
    name: nameOf(resource),
    pools: attachedPools(named, poolSelectors, pools),
    nodeSelectors: parseSelectors(spec.nodeSelectors, "spec.nodeSelectors", complain),
    interfaces: [...new Set(spec.interfaces)].sort(),
    serviceSelectors: parseSelectors(spec.serviceSelectors, "spec.serviceSelectors", complain),
    preferredNodes: (spec.preferredNodeSelectors ?? []).map(({ weight, preference }, i) => ({
      weight,
      selector: parseSelector(preference, `spec.preferredNodeSelectors[${i}].preference`, complain),
    })),
  };
}

/** Without names and selectors every pool; else the union of both. A selector that matches nothing adds nothing. */
function attachedPools(
  named: readonly string[],
  selectors: readonly LabelSelector[],
  pools: readonly KubeObject[],
): readonly string[] {
  const every = named.length === 0 && selectors.length === 0;
  return pools
    .filter((pool) => every || named.includes(nameOf(pool)) || anySelectorMatches(selectors, labelsOf(pool)))
    .map(nameOf)
    .sort();
}
