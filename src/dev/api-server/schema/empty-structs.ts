import type { Json } from "../objects.ts";
import { isRecord } from "../objects.ts";
import { coreType, coreTypeName, jsonFields } from "./core-types.ts";

/** A field whose type is a struct, a pointer to one, or a list of them. */
interface StructField {
  readonly name: string;
  readonly type: string;
  /** Not a pointer and not a list: Go always writes it. */
  readonly always: boolean;
}

const structFields = new Map<string, readonly StructField[]>();

function structFieldsOf(type: string): readonly StructField[] {
  const known = structFields.get(type);
  if (known !== undefined) return known;
  const fields = jsonFields(coreType(type)!).flatMap(({ name, t }) => {
    const base = t.replace(/^(\*|\[\])*/, "");
    return coreType(base) === undefined ? [] : [{ name, type: base, always: t === base }];
  });
  structFields.set(type, fields);
  return fields;
}

/**
 * The object with the empty objects that a Go server writes for every field that is a struct and not a pointer:
 * `status: { loadBalancer: {} }` of a Service. Custom resources are returned as they are.
 */
export function withEmptyStructs(apiVersion: string, kind: string, object: object): object {
  const name = coreTypeName(apiVersion, kind);
  return name === undefined ? object : fillStruct(name, object as Json);
}

function fillStruct(type: string, object: Json): Json {
  const filled: Json = { ...object };
  for (const field of structFieldsOf(type)) {
    const value = filled[field.name];
    if (value !== undefined) filled[field.name] = fillValue(field.type, value);
    else if (field.always) filled[field.name] = fillStruct(field.type, {});
  }
  return filled;
}

function fillValue(type: string, value: unknown): unknown {
  if (Array.isArray(value))
    return structFieldsOf(type).length === 0 ? value : value.map((item) => fillValue(type, item));
  return isRecord(value) ? fillStruct(type, value) : value;
}
