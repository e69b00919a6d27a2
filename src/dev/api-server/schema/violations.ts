import type { FieldError } from "../status.ts";
import { canonicalJson } from "./json.ts";

/** Field errors in the words of the Kubernetes API server (apimachinery `field.Error`, kube-openapi). */

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : canonicalJson(value);
}

/** `Invalid value: "x": spec.a in body should match '^y$'`; a rule about the whole object shows no value. */
export function invalid(field: string, value: unknown, why: string): FieldError {
  const what = value !== null && typeof value === "object" ? "" : `: ${shown(value)}`;
  return {
    reason: "FieldValueInvalid",
    field: field === "" ? "<nil>" : field,
    message: `Invalid value${what}: ${why}`,
  };
}

/** kube-openapi's form: the path again, `in body`, the constraint. */
export function constraint(field: string, value: unknown, why: string): FieldError {
  return {
    reason: "FieldValueInvalid",
    field: field === "" ? "<nil>" : field,
    message: `Invalid value: ${shown(value)}: ${field} in body ${why}`,
  };
}

export function wrongType(field: string, expected: string, actual: string): FieldError {
  return {
    reason: "FieldValueTypeInvalid",
    field: field === "" ? "<nil>" : field,
    message: `Invalid value: ${shown(actual)}: ${field} in body must be of type ${expected}: ${shown(actual)}`,
  };
}

export function notSupported(field: string, value: unknown, supported: readonly unknown[]): FieldError {
  const list = supported.map((item) => shown(typeof item === "string" ? item : canonicalJson(item)));
  return {
    reason: "FieldValueNotSupported",
    field,
    message: `Unsupported value: ${shown(value)}: supported values: ${list.join(", ")}`,
  };
}

export function tooLong(field: string, limit: number): FieldError {
  const unit = limit === 1 ? "byte" : "bytes";
  return { reason: "FieldValueTooLong", field, message: `Too long: may not be more than ${limit} ${unit}` };
}

export function tooMany(field: string, actual: number, limit: number): FieldError {
  const unit = limit === 1 ? "item" : "items";
  return { reason: "FieldValueTooMany", field, message: `Too many: ${actual}: must have at most ${limit} ${unit}` };
}
