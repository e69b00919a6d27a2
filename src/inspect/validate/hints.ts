import { attachedPools } from "../../config/attached-pools.ts";
import { bgpAdvertisementSpec } from "../../config/crd/bgp-advertisement.ts";
import { l2AdvertisementSpec } from "../../config/crd/l2-advertisement.ts";
import { fieldsOf, textsOf } from "../../config/fields.ts";
import type { ConfigIssue } from "../../config/issues.ts";
import { parseSelectors } from "../../config/parse-selector.ts";
import { type Complain, complaintsAbout, nameOf, parseSpec } from "../../config/resource.ts";
import type { ConfigObjects } from "../../config/validate.ts";
import type { KubeObject } from "../../ports/kube.ts";
import { closestName } from "../closest-name.ts";

/** Most names of a list that are looked at. */
const MOST_NAMES = 10_000;

const ignore: Complain = () => undefined;

/**
 * What no rule forbids and nobody wants: names that are nowhere, pools that nobody announces, fields without effect.
 * For those who write files; what is missing may be in the cluster.
 */
export function hintsAbout(objects: ConfigObjects): readonly ConfigIssue[] {
  return [...strayNames(objects), ...silentPools(objects), ...fieldsWithoutEffect(objects)];
}

function strayNames({ ipAddressPools, bgpPeers, l2Advertisements, bgpAdvertisements }: ConfigObjects): ConfigIssue[] {
  const pools = { kind: "IPAddressPool", names: ipAddressPools.map(nameOf) };
  const peers = { kind: "BGPPeer", names: bgpPeers.map(nameOf) };
  const issues: ConfigIssue[] = [];
  for (const object of l2Advertisements)
    refuseStrangers(object, "ipAddressPools", pools, complaintsAbout("L2Advertisement", object, issues));
  for (const object of bgpAdvertisements) {
    const complain = complaintsAbout("BGPAdvertisement", object, issues);
    refuseStrangers(object, "ipAddressPools", pools, complain);
    refuseStrangers(object, "peers", peers, complain);
  }
  return issues;
}

/** `field` of the spec is a list of names of objects of a kind. */
function refuseStrangers(
  object: KubeObject,
  field: string,
  known: { readonly kind: string; readonly names: readonly string[] },
  complain: Complain,
): void {
  for (const [i, name] of textsOf(fieldsOf(object["spec"])[field], MOST_NAMES).entries()) {
    if (known.names.includes(name)) continue;
    const meant = closestName(name, known.names);
    const fix =
      meant === undefined ? "correct it, or give the file that has it, too" : `did you mean ${JSON.stringify(meant)}?`;
    complain(`spec.${field}[${i}]`, `there is no ${known.kind} ${JSON.stringify(name)} in these files`, fix);
  }
}

/** Files with pools alone say nothing about announcing; among those that do, a pool may have been forgotten. */
function silentPools({ ipAddressPools, l2Advertisements, bgpAdvertisements }: ConfigObjects): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  if (l2Advertisements.length + bgpAdvertisements.length === 0) return issues;
  const announced = new Set([
    ...l2Advertisements.flatMap((object) => poolsOf(l2AdvertisementSpec, object, ipAddressPools)),
    ...bgpAdvertisements.flatMap((object) => poolsOf(bgpAdvertisementSpec, object, ipAddressPools)),
  ]);
  for (const object of ipAddressPools.filter((pool) => !announced.has(nameOf(pool)))) {
    const message = "no L2Advertisement or BGPAdvertisement in these files is for this pool";
    const fix = "its addresses would be given out and announced by nobody: name it in spec.ipAddressPools of one";
    complaintsAbout("IPAddressPool", object, issues)("metadata.name", message, fix);
  }
  return issues;
}

/** Names of the pools that an advertisement is for; when it can't be read, of all: it has complaints of its own. */
function poolsOf(
  schema: typeof l2AdvertisementSpec | typeof bgpAdvertisementSpec,
  object: KubeObject,
  pools: readonly KubeObject[],
): readonly string[] {
  const spec = parseSpec<typeof schema._output>(schema, "", object, ignore);
  if (spec === undefined) return pools.map(nameOf);
  const selectors = parseSelectors(spec.ipAddressPoolSelectors, "", ignore);
  return attachedPools(spec.ipAddressPools ?? [], selectors, pools);
}

function fieldsWithoutEffect({ bgpPeers }: ConfigObjects): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  for (const object of bgpPeers.filter((peer) => fieldsOf(peer["spec"])["disableMP"] === true))
    complaintsAbout("BGPPeer", object, issues)("spec.disableMP", "deprecated and has no effect", "remove it");
  return issues;
}
