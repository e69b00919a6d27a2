import type { FieldError } from "./status.ts";
import { stringifyJson } from "./json-text.ts";

/** A value as field errors print it: strings quoted, everything else as JSON. */
function shown(value: unknown): string {
  return value === undefined ? "null" : stringifyJson(value);
}

export function invalidValue(field: string, value: unknown, why: string): FieldError {
  return { reason: "FieldValueInvalid", field, message: `Invalid value: ${shown(value)}: ${why}` };
}

export function requiredValue(field: string, why = ""): FieldError {
  return { reason: "FieldValueRequired", field, message: why === "" ? "Required value" : `Required value: ${why}` };
}

export function forbiddenValue(field: string, why: string): FieldError {
  return { reason: "FieldValueForbidden", field, message: `Forbidden: ${why}` };
}

export function duplicateValue(field: string, value: unknown): FieldError {
  return { reason: "FieldValueDuplicate", field, message: `Duplicate value: ${shown(value)}` };
}

export function unsupportedValue(field: string, value: unknown, supported: readonly string[]): FieldError {
  const list = [...supported].sort().map(shown).join(", ");
  return {
    reason: "FieldValueNotSupported",
    field,
    message: `Unsupported value: ${shown(value)}: supported values: ${list}`,
  };
}
