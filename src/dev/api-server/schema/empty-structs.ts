import type { Json } from "../objects.ts";
import { isRecord } from "../objects.ts";
import { coreType, coreTypeName, jsonFields } from "./core-types.ts";

/**
 * The object with the empty objects that a Go server writes for every field that is a struct and not a pointer:
 * `status: { loadBalancer: {} }` of a Service. Custom resources are returned as they are.
 */
export function withEmptyStructs(apiVersion: string, kind: string, object: object): object {
  const name = coreTypeName(apiVersion, kind);
  return name === undefined ? object : fillStruct(name, object as Json);
}

function fillStruct(name: string, object: Json): Json {
  const filled: Json = { ...object };
  for (const field of jsonFields(coreType(name)!)) {
    const value = filled[field.name];
    const base = field.t.replace(/^[*[\]{}~]+/, "");
    if (!base.includes(".")) continue;
    if (value === undefined && field.t === base) filled[field.name] = fillStruct(base, {});
    else if (Array.isArray(value)) filled[field.name] = value.map((item) => fillValue(base, item));
    else if (!field.t.startsWith("{}")) filled[field.name] = fillValue(base, value);
    if (filled[field.name] === undefined) delete filled[field.name];
  }
  return filled;
}

function fillValue(name: string, value: unknown): unknown {
  return isRecord(value) ? fillStruct(name, value) : value;
}
