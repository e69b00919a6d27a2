import type { Pool, ServiceAllocation } from "../allocator/pool.ts";
import type { IpRange } from "../ip/range.ts";
import type { KubeObject } from "../ports/kube.ts";
import type * as z from "zod";
import { ipAddressPoolSpec } from "./crd/ip-address-pool.ts";
import type { ConfigIssue } from "./issues.ts";
import type { NamespaceView } from "./namespace.ts";
import { parseAddresses } from "./parse-addresses.ts";
import { parseSelectors } from "./parse-selector.ts";
import { TakenRanges } from "./taken-ranges.ts";
import type { Complain } from "./resource.ts";
import { nameOf, parseEach, parseSpec, refuseRepeats } from "./resource.ts";
import { anySelectorMatches } from "./selector.ts";

type PoolSpec = z.infer<typeof ipAddressPoolSpec>;
type RawAllocation = NonNullable<PoolSpec["serviceAllocation"]>;

const KIND = "IPAddressPool";

/**
 * Parses IPAddressPools. `namespaces` are those that exist, for namespace selectors. A pool with an issue is left out,
 * so the pools that come back keep the promises of `Pool`; of two pools that overlap, the first by name stays. Whether
 * to use the good ones while there are issues is the caller's decision.
 */
export function parsePools(
  resources: readonly KubeObject[],
  namespaces: readonly NamespaceView[],
): { pools: readonly Pool[]; issues: readonly ConfigIssue[] } {
  const taken = new TakenRanges();
  const { parsed, issues } = parseEach(KIND, resources, (resource, complain): Pool | undefined => {
    const spec = parseSpec(ipAddressPoolSpec, KIND, resource, complain);
    if (spec === undefined) return undefined;
    const name = nameOf(resource);
    const ranges = parseRanges(spec.addresses, name, taken, complain);
    const serviceAllocation = parseAllocation(spec.serviceAllocation, namespaces, complain);
    return { name, ranges, autoAssign: spec.autoAssign, avoidBuggyIPs: spec.avoidBuggyIPs, serviceAllocation };
  });
  return { pools: parsed, issues };
}

function parseRanges(texts: readonly string[], pool: string, taken: TakenRanges, complain: Complain): IpRange[] {
  if (texts.length === 0) complain("spec.addresses", "a pool needs addresses", "list at least one CIDR or range");
  const ranges: IpRange[] = [];
  for (const [i, text] of texts.entries()) {
    const field = `spec.addresses[${i}]`;
    const parsed = parseAddresses(text);
    if (!parsed.ok) {
      complain(field, parsed.error.message, parsed.error.fix);
      continue;
    }
    const holder = taken.take({ range: parsed.value, text, pool });
    if (holder !== undefined) {
      const message = `${JSON.stringify(text)} overlaps with already defined CIDR ${JSON.stringify(holder.text)}`;
      complain(field, `${message} of pool ${JSON.stringify(holder.pool)}`, "remove the addresses from one of the two");
    }
    ranges.push(parsed.value);
  }
  return ranges;
}

/** An allocation that limits nothing (only a priority, say) is for everybody; one whose selectors match no namespace is for nobody. */
function parseAllocation(
  raw: RawAllocation | undefined,
  namespaces: readonly NamespaceView[],
  complain: Complain,
): ServiceAllocation | undefined {
  if (raw === undefined) return undefined;
  const at = "spec.serviceAllocation";
  const named = raw.namespaces ?? [];
  refuseRepeats(named, `${at}.namespaces`, complain);
  const forNamespaces = parseSelectors(raw.namespaceSelectors, `${at}.namespaceSelectors`, complain);
  const forServices = parseSelectors(raw.serviceSelectors, `${at}.serviceSelectors`, complain);
  const selected = namespaces.filter(({ labels }) => anySelectorMatches(forNamespaces, labels));
  const anyNamespace = named.length === 0 && forNamespaces.length === 0;
  return {
    priority: raw.priority ?? 0,
    namespaces: anyNamespace ? undefined : new Set([...named, ...selected.map(({ name }) => name)]),
    matchesService: forServices.length === 0 ? undefined : (labels) => anySelectorMatches(forServices, labels),
  };
}
