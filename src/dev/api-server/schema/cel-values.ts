import { isRecord } from "../objects.ts";
import { program } from "./cel-environment.ts";
import type { StructuralSchema } from "./structural.ts";
import { memberSchema } from "./structural.ts";

/** Identifiers that CEL reserves; Kubernetes spells fields of these names `__for__`. */
const RESERVED: ReadonlySet<string> = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

/**
 * A JSON value as CEL sees it with its schema: whole numbers are `int`, strings of the formats date-time and duration
 * are timestamps and durations, fields have their escaped names.
 */
export function celValue(value: unknown, schema: StructuralSchema | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema?.items));
  if (isRecord(value)) {
    const isMap = typeof schema?.additionalProperties === "object";
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        isMap ? key : escapeField(key),
        celValue(item, schema === undefined ? undefined : memberSchema(schema, key)),
      ]),
    );
  }
  if (typeof value === "number" || typeof value === "bigint") return celNumber(value, schema?.type);
  return typeof value === "string" ? celString(value, schema?.format) : value;
}

function celNumber(value: number | bigint, type: string | undefined): number | bigint {
  if (type === "number") return Number(value);
  return typeof value === "number" && !Number.isInteger(value) ? value : BigInt(value);
}

function celString(text: string, format: string | undefined): unknown {
  if (format === "date-time" || format === "date") return program("timestamp(text)")({ text: fullDate(text) });
  if (format === "duration") return program("duration(text)")({ text });
  return text;
}

function fullDate(text: string): string {
  return text.length === 10 ? `${text}T00:00:00Z` : text;
}

/** Kubernetes' escaping of property names: `a-b` is `a__dash__b`. */
function escapeField(key: string): string {
  if (RESERVED.has(key)) return `__${key}__`;
  return key
    .replaceAll("__", "__underscores__")
    .replaceAll(".", "__dot__")
    .replaceAll("-", "__dash__")
    .replaceAll("/", "__slash__");
}
