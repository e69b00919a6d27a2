import type { FieldError } from "../status.ts";
import type { StructuralSchema } from "./structural.ts";
import { wrongType } from "./violations.ts";

/** JSON Schema's name of a value's type. An integer is also a number. */
function typeName(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "bigint") return "integer";
  // Beyond 2^53 a double is no integer, whatever it was in the text (go-openapi/swag IsFloat64AJSONInteger).
  if (typeof value === "number") return Number.isSafeInteger(value) ? "integer" : "number";
  return typeof value;
}

/** The types of JSON values that a schema takes; `undefined` takes every one. */
function acceptedTypes(schema: StructuralSchema): readonly string[] | undefined {
  if (schema["x-kubernetes-int-or-string"] === true) return ["integer", "string"];
  if (schema.type === undefined) return undefined;
  if (schema.format === "quantity") return ["string", "integer", "number"];
  return schema.type === "number" ? ["number", "integer"] : [schema.type];
}

/** The formats that kube-openapi infers for numbers; with a format in the schema it compares formats, not types. */
const INFERRED_FORMATS: Readonly<Record<string, string>> = { number: "float64", integer: "int64" };

/** The error when a value is not of the schema's type. */
export function validateType(schema: StructuralSchema, value: unknown, path: string): FieldError | undefined {
  const accepted = acceptedTypes(schema);
  const actual = typeName(value);
  if (accepted === undefined || accepted.includes(actual)) return undefined;
  if (actual === "null" && schema.nullable === true) return undefined;
  const { type = accepted.join(","), format } = schema;
  if (format === undefined || ["string", "array", "null"].includes(actual)) return wrongType(path, type, actual);
  return wrongType(path, format, INFERRED_FORMATS[actual] ?? "");
}
