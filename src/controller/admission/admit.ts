import { CONFIG_KINDS, type ConfigKind } from "../../config/config-kinds.ts";
import { convertBgpPeer } from "../../config/convert-bgp-peer.ts";
import { fieldsOf } from "../../config/fields.ts";
import { type ConfigIssue, formatIssue } from "../../config/issues.ts";
import { nameOf } from "../../config/resource.ts";
import { type ConfigObjects, validateConfig } from "../../config/validate.ts";
import type { KubeObject } from "../../ports/kube.ts";
import type { AdmissionAnswer, AdmissionRequest } from "../../ports/webhook.ts";

/** What somebody wants to do to an object of a checked kind. */
export interface Incoming extends Pick<AdmissionRequest, "operation" | "namespace" | "name" | "object"> {
  readonly kind: ConfigKind;
}

/** Longer lists help nobody, and the answer has a limit. */
const MOST_LINES = 20;

/** What needs no look into the cluster; undefined when it takes one. `home` is the namespace that is read. */
export function admitAtSight({ kind, operation, namespace, name, object }: Incoming, home: string) {
  if (operation === "DELETE") return kind === "BFDProfile" && namespace === home ? undefined : allow();
  if (namespace !== home) {
    const rule = `resource must be created in ${home} namespace`;
    if (operation === "CREATE") return deny(`${kind} ${namespace}/${name}: ${rule}: only that one is read`);
    return allow([`${kind} ${namespace}/${name} has no effect: ${rule}`]);
  }
  // Who takes finalizers off an object that goes must not be held up.
  return object?.metadata.deletionTimestamp === undefined ? undefined : allow();
}

/**
 * Whether the cluster, with the object that comes in, has anything invalid that it does not have without: what was
 * wrong before is nobody's fault now. References to what may come later are warnings. Pure.
 */
export function admit(incoming: Incoming, existing: ConfigObjects): AdmissionAnswer {
  const { kind, operation, namespace, name, object } = incoming;
  if (operation === "DELETE" || object === undefined) return admitDeletion(incoming, existing);
  const current = inStoredVersion(kind, object);
  if (typeof current === "string") return deny(`${kind} ${namespace}/${name}: ${current}`);
  const before = new Set(validateConfig(existing).map(formatIssue));
  const issues = validateConfig(withObject(existing, kind, current)).map((issue) => ({
    issue,
    line: formatIssue(issue),
  }));
  const reasons = issues.filter(({ issue, line }) => issue.kind === "invalid" && !before.has(line));
  const ours = `${kind} ${namespace}/${nameOf(current)}`;
  const remarks = issues.filter(({ issue, line }) => isRemark(issue, ours, before.has(line)));
  const warnings = [...deprecations(kind, current), ...remarks.map(({ line }) => line)];
  return reasons.length === 0 ? allow(warnings) : deny(linesOf(reasons.map(({ line }) => line)), warnings);
}

/** What doesn't stand in the way but is worth a word: what is not there yet, and what was wrong with it before. */
function isRemark(issue: ConfigIssue, ours: string, wasBefore: boolean): boolean {
  return issue.kind === "unresolved" ? issue.object === ours || !wasBefore : issue.object === ours && wasBefore;
}

function admitDeletion({ kind, namespace, name }: Incoming, existing: ConfigObjects): AdmissionAnswer {
  if (kind !== "BFDProfile") return allow();
  const users = existing.bgpPeers.filter((peer) => fieldsOf(peer["spec"])["bfdProfile"] === name).map(nameOf);
  if (users.length === 0) return allow();
  const listed = users.slice(0, MOST_LINES).join(", ");
  return deny(
    `failed to delete BFDProfile ${namespace}/${name}: used by BGPPeer ${listed}; take spec.bfdProfile off there first`,
  );
}

/** Objects may come in every version that is served; or why this one can't be read. */
function inStoredVersion(kind: ConfigKind, object: KubeObject): KubeObject | string {
  if (kind !== "BGPPeer" || object.apiVersion === "metallb.io/v1beta2") return object;
  const converted = convertBgpPeer(object, "v1beta2");
  return converted.ok ? converted.value.object : converted.error;
}

function withObject(existing: ConfigObjects, kind: ConfigKind, object: KubeObject): ConfigObjects {
  const field = CONFIG_KINDS[kind];
  const others = existing[field].filter((other) => nameOf(other) !== nameOf(object));
  return { ...existing, [field]: [...others, object] };
}

function deprecations(kind: ConfigKind, object: KubeObject): readonly string[] {
  const isOn = kind === "BGPPeer" && fieldsOf(object["spec"])["disableMP"] === true;
  return isOn ? ["spec.disableMP is deprecated and has no effect"] : [];
}

function linesOf(lines: readonly string[]): string {
  const more = lines.length - MOST_LINES;
  return [...lines.slice(0, MOST_LINES), ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

function allow(warnings: readonly string[] = []): AdmissionAnswer {
  return { allowed: true, code: 200, message: "", warnings };
}

function deny(message: string, warnings: readonly string[] = []): AdmissionAnswer {
  return { allowed: false, code: 403, message, warnings };
}
