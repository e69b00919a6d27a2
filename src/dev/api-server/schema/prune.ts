import type { Json } from "../objects.ts";
import { isRecord } from "../objects.ts";
import { objectMetaSchema } from "./core-schemas.ts";
import type { StructuralSchema } from "./structural.ts";
import { MAX_DEPTH, childPath, memberSchema } from "./structural.ts";

const TYPE_FIELDS: ReadonlySet<string> = new Set(["apiVersion", "kind"]);

/**
 * Removes, in place, every field that the schema does not specify, and returns their paths in the document's order
 * (`spec.ports[0].foo`). At the root and in embedded resources `apiVersion` and `kind` always stay, and `metadata`
 * keeps what ObjectMeta has. What is nested deeper than any real object is removed too.
 */
export function prune(schema: StructuralSchema, object: object): string[] {
  const unknown: string[] = [];
  pruneValue({ ...schema, "x-kubernetes-embedded-resource": true }, object, "", unknown, 0);
  return unknown;
}

function pruneValue(schema: StructuralSchema, value: unknown, path: string, unknown: string[], depth: number): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      if (schema.items !== undefined) pruneValue(schema.items, item, `${path}[${index}]`, unknown, depth + 1);
    });
  } else if (isRecord(value)) {
    for (const key of Object.keys(value)) pruneMember(schema, value, key, { path, unknown, depth });
  }
}

interface Place {
  readonly path: string;
  readonly unknown: string[];
  readonly depth: number;
}

function pruneMember(schema: StructuralSchema, object: Json, key: string, place: Place): void {
  const { path, unknown, depth } = place;
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  if (embedded && TYPE_FIELDS.has(key)) return;
  const member = embedded && key === "metadata" ? objectMetaSchema() : memberSchema(schema, key);
  if (member !== undefined && depth < MAX_DEPTH) {
    pruneValue(member, object[key], childPath(path, key), unknown, depth + 1);
  } else if (!keepsUnknown(schema) || depth >= MAX_DEPTH) {
    unknown.push(childPath(path, key));
    delete object[key];
  }
}

function keepsUnknown(schema: StructuralSchema): boolean {
  return schema["x-kubernetes-preserve-unknown-fields"] === true || schema.additionalProperties === true;
}
