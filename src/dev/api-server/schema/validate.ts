import { requiredValue } from "../field-errors.ts";
import type { Json } from "../objects.ts";
import { equalJson, isRecord } from "../objects.ts";
import type { FieldError } from "../status.ts";
import { validateRules } from "./cel.ts";
import { objectMetaSchema } from "./core-schemas.ts";
import { canonicalJson } from "./json.ts";
import { validateListType } from "./list-types.ts";
import { validateNumber, validateString } from "./scalars.ts";
import type { StructuralSchema } from "./structural.ts";
import { MAX_DEPTH, childPath, memberSchema } from "./structural.ts";
import { validateType } from "./types.ts";
import { constraint, invalid, notSupported, tooMany } from "./violations.ts";

/** With one of these the API server does not run the rules: they could not be trusted. */
const BLOCKING: ReadonlySet<FieldError["reason"]> = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

const RULES_NOT_RUN =
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

/**
 * Checks an object, already pruned and with its defaults, against a schema: types, constraints, list types, then the
 * CEL rules. `old` is the stored object of an update: rules that mention `oldSelf` only run where it has a value.
 */
export function validateStructural(schema: StructuralSchema, object: object, old?: object): FieldError[] {
  const errors: FieldError[] = [];
  validateValue(asRoot(schema), object, "", errors, 0);
  if (!errors.some((error) => BLOCKING.has(error.reason))) {
    return rulesIn(schema) ? [...errors, ...validateRules(schema, object, old)] : errors;
  }
  if (rulesIn(schema)) {
    errors.push({ reason: "FieldValueInvalid", field: "<nil>", message: `Invalid value: null: ${RULES_NOT_RUN}` });
  }
  return errors;
}

/** Schemas are never changed: what they say of themselves is worked out once. */
const roots = new WeakMap<StructuralSchema, StructuralSchema>();
const withRules = new WeakMap<StructuralSchema, boolean>();

function asRoot(schema: StructuralSchema): StructuralSchema {
  let root = roots.get(schema);
  if (root === undefined) roots.set(schema, (root = { ...schema, "x-kubernetes-embedded-resource": true }));
  return root;
}

function rulesIn(schema: StructuralSchema): boolean {
  let found = withRules.get(schema);
  if (found === undefined) withRules.set(schema, (found = hasRules(schema, new Set())));
  return found;
}

function hasRules(schema: StructuralSchema, seen: Set<StructuralSchema>): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  if ((schema["x-kubernetes-validations"] ?? []).length > 0) return true;
  const { properties = {}, items, additionalProperties } = schema;
  const inner = [...Object.values(properties), items, additionalProperties];
  return inner.some((member) => typeof member === "object" && hasRules(member, seen));
}

function validateValue(
  schema: StructuralSchema,
  value: unknown,
  path: string,
  errors: FieldError[],
  depth: number,
): void {
  if (depth > MAX_DEPTH) {
    errors.push(invalid(path, "", `nested deeper than ${MAX_DEPTH} levels`));
    return;
  }
  const wrong = validateType(schema, value, path);
  if (wrong !== undefined) {
    errors.push(wrong);
    return;
  }
  if (value === null || value === undefined) return;
  if (schema.enum !== undefined && !schema.enum.some((item) => equalJson(item, value))) {
    errors.push(notSupported(path, value, schema.enum));
  }
  if (typeof value === "string") errors.push(...validateString(schema, value, path));
  else if (typeof value === "number" || typeof value === "bigint") errors.push(...validateNumber(schema, value, path));
  else if (Array.isArray(value)) validateArray(schema, value, path, errors, depth);
  else if (isRecord(value)) validateObject(schema, value, path, errors, depth);
  validateCombinations(schema, value, path, errors, depth);
}

function validateArray(
  schema: StructuralSchema,
  list: readonly unknown[],
  path: string,
  errors: FieldError[],
  depth: number,
): void {
  const { minItems = 0, maxItems = Infinity, items } = schema;
  if (list.length < minItems) errors.push(constraint(path, list.length, `should have at least ${minItems} items`));
  if (list.length > maxItems) {
    errors.push(tooMany(path, list.length, maxItems));
    return;
  }
  if (schema.uniqueItems === true && new Set(list.map(canonicalJson)).size < list.length) {
    errors.push(constraint(path, "", "shouldn't contain duplicates"));
  }
  if (items !== undefined) {
    list.forEach((item, index) => validateValue(items, item, `${path}[${index}]`, errors, depth + 1));
  }
  errors.push(...validateListType(schema, list, path));
}

function validateObject(
  schema: StructuralSchema,
  object: Json,
  path: string,
  errors: FieldError[],
  depth: number,
): void {
  const keys = Object.keys(object);
  const { minProperties = 0, maxProperties = Infinity } = schema;
  if (keys.length < minProperties) {
    errors.push(constraint(path, keys.length, `should have at least ${minProperties} properties`));
  }
  if (keys.length > maxProperties) errors.push(tooMany(path, keys.length, maxProperties));
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(object, key)) errors.push(requiredValue(childPath(path, key)));
  }
  for (const key of keys.sort()) {
    const member = embedded && key === "metadata" ? objectMetaSchema() : memberSchema(schema, key);
    if (member !== undefined) validateValue(member, object[key], childPath(path, key), errors, depth + 1);
  }
}

function isPlain({ allOf, anyOf, oneOf, not }: StructuralSchema): boolean {
  return allOf === undefined && anyOf === undefined && oneOf === undefined && not === undefined;
}

/** The server reports these without a place: the message names it. */
function validateCombinations(
  schema: StructuralSchema,
  value: unknown,
  path: string,
  errors: FieldError[],
  depth: number,
): void {
  if (isPlain(schema)) return;
  const holds = (inner: StructuralSchema): boolean => {
    const found: FieldError[] = [];
    validateValue(inner, value, path, found, depth + 1);
    return found.length === 0;
  };
  const { allOf = [], anyOf, oneOf, not } = schema;
  if (anyOf !== undefined && !anyOf.some(holds)) {
    errors.push(invalid("", "", `"${path}" must validate at least one schema (anyOf)`));
  }
  if (oneOf !== undefined) {
    const matches = oneOf.filter(holds).length;
    if (matches !== 1) {
      const found = matches === 0 ? "Found none valid" : `Found ${matches} valid alternatives`;
      errors.push(invalid("", "", `"${path}" must validate one and only one schema (oneOf). ${found}`));
    }
  }
  for (const inner of allOf) validateValue(inner, value, path, errors, depth + 1);
  if (not !== undefined && holds(not)) {
    errors.push(invalid("", "", `"${path}" must not validate the schema (not)`));
  }
}
