import { errorMessage } from "../../../lib/errors.ts";
import { duplicateValue, forbiddenValue, requiredValue } from "../field-errors.ts";
import type { Json } from "../objects.ts";
import { isRecord } from "../objects.ts";
import type { FieldError } from "../status.ts";
import { program } from "./cel-environment.ts";
import { celValue } from "./cel-values.ts";
import { objectMetaSchema } from "./core-schemas.ts";
import { canonicalJson } from "./json.ts";
import { listKey } from "./list-types.ts";
import type { StructuralSchema, ValidationRule } from "./structural.ts";
import { childPath, memberSchema } from "./structural.ts";
import { invalid } from "./violations.ts";

/** In place of Kubernetes' cost model: how many rules one object may run, and over how large a value. */
const MAX_EVALUATIONS = 10_000;
const MAX_VALUES = 100_000;

const OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run";

interface Run {
  readonly errors: FieldError[];
  evaluations: number;
  /** Values handed to rules, counted again for each rule that gets them. */
  values: number;
}

/** The value before the update, when there is one that corresponds. */
interface Old {
  readonly value: unknown;
}

/**
 * Runs the `x-kubernetes-validations` of a schema over an object that is structurally valid. A rule that mentions
 * `oldSelf` runs only where `old` has a corresponding value; items of lists correspond by their map keys only.
 */
export function validateRules(schema: StructuralSchema, object: object, old?: object): FieldError[] {
  const run: Run = { errors: [], evaluations: 0, values: 0 };
  const root = { ...schema, properties: { ...schema.properties, metadata: ROOT_METADATA } };
  visit(root, object, old === undefined ? undefined : { value: old }, "", run);
  return run.errors;
}

/** Rules see of metadata what is immutable anyway. */
const ROOT_METADATA: StructuralSchema = {
  type: "object",
  properties: {
    name: objectMetaSchema().properties!["name"]!,
    generateName: objectMetaSchema().properties!["generateName"]!,
  },
};

function visit(schema: StructuralSchema, value: unknown, old: Old | undefined, path: string, run: Run): void {
  for (const rule of schema["x-kubernetes-validations"] ?? []) runRule(rule, schema, value, old, { path, run });
  if (Array.isArray(value) && schema.items !== undefined) {
    const { items } = schema;
    const find = oldItems(schema, old);
    value.forEach((item, index) => visit(items, item, find(item), `${path}[${index}]`, run));
  } else if (isRecord(value)) {
    for (const key of Object.keys(value)) {
      const member = memberSchema(schema, key);
      if (member !== undefined) visit(member, value[key], oldMember(old, key), childPath(path, key), run);
    }
  }
}

function oldMember(old: Old | undefined, key: string): Old | undefined {
  if (!isRecord(old?.value) || !Object.hasOwn(old.value, key)) return undefined;
  return { value: old.value[key] };
}

/** Finds an item's former self in a list-type map; items of other lists have none. */
function oldItems(schema: StructuralSchema, old: Old | undefined): (item: unknown) => Old | undefined {
  if (schema["x-kubernetes-list-type"] !== "map" || !Array.isArray(old?.value)) return () => undefined;
  const byKey = new Map<string, unknown>();
  for (const item of old.value.filter(isRecord)) byKey.set(canonicalJson(listKey(schema, item)), item);
  return (item) => {
    const key = canonicalJson(listKey(schema, item as Json));
    return byKey.has(key) ? { value: byKey.get(key) } : undefined;
  };
}

interface Place {
  readonly path: string;
  readonly run: Run;
}

function runRule(
  rule: ValidationRule,
  schema: StructuralSchema,
  value: unknown,
  old: Old | undefined,
  { path, run }: Place,
): void {
  const transition = /\boldSelf\b/.test(rule.rule);
  if (transition && old === undefined && rule.optionalOldSelf !== true) return;
  if (exhausted(run, value, path)) return;
  const text = rule.message?.trim() ?? rule.rule.trim();
  try {
    const variables = {
      self: celValue(value, schema),
      ...(transition ? { oldSelf: oldSelf(rule, schema, old) } : {}),
    };
    if (program(rule.rule)(variables) === true) return;
    run.errors.push(failure(rule, schema, value, path, message(rule, variables)));
  } catch (thrown) {
    run.errors.push(invalid(path, schema.type ?? "", `${errorMessage(thrown)} evaluating rule: ${text}`));
  }
}

function oldSelf(rule: ValidationRule, schema: StructuralSchema, old: Old | undefined): unknown {
  if (rule.optionalOldSelf !== true) return celValue(old!.value, schema);
  if (old === undefined) return program("optional.none()")({});
  return program("optional.of(value)")({ value: celValue(old.value, schema) });
}

function exhausted(run: Run, value: unknown, path: string): boolean {
  if (run.evaluations > MAX_EVALUATIONS || run.values > MAX_VALUES) return true;
  run.evaluations += 1;
  run.values += countValues(value);
  if (run.evaluations <= MAX_EVALUATIONS && run.values <= MAX_VALUES) return false;
  run.errors.push(invalid(path, "", OUT_OF_BUDGET));
  return true;
}

/** How many scalars, members and items a value has; long strings count by the kilobyte. */
function countValues(value: unknown): number {
  if (typeof value === "string") return 1 + Math.floor(value.length / 1024);
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + countValues(item), 1);
}

function message(rule: ValidationRule, variables: Json): string {
  const fallback = rule.message?.trim() ?? `failed rule: ${rule.rule.trim()}`;
  if (rule.messageExpression === undefined) return fallback;
  try {
    const text: unknown = program(rule.messageExpression)(variables);
    return typeof text === "string" && text.trim() !== "" && !text.includes("\n") ? text : fallback;
  } catch {
    // Kubernetes falls back to the message when the expression fails.
    return fallback;
  }
}

function failure(
  rule: ValidationRule,
  schema: StructuralSchema,
  value: unknown,
  path: string,
  why: string,
): FieldError {
  const field = ruleField(rule, path);
  const shown = schema.type === "object" || schema.type === "array" ? {} : value;
  if (rule.reason === "FieldValueForbidden") return forbiddenValue(field, why);
  if (rule.reason === "FieldValueRequired") return requiredValue(field, why);
  if (rule.reason === "FieldValueDuplicate") return duplicateValue(field, value);
  return invalid(field, shown, why);
}

/** `spec` and `.ports['a b']` give `spec.ports[a b]`. */
function ruleField(rule: ValidationRule, path: string): string {
  if (rule.fieldPath === undefined) return path;
  const relative = rule.fieldPath.replaceAll(/\['([^']*)'\]/g, "[$1]");
  return path === "" ? relative.replace(/^\./, "") : `${path}${relative}`;
}
