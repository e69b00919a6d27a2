import data from "./core-types.json" with { type: "json" };

/** A field of a built-in type, from the API's own source. */
export interface CoreField {
  /** JSON name; "" when the field's type is inlined into the surrounding one. */
  readonly name: string;
  /** Protobuf field number. */
  readonly n: number;
  /**
   * Go's notation: `*` pointer, `[]` list, `{}` map with string keys, `~` a list that is a message of its own; then a
   * scalar (`string bool int32 int64 double bytes time microtime quantity intorstring raw json fieldsv1`) or
   * a type (`core.v1.ServicePort`).
   */
  readonly t: string;
  readonly doc?: string;
  /** The zero value is left out of JSON. */
  readonly o?: number;
  readonly required?: number;
  readonly list?: string;
  readonly keys?: readonly string[];
  readonly atomic?: number;
  readonly strategy?: string;
  readonly mergeKey?: string;
  readonly default?: unknown;
}

export interface CoreType {
  readonly doc: string;
  readonly atomic?: number;
  readonly fields: readonly CoreField[];
}

const TYPES = new Map(Object.entries(data.types as Record<string, CoreType>));

/** API groups whose name is not the package name. */
const PACKAGES: Readonly<Record<string, string>> = {
  v1: "core.v1",
  "apps/v1": "apps.v1",
  "autoscaling/v1": "autoscaling.v1",
  "policy/v1": "policy.v1",
  "authentication.k8s.io/v1": "authentication.v1",
  "authorization.k8s.io/v1": "authorization.v1",
  "admissionregistration.k8s.io/v1": "admissionregistration.v1",
  "apiextensions.k8s.io/v1": "apiextensions.v1",
  "coordination.k8s.io/v1": "coordination.v1",
  "discovery.k8s.io/v1": "discovery.v1",
  "events.k8s.io/v1": "events.v1",
  "meta.k8s.io/v1": "meta.v1",
  "networking.k8s.io/v1": "networking.v1",
  "rbac.authorization.k8s.io/v1": "rbac.v1",
  "scheduling.k8s.io/v1": "scheduling.v1",
};

/** Kinds that every group serves, because they belong to the protocol. */
const META_KINDS: ReadonlySet<string> = new Set(["DeleteOptions", "Status"]);

export function coreType(name: string): CoreType | undefined {
  return TYPES.get(name);
}

/** `v1`, `Service` gives `core.v1.Service`; `undefined` for a kind that is not built in. */
export function coreTypeName(apiVersion: string, kind: string): string | undefined {
  const pkg = Object.hasOwn(PACKAGES, apiVersion) ? PACKAGES[apiVersion] : undefined;
  const name = META_KINDS.has(kind) ? `meta.v1.${kind}` : `${pkg}.${kind}`;
  return TYPES.has(name) ? name : undefined;
}

/** The name in OpenAPI documents: `io.k8s.api.core.v1.Service`. */
export function openApiName(type: string): string {
  if (type.startsWith("meta.v1.")) return `io.k8s.apimachinery.pkg.apis.${type}`;
  if (type.startsWith("apiextensions.v1.")) return `io.k8s.apiextensions-apiserver.pkg.apis.${type}`;
  return `io.k8s.api.${type}`;
}

/** The fields that JSON has, inlined ones in the place of the type that brings them. */
export function jsonFields(type: CoreType): readonly CoreField[] {
  return type.fields.flatMap((field) => {
    if (field.name !== "") return [field];
    const inlined = coreType(field.t.replace(/^\*/, ""));
    return inlined === undefined ? [] : jsonFields(inlined);
  });
}
