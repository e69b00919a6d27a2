import { fieldsOf, textsOf } from "../../config/fields.ts";
import { validateConfig } from "../../config/validate.ts";
import type { ConfigObjects } from "../../config/validate.ts";
import type { ConfigIssue } from "../../config/issues.ts";
import { complaintsAbout, nameOf } from "../../config/resource.ts";
import type { KubeObject } from "../../ports/kube.ts";
import type { ManifestText } from "../manifest/manifest.ts";
import { closestName } from "../closest-name.ts";
import { type CollectedConfig, collectConfig } from "./collect-config.ts";
import type { ValidationIssue, ValidationReport } from "./validation-report.ts";

/**
 * Checks manifests as the API server, the admission webhook and the running processes would, without any of them.
 * What can't be known without a cluster (Secrets, labels of nodes and namespaces) is not checked.
 */
export function validateManifests(sources: readonly ManifestText[], namespace: string | undefined): ValidationReport {
  const config = collectConfig(sources, namespace);
  const issues = [...config.issues, ...configIssues(config)];
  const order = new Map(sources.map(({ path }, i) => [path, i]));
  const place = ({ path }: ValidationIssue) => order.get(path) ?? sources.length;
  return {
    valid: issues.every(({ severity }) => severity === "warning"),
    namespace: config.namespace,
    checked: config.checked,
    ignored: config.ignored,
    issues: issues.sort((a, b) => place(a) - place(b) || a.line - b.line),
  };
}

function configIssues({ objects, locate }: CollectedConfig): readonly ValidationIssue[] {
  return [
    ...validateConfig(objects).map((issue) => locate(issue, issue.kind === "invalid" ? "error" : "warning")),
    ...danglingNames(objects).map((issue) => locate(issue, "warning")),
  ];
}

/** Most names of a list that are looked at. */
const MOST_NAMES = 10_000;

/** Names of pools and peers that are nowhere: no rule forbids them, but mostly they are mistyped. */
function danglingNames(objects: ConfigObjects): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const pools = objects.ipAddressPools.map(nameOf);
  const peers = objects.bgpPeers.map(nameOf);
  for (const object of objects.l2Advertisements)
    refuseStrangers({ kind: "L2Advertisement", object, field: "ipAddressPools", what: "IPAddressPool" }, pools, issues);
  for (const object of objects.bgpAdvertisements) {
    refuseStrangers(
      { kind: "BGPAdvertisement", object, field: "ipAddressPools", what: "IPAddressPool" },
      pools,
      issues,
    );
    refuseStrangers({ kind: "BGPAdvertisement", object, field: "peers", what: "BGPPeer" }, peers, issues);
  }
  return issues;
}

interface References {
  readonly kind: string;
  readonly object: KubeObject;
  /** Field of `spec` with a list of names. */
  readonly field: string;
  /** Kind that is named. */
  readonly what: string;
}

function refuseStrangers(
  { kind, object, field, what }: References,
  known: readonly string[],
  issues: ConfigIssue[],
): void {
  const complain = complaintsAbout(kind, object, issues);
  for (const [i, name] of textsOf(fieldsOf(object["spec"])[field], MOST_NAMES).entries()) {
    if (known.includes(name)) continue;
    const meant = closestName(name, known);
    const fix =
      meant === undefined ? "correct it, or give the file that has it, too" : `did you mean ${JSON.stringify(meant)}?`;
    complain(`spec.${field}[${i}]`, `there is no ${what} ${JSON.stringify(name)} in these files`, fix);
  }
}
