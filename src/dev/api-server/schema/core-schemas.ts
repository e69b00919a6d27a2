import type { CoreField, CoreType } from "./core-types.ts";
import { coreType, coreTypeName, jsonFields } from "./core-types.ts";
import type { StructuralSchema } from "./structural.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** How the types with a JSON form of their own look. */
export const SCALARS: Readonly<Record<string, StructuralSchema>> = {
  string: { type: "string" },
  bool: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  double: { type: "number", format: "double" },
  bytes: { type: "string", format: "byte" },
  time: { type: "string", format: "date-time" },
  microtime: { type: "string", format: "date-time" },
  quantity: { type: "string", format: "quantity" },
  intorstring: { "x-kubernetes-int-or-string": true },
  raw: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  json: { "x-kubernetes-preserve-unknown-fields": true },
  fieldsv1: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
};

const schemas = new Map<string, StructuralSchema>();

/**
 * Schema of a built-in kind, with `apiVersion` and `kind`; `undefined` for kinds that are not built in. The schema of
 * CustomResourceDefinition is cyclic, as that of any schema of schemas.
 */
export function coreSchema(apiVersion: string, kind: string): StructuralSchema | undefined {
  const name = coreTypeName(apiVersion, kind);
  if (name === undefined) return undefined;
  const key = `${name} kind`;
  const known = schemas.get(key);
  if (known !== undefined) return known;
  const schema = typeSchema(name);
  const top: StructuralSchema = { ...schema, properties: { ...TYPE_META, ...schema.properties } };
  schemas.set(key, top);
  return top;
}

const TYPE_META: Readonly<Record<string, StructuralSchema>> = {
  apiVersion: {
    type: "string",
    description: "APIVersion defines the versioned schema of this representation of an object.",
  },
  kind: {
    type: "string",
    description: "Kind is a string value representing the REST resource this object represents.",
  },
};

/** Schema of `metadata`, the same for every kind. */
export function objectMetaSchema(): StructuralSchema {
  return typeSchema("meta.v1.ObjectMeta");
}

/** Schema of a built-in type by our name for it (`core.v1.ServicePort`). */
function typeSchema(name: string): StructuralSchema {
  const known = schemas.get(name);
  if (known !== undefined) return known;
  const type = coreType(name)!;
  const properties: Record<string, StructuralSchema> = {};
  const required: string[] = [];
  const schema: Mutable<StructuralSchema> = { type: "object", properties };
  if (type.doc !== "") schema.description = type.doc;
  if (type.atomic !== undefined) schema["x-kubernetes-map-type"] = "atomic";
  // Known before its fields are: a type that contains itself refers to this very object.
  schemas.set(name, schema);
  fill(type, properties, required);
  if (required.length > 0) schema.required = required;
  return schema;
}

function fill(type: CoreType, properties: Record<string, StructuralSchema>, required: string[]): void {
  for (const field of jsonFields(type)) {
    properties[field.name] = fieldSchema(field);
    if (field.required !== undefined) required.push(field.name);
  }
}

/** How a scalar or a type, by our name, appears within a schema. */
export type Leaf = (base: string) => StructuralSchema;

const inPlace: Leaf = (base) => SCALARS[base] ?? typeSchema(base);

/** `[]core.v1.ServicePort` as a schema, without what a field adds. */
function expressionSchema(expression: string, leaf: Leaf): StructuralSchema {
  if (expression.startsWith("*") || expression.startsWith("~")) return expressionSchema(expression.slice(1), leaf);
  if (expression.startsWith("[]")) return { type: "array", items: expressionSchema(expression.slice(2), leaf) };
  if (expression.startsWith("{}")) {
    return { type: "object", additionalProperties: expressionSchema(expression.slice(2), leaf) };
  }
  return leaf(expression);
}

/** Schema of a field: that of its type, and its own text, default and merge markers. */
export function fieldSchema(field: CoreField, leaf: Leaf = inPlace): StructuralSchema {
  const schema: Mutable<StructuralSchema> = { ...expressionSchema(field.t, leaf), ...fieldMarkers(field) };
  if (field.doc !== undefined) schema.description = field.doc;
  return schema;
}

function fieldMarkers(field: CoreField): StructuralSchema {
  const markers: Mutable<StructuralSchema> = {};
  if (field.default !== undefined) markers.default = field.default;
  if (field.list !== undefined) markers["x-kubernetes-list-type"] = field.list as "atomic" | "set" | "map";
  if (field.keys !== undefined) markers["x-kubernetes-list-map-keys"] = field.keys;
  if (field.atomic !== undefined) markers["x-kubernetes-map-type"] = "atomic";
  if (field.strategy !== undefined) markers["x-kubernetes-patch-strategy"] = field.strategy;
  if (field.mergeKey !== undefined) markers["x-kubernetes-patch-merge-key"] = field.mergeKey;
  return markers;
}
