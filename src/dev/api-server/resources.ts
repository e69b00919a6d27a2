/** Verbs as discovery lists them. */
export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

export type Subresource = "status" | "scale" | "eviction" | "log" | "proxy" | "token" | "finalize";

/** One column of `kubectl get` that a CustomResourceDefinition defines (`additionalPrinterColumns`). */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly jsonPath: string;
  /** 0 is shown always, anything above only with `-o wide`. */
  readonly priority?: number;
}

/** One resource in one version, as it is served. */
export interface ServedResource {
  /** "" is core. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource[];
  /** Defined by a CustomResourceDefinition. */
  readonly custom: boolean;
  /** `openAPIV3Schema` of a custom resource. Kinds that are built in have theirs in `schema/core-schemas.ts`. */
  readonly schema?: Readonly<Record<string, unknown>>;
  readonly printerColumns?: readonly PrinterColumn[];
  /** What users of this version are warned of. */
  readonly deprecation?: string;
}

/** `v1` or `group/version`. */
export function apiVersionOf(resource: { readonly group: string; readonly version: string }): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** `services`, or `ipaddresspools.metallb.io`: how error messages name a resource. */
export function qualifiedName(resource: { readonly group: string; readonly plural: string }): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}
