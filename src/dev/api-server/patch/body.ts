import { parse as parseYaml } from "yaml";
import { errorMessage } from "../../../lib/errors.ts";
import type { Json } from "../objects.ts";
import { badRequest } from "../errors.ts";
import { isRecord } from "../objects.ts";
import { MAX_DEPTH } from "../schema/structural.ts";

/** A patch's body as JSON. Throws 400 for anything that is malformed, nested absurdly or unsafe to merge. */
export function parseJsonBody(body: Uint8Array | string): unknown {
  return checked(() => JSON.parse(bodyText(body)) as unknown, "error decoding patch");
}

/** The body of an apply patch: YAML, of which JSON is a part. */
export function parseYamlBody(body: Uint8Array | string): Json {
  const options = { uniqueKeys: true, maxAliasCount: 100, schema: "core", logLevel: "error" } as const;
  const value = checked(() => parseYaml(bodyText(body), options) as unknown, "error decoding YAML");
  if (!isRecord(value)) throw badRequest("error decoding YAML: the body is not an object");
  return value;
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
  const reason = unsafe(value, 0);
  if (reason !== undefined) throw badRequest(`${what}: ${reason}`);
  return value;
}

/** Merging assigns members by name: `__proto__` would change an object's nature instead of its fields. */
function unsafe(value: unknown, depth: number): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} levels`;
  if (Object.hasOwn(value, "__proto__")) return `"__proto__" is not a field name`;
  for (const item of Object.values(value)) {
    const reason = unsafe(item, depth + 1);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
