import type { Json } from "../objects.ts";
import type { ServedResource } from "../resources.ts";
import { apiVersionOf } from "../resources.ts";
import { SCALARS, fieldSchema } from "../schema/core-schemas.ts";
import { coreType, coreTypeName, jsonFields, openApiName } from "../schema/core-types.ts";
import type { StructuralSchema } from "../schema/structural.ts";

/** How one version of OpenAPI spells what the versions spell differently. */
export interface Dialect {
  /** `#/definitions/` or `#/components/schemas/` */
  readonly prefix: string;
  /** A reference with something beside it: a description, a default. */
  readonly refer: (reference: Json, beside: Json) => Json;
  readonly intOrString: Json;
  readonly quantity: Json;
  /** The schema of a custom resource, in what the version can say. */
  readonly custom: (schema: StructuralSchema) => Json;
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export function gvkOf({ group, version, kind }: ServedResource): GroupVersionKind {
  return { group, kind, version };
}

/** Named schemas of the resources and of everything they refer to. */
export function definitions(resources: readonly ServedResource[], dialect: Dialect): Record<string, Json> {
  const named: Record<string, Json> = {};
  const add = (type: string): Json => {
    const name = referenceName(type);
    const reference = { $ref: dialect.prefix + name };
    if (Object.hasOwn(named, name)) return reference;
    // Taken before it is filled: types may refer to themselves.
    named[name] = {};
    named[name] = SPECIAL[type]?.schema(dialect) ?? coreDefinition(type, dialect, add);
    return reference;
  };
  for (const resource of resources) {
    const type = resource.custom ? undefined : coreTypeName(apiVersionOf(resource), resource.kind);
    const name = definitionName(resource);
    if (type !== undefined) add(type);
    else named[name] = customDefinition(resource, dialect, add("meta.v1.ObjectMeta"));
    named[name] = { ...typeFields(named[name]!), "x-kubernetes-group-version-kind": [gvkOf(resource)] };
  }
  return named;
}

/** `io.k8s.api.core.v1.Service`, `io.metallb.v1beta1.IPAddressPool`. */
export function definitionName(resource: ServedResource): string {
  const type = resource.custom ? undefined : coreTypeName(apiVersionOf(resource), resource.kind);
  if (type !== undefined) return openApiName(type);
  return [...resource.group.split(".").reverse(), resource.version, resource.kind].join(".");
}

/** Scalars that OpenAPI documents name, because clients show or treat them by name. */
const SPECIAL: Readonly<Record<string, { readonly name: string; readonly schema: (dialect: Dialect) => Json }>> = {
  intorstring: {
    name: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    schema: ({ intOrString }) => ({
      description: "IntOrString is a type that can hold an int32 or a string.",
      ...intOrString,
    }),
  },
  time: {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
    schema: () => ({ type: "string", format: "date-time" }),
  },
  microtime: {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
    schema: () => ({ type: "string", format: "date-time" }),
  },
  quantity: {
    name: "io.k8s.apimachinery.pkg.api.resource.Quantity",
    schema: ({ quantity }) => ({ description: "Quantity is a fixed-point representation of a number.", ...quantity }),
  },
  raw: { name: "io.k8s.apimachinery.pkg.runtime.RawExtension", schema: () => ({ type: "object" }) },
  fieldsv1: { name: "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1", schema: () => ({ type: "object" }) },
  json: { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON", schema: () => ({}) },
};

function referenceName(type: string): string {
  return SPECIAL[type]?.name ?? openApiName(type);
}

function coreDefinition(name: string, dialect: Dialect, add: (type: string) => Json): Json {
  const type = coreType(name)!;
  const fields = jsonFields(type);
  const properties = fields.map((field) => {
    const leaf = (base: string): StructuralSchema => {
      const scalar = SPECIAL[base] === undefined ? SCALARS[base] : undefined;
      return scalar ?? add(base);
    };
    const { $ref, ...beside } = fieldSchema(field, leaf) as Json;
    const schema = $ref === undefined ? beside : dialect.refer({ $ref }, beside);
    return [field.name, schema] as const;
  });
  const required = fields.filter((field) => field.required !== undefined).map((field) => field.name);
  return {
    ...(type.doc === "" ? {} : { description: type.doc }),
    type: "object",
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
    ...(required.length === 0 ? {} : { required }),
    ...(type.atomic === undefined ? {} : { "x-kubernetes-map-type": "atomic" }),
  };
}

const TYPE_FIELDS: Readonly<Record<string, Json>> = {
  apiVersion: {
    description: "APIVersion defines the versioned schema of this representation of an object.",
    type: "string",
  },
  kind: {
    description: "Kind is a string value representing the REST resource this object represents.",
    type: "string",
  },
};

function typeFields(definition: Json): Json {
  return { ...definition, properties: { ...TYPE_FIELDS, ...(definition["properties"] as Json | undefined) } };
}

function customDefinition(resource: ServedResource, dialect: Dialect, metadata: Json): Json {
  const definition = dialect.custom(resource.schema ?? { type: "object" });
  const description = { description: "Standard object's metadata." };
  const properties = { ...(definition["properties"] as Json | undefined), ...TYPE_FIELDS };
  return { ...definition, properties: { ...properties, metadata: dialect.refer(metadata, description) } };
}
