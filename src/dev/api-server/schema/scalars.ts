import type { FieldError } from "../status.ts";
import { hasFormat } from "./formats.ts";
import type { StructuralSchema } from "./structural.ts";
import { constraint, tooLong } from "./violations.ts";

/** Patterns are compiled once per schema. A pattern that does not compile matches everything. */
const patterns = new Map<string, RegExp | undefined>();

export function validateString(schema: StructuralSchema, text: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { minLength = 0, maxLength = Infinity, pattern, format } = schema;
  const length = codePoints(text);
  if (length > maxLength) errors.push(tooLong(path, maxLength));
  if (length < minLength) errors.push(constraint(path, text, `should be at least ${minLength} chars long`));
  // Matching is bounded by maxLength where a pattern could be slow: an overlong text has failed already.
  if (pattern !== undefined && length <= maxLength && regExp(pattern)?.test(text) === false) {
    errors.push(constraint(path, text, `should match '${pattern}'`));
  }
  if (format !== undefined && schema.type === "string" && !hasFormat(format, text)) {
    const shown = JSON.stringify(text);
    errors.push({
      reason: "FieldValueTypeInvalid",
      field: path,
      message: `Invalid value: ${shown}: ${path} in body must be of type ${format}: ${shown}`,
    });
  }
  return errors;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Go's regular expressions are nearly a subset of JavaScript's; only inline flags at the start differ. */
function regExp(pattern: string): RegExp | undefined {
  if (!patterns.has(pattern)) patterns.set(pattern, compile(pattern));
  return patterns.get(pattern);
}

function compile(pattern: string): RegExp | undefined {
  const [, flags = "", source = ""] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(pattern)!;
  try {
    return new RegExp(source.replaceAll("\\A", "^").replaceAll("\\z", "$"), `${flags}u`);
  } catch {
    return undefined;
  }
}

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
};

/** A bound that a number may break. */
interface Bound {
  readonly broken: boolean;
  readonly text: string;
}

export function validateNumber(schema: StructuralSchema, value: number | bigint, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const [low, high] = RANGES[schema.format ?? ""] ?? [-Infinity, Infinity];
  if (value < low || value > high) {
    errors.push({
      reason: "FieldValueInvalid",
      field: "<nil>",
      message: `Invalid value: "": Checked value must be of type ${schema.type} with format ${schema.format} in ${path}`,
    });
  }
  const broken = [upper(schema, value), lower(schema, value), step(schema, value)].filter((bound) => bound.broken);
  return [...errors, ...broken.map((bound) => constraint(path, value, `should be ${bound.text}`))];
}

function upper({ maximum = Infinity, exclusiveMaximum }: StructuralSchema, value: number | bigint): Bound {
  if (exclusiveMaximum === true) return { broken: value >= maximum, text: `less than ${maximum}` };
  return { broken: value > maximum, text: `less than or equal to ${maximum}` };
}

function lower({ minimum = -Infinity, exclusiveMinimum }: StructuralSchema, value: number | bigint): Bound {
  if (exclusiveMinimum === true) return { broken: value <= minimum, text: `greater than ${minimum}` };
  return { broken: value < minimum, text: `greater than or equal to ${minimum}` };
}

function step({ multipleOf = 0 }: StructuralSchema, value: number | bigint): Bound {
  return { broken: multipleOf > 0 && !isMultiple(value, multipleOf), text: `a multiple of ${multipleOf}` };
}

function isMultiple(value: number | bigint, of: number): boolean {
  if (typeof value === "bigint" && Number.isInteger(of)) return value % BigInt(of) === 0n;
  return Number.isInteger(Number(value) / of);
}
