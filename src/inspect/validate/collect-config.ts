import { convertBgpPeer } from "../../config/convert-bgp-peer.ts";
import { BGP_PEER } from "../../config/crd/bgp-peer.ts";
import { fieldsOf, textOf } from "../../config/fields.ts";
import { complaintsAbout, parseSpec } from "../../config/resource.ts";
import type { ConfigIssue } from "../../config/issues.ts";
import type { ConfigObjects } from "../../config/validate.ts";
import type { KubeObject } from "../../ports/kube.ts";
import type { Manifest, ManifestText } from "../manifest/manifest.ts";
import { parseManifests } from "../manifest/parse-manifests.ts";
import { USUAL_NAMESPACE } from "../options.ts";
import { checkMetadata } from "./check-metadata.ts";
import { CONFIG_KINDS, type ConfigKind, type ConfigLists } from "../../config/config-kinds.ts";
import { isConfigKind, isOurGroup, knownVersion, unknownKindFix } from "./known-kinds.ts";
import { refuseUnknownFields } from "./unknown-fields.ts";
import type { ValidationIssue } from "./validation-report.ts";

const LEGACY_PEER = BGP_PEER.versions.find(({ storage }) => !storage)!;

type Complaint = Pick<ConfigIssue, "object" | "field" | "message" | "fix">;

type Lists = Readonly<Record<keyof ConfigLists, KubeObject[]>>;

/** The configuration that manifests contain, and what can be said against it object by object. */
export interface CollectedConfig {
  readonly objects: ConfigObjects;
  readonly namespace: string;
  readonly checked: number;
  readonly ignored: Readonly<Record<string, number>>;
  readonly issues: readonly ValidationIssue[];
  /** Gives an issue of an object the place in the text where it is; path "" and line 0 when it is in none. */
  readonly locate: (issue: Complaint, severity: ValidationIssue["severity"]) => ValidationIssue;
}

/**
 * Reads the configuration out of manifests. `namespace` is for objects that name none; undefined: that of the objects
 * that name one, else `metallb-system`.
 */
export function collectConfig(sources: readonly ManifestText[], namespace: string | undefined): CollectedConfig {
  const parsed = sources.map(parseManifests);
  const manifests = parsed.flatMap((file) => file.manifests);
  const ours = manifests.filter(isOurs);
  const collector = new Collector(namespace ?? commonNamespace(ours) ?? USUAL_NAMESPACE);
  for (const manifest of ours) collector.add(manifest);
  const unreadable = parsed
    .flatMap(({ problems }) => problems)
    .map((problem) => ({ severity: "error", object: "", field: "", ...problem }) as const);
  return {
    objects: collector.lists,
    namespace: collector.namespace,
    checked: ours.length,
    ignored: countKinds(manifests.filter((manifest) => !isOurs(manifest))),
    issues: [...unreadable, ...collector.issues],
    locate: (issue, severity) => collector.locate(issue, severity),
  };
}

function isOurs({ object }: Manifest): boolean {
  return isOurGroup(object.apiVersion ?? "");
}

class Collector {
  readonly namespace: string;
  readonly lists: Lists = {
    ipAddressPools: [],
    l2Advertisements: [],
    bgpAdvertisements: [],
    bgpPeers: [],
    bfdProfiles: [],
    communities: [],
  };
  readonly issues: ValidationIssue[] = [];
  readonly #manifests = new Map<string, Manifest>();

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  add(manifest: Manifest): void {
    const { apiVersion = "", kind = "" } = manifest.object;
    const metadata = { ...manifest.object.metadata, namespace: namespaceOf(manifest) ?? this.namespace };
    const object: KubeObject = { ...manifest.object, metadata };
    const issues: ConfigIssue[] = [];
    const complain = complaintsAbout(kind, object, issues);
    const known = knownVersion(apiVersion, kind);
    if (known === undefined) {
      const message = `no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`;
      complain("apiVersion", message, unknownKindFix(kind));
    } else {
      refuseUnknownFields(known.schema, manifest.object, complain);
      checkMetadata(object, this.namespace, complain);
    }
    const first = this.#manifests.get(`${kind} ${metadata.namespace}/${metadata.name}`);
    if (first !== undefined)
      complain("", `defined twice, first at ${first.path}:${first.lineOf("")}`, "remove one of the two, or rename it");
    if (known !== undefined && isConfigKind(kind) && first === undefined) this.#keep(kind, manifest, object, issues);
    this.issues.push(...issues.map((issue) => located(issue, manifest, "error")));
    if (known?.deprecation !== undefined)
      this.issues.push(located(deprecation(kind, object, known.deprecation), manifest, "warning"));
  }

  locate(issue: Complaint, severity: ValidationIssue["severity"]): ValidationIssue {
    const manifest = this.#manifests.get(issue.object);
    return manifest === undefined
      ? { severity, path: "", line: 0, ...textsOf(issue) }
      : located(issue, manifest, severity);
  }

  #keep(kind: ConfigKind, manifest: Manifest, object: KubeObject, issues: ConfigIssue[]): void {
    const { name, namespace } = object.metadata;
    if (name === "" || namespace !== this.namespace) return;
    this.#manifests.set(`${kind} ${namespace}/${name}`, manifest);
    const current = this.#currentVersion(kind, object, issues);
    if (current !== undefined) this.lists[CONFIG_KINDS[kind]].push(current);
  }

  /** Undefined when it doesn't even follow the rules of the version that it is written in. */
  #currentVersion(kind: string, object: KubeObject, issues: ConfigIssue[]): KubeObject | undefined {
    if (kind !== "BGPPeer" || !object.apiVersion!.endsWith(`/${LEGACY_PEER.name}`)) return object;
    if (parseSpec(LEGACY_PEER.spec!, kind, object, complaintsAbout(kind, object, issues)) === undefined)
      return undefined;
    const converted = convertBgpPeer(object, "v1beta2");
    return converted.ok ? converted.value.object : undefined;
  }
}

function located(issue: Complaint, { path, lineOf }: Manifest, severity: ValidationIssue["severity"]): ValidationIssue {
  return { severity, path, line: lineOf(issue.field), ...textsOf(issue) };
}

function textsOf({ object, field, message, fix }: Complaint) {
  return { object, field, message, fix };
}

function deprecation(kind: string, object: KubeObject, warning: string) {
  const { namespace, name } = object.metadata;
  const [message, fix] = warning.split(": ", 2) as [string, string];
  return { object: `${kind} ${namespace}/${name}`, field: "apiVersion", message, fix };
}

function namespaceOf({ object }: Manifest): string | undefined {
  return textOf(fieldsOf(object.metadata)["namespace"]) || undefined;
}

/** The namespace that all objects agree on, as far as they name one. */
function commonNamespace(manifests: readonly Manifest[]): string | undefined {
  const names = new Set(manifests.map(namespaceOf).filter((name) => name !== undefined));
  return names.size === 1 ? [...names][0] : undefined;
}

function countKinds(manifests: readonly Manifest[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { object } of manifests) counts.set(object.kind ?? "", (counts.get(object.kind ?? "") ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
