import { CONFIG_KINDS, type ConfigKind } from "../../config/config-kinds.ts";
import { customResourceDefinitions } from "../../config/crds.ts";
import { fieldsOf } from "../../config/fields.ts";
import { KINDS } from "../../config/kinds.ts";
import { closestName } from "../closest-name.ts";

const GROUP = "metallb.io";

/** A version of one of our kinds, as the API server knows it. */
export interface KnownVersion {
  readonly kind: string;
  /** Structural schema of the whole object. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** What the API server says to whoever uses this version. */
  readonly deprecation: string | undefined;
}

const KNOWN: ReadonlyMap<string, KnownVersion> = new Map(
  customResourceDefinitions().flatMap(({ spec }) =>
    spec.versions.map((version) => [
      `${spec.group}/${version.name} ${spec.names.kind}`,
      {
        kind: spec.names.kind,
        schema: fieldsOf(version.schema.openAPIV3Schema),
        deprecation: version.deprecationWarning,
      },
    ]),
  ),
);

export function isConfigKind(kind: string): kind is ConfigKind {
  return Object.hasOwn(CONFIG_KINDS, kind);
}

/** Whether the API version is one of our group, known or not. */
export function isOurGroup(apiVersion: string): boolean {
  return apiVersion.split("/", 1)[0] === GROUP;
}

export function knownVersion(apiVersion: string, kind: string): KnownVersion | undefined {
  return KNOWN.get(`${apiVersion} ${kind}`);
}

/** What the author of an unknown kind, or of an unknown version of a kind, can do. */
export function unknownKindFix(kind: string): string {
  if (kind === "AddressPool")
    return "AddressPool is gone: write an IPAddressPool, and an L2Advertisement or BGPAdvertisement for it";
  const kinds = Object.keys(KINDS).filter((name) => KINDS[name as keyof typeof KINDS].group === GROUP);
  const meant = kinds.includes(kind) ? kind : closestName(kind, kinds);
  if (meant === undefined) return `the kinds are ${kinds.join(", ")}`;
  const { group, version } = KINDS[meant as keyof typeof KINDS];
  return `write apiVersion ${group}/${version}, kind ${meant}`;
}
