import { type Millis, seconds } from "../lib/duration.ts";
import type { KubeObject } from "../ports/kube.ts";
import { attachedPools } from "./attached-pools.ts";
import { l2AdvertisementSpec } from "./crd/l2-advertisement.ts";
import { parseGoDuration } from "../lib/go-duration.ts";
import type { ConfigIssue } from "./issues.ts";
import type { L2Advertisement } from "./model.ts";
import { parseSelector, parseSelectors } from "./parse-selector.ts";
import type { Complain } from "./resource.ts";
import { nameOf, parseEach, parseSpec, refuseRepeats } from "./resource.ts";

const KIND = "L2Advertisement";

/**
 * Parses L2Advertisements and finds the pools each is for; `pools` are the IPAddressPool objects. Invalid ones are left
 * out.
 */
export function parseL2Advertisements(
  resources: readonly KubeObject[],
  pools: readonly KubeObject[],
): { advertisements: readonly L2Advertisement[]; issues: readonly ConfigIssue[] } {
  const { parsed, issues } = parseEach(KIND, resources, (resource, complain) => parseOne(resource, pools, complain));
  return { advertisements: parsed, issues };
}

function parseOne(resource: KubeObject, pools: readonly KubeObject[], complain: Complain): L2Advertisement | undefined {
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
    gratuitousInterval: parseInterval(spec.gratuitousInterval, complain),
  };
}

/** The least is longer than the burst of a take-over, which the repeats follow. */
const INTERVAL = { least: seconds(10), most: seconds(3600) } as const;

function parseInterval(text: string | undefined, complain: Complain): Millis | undefined {
  if (text === undefined) return undefined;
  const interval = parseGoDuration(text);
  const valid = interval === 0 || (interval !== undefined && interval >= INTERVAL.least && interval <= INTERVAL.most);
  if (valid) return interval;
  const message = `${JSON.stringify(text)} is not a duration from 10s to 1h`;
  complain("spec.gratuitousInterval", message, "write a duration such as 90s, or 0s for none");
  return undefined;
}
