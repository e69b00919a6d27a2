import { parse } from "yaml";
import { errorMessage } from "../../../lib/errors.ts";
import type { Json } from "../objects.ts";
import { badRequest } from "../errors.ts";
import { isRecord } from "../objects.ts";
import { MAX_DEPTH } from "../schema/structural.ts";
import { integer, parseJson } from "../json-text.ts";

/** A patch's body as JSON. Throws 400 for anything that is malformed, nested absurdly or unsafe to merge. */
export function parseJsonBody(body: Uint8Array | string): unknown {
  return checked(() => parseJson(bodyText(body)), "error decoding patch");
}

/** The body of an apply patch: YAML, of which JSON is a part. */
export function parseYamlBody(body: Uint8Array | string): Json {
  const value = checked(() => parseYaml(bodyText(body)), "error decoding YAML");
  if (!isRecord(value)) throw badRequest("error decoding YAML: the body is not an object");
  return value;
}

/** One YAML document as JSON data, with exact integers. Throws for what is malformed or expands absurdly. */
export function parseYaml(text: string): unknown {
  const options = {
    uniqueKeys: true,
    maxAliasCount: 100,
    schema: "core",
    logLevel: "error",
    prettyErrors: false,
    intAsBigInt: true,
  } as const;
  const exact = (_key: unknown, value: unknown): unknown => (typeof value === "bigint" ? integer(value) : value);
  return parse(text, exact, options) as unknown;
}

function bodyText(body: Uint8Array | string): string {
  return typeof body === "string" ? body : new TextDecoder("utf-8", { fatal: true }).decode(body);
}

function checked(read: () => unknown, what: string): unknown {
  let value: unknown;
  try {
    value = read();
  } catch (thrown) {
    throw badRequest(`${what}: ${errorMessage(thrown)}`);
  }
  const reason = unsafe(value);
  if (reason !== undefined) throw badRequest(`${what}: ${reason}`);
  return value;
}

/**
 * Why a client's data can't be worked with, or undefined. Copying and merging assign members by name: `__proto__` would
 * change an object's nature instead of its fields.
 */
export function unsafe(value: unknown, depth = 0): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} levels`;
  if (Object.hasOwn(value, "__proto__")) return `"__proto__" is not a field name`;
  for (const item of Object.values(value)) {
    const reason = unsafe(item, depth + 1);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
