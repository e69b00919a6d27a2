import type { Json } from "../objects.ts";
import { cloneJson, isRecord } from "../objects.ts";
import type { StructuralSchema } from "./structural.ts";
import { MAX_DEPTH, memberSchema } from "./structural.ts";

/**
 * Fills, in place, the defaults of fields that are absent, outermost first, so that a default may bring nested ones
 * to life. A null that the schema does not allow counts as absent: it gets the default or goes.
 */
export function applyDefaults(schema: StructuralSchema, object: object): void {
  fillValue(schema, object, 0);
}

function fillValue(schema: StructuralSchema, value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) return;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    value.forEach((item, index) => {
      if (item === null && items.nullable !== true && items.default !== undefined)
        value[index] = cloneJson(items.default);
      fillValue(items, value[index], depth + 1);
    });
  } else if (isRecord(value)) {
    fillObject(schema, value, depth);
  }
}

function fillObject(schema: StructuralSchema, object: Json, depth: number): void {
  for (const [key, member] of Object.entries(schema.properties ?? {})) {
    if (member.default !== undefined && isAbsent(object, key, member)) object[key] = cloneJson(member.default);
  }
  for (const key of Object.keys(object)) {
    const member = memberSchema(schema, key);
    if (member === undefined) continue;
    if (isAbsent(object, key, member)) delete object[key];
    else fillValue(member, object[key], depth + 1);
  }
}

function isAbsent(object: Json, key: string, schema: StructuralSchema): boolean {
  if (!Object.hasOwn(object, key)) return true;
  return object[key] === null && schema.nullable !== true && !isOpen(schema);
}

/** A field that may hold anything may hold null. */
function isOpen(schema: StructuralSchema): boolean {
  return schema.type === undefined && schema["x-kubernetes-preserve-unknown-fields"] === true;
}
