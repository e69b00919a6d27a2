import { duplicateValue } from "../field-errors.ts";
import type { Json } from "../objects.ts";
import { isRecord } from "../objects.ts";
import type { FieldError } from "../status.ts";
import { canonicalJson } from "./json.ts";
import type { StructuralSchema } from "./structural.ts";
import { invalid } from "./violations.ts";

/** No two items of a set may be equal, none of a map may have equal keys. */
export function validateListType(schema: StructuralSchema, list: readonly unknown[], path: string): FieldError[] {
  const listType = schema["x-kubernetes-list-type"];
  if (listType === "set") return duplicates(list, path);
  if (listType !== "map") return [];
  const odd = list.findIndex((item) => !isRecord(item));
  if (odd !== -1) return [invalid(`${path}[${odd}]`, list[odd], "must be an object for an array of list-type map")];
  return duplicates(
    (list as Json[]).map((item) => listKey(schema, item)),
    path,
  );
}

/** The fields that identify an item of a list-type map; an absent one counts with its default. */
export function listKey(schema: StructuralSchema, item: Json): Json {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = item[key] ?? schema.items?.properties?.[key]?.default;
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

/** Each second and later occurrence once. */
function duplicates(values: readonly unknown[], path: string): FieldError[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    const text = canonicalJson(value);
    if (seen.has(text)) return [duplicateValue(`${path}[${index}]`, value)];
    seen.add(text);
    return [];
  });
}
