import { badRequest } from "../errors.ts";
import type { Json } from "../objects.ts";
import { isRecord, text } from "../objects.ts";
import { canonicalJson } from "../schema/json.ts";
import type { StructuralSchema } from "../schema/structural.ts";
import { memberSchema } from "../schema/structural.ts";
import { orderList } from "./strategic-order.ts";
import { stringifyJson } from "../json-text.ts";

const SET_ELEMENT_ORDER = "$setElementOrder/";
const DELETE_FROM_PRIMITIVE_LIST = "$deleteFromPrimitiveList/";

/**
 * Strategic merge patch: a merge patch that knows, from `x-kubernetes-patch-strategy` and `-merge-key`, which lists are
 * merged item by item. Without a schema it merges objects and replaces lists. Shares with `current` what the patch
 * leaves alone. Throws 400 for a directive or an item that makes no sense.
 */
export function strategicMerge(current: Json, patch: Json, schema?: StructuralSchema): Json {
  const directive = patch["$patch"] ?? "merge";
  if (directive === "replace") return withoutDirectives(patch);
  if (directive === "delete") return {};
  if (directive !== "merge") throw badRequest(`unknown patch type found: ${JSON.stringify(directive)}`);
  const merged = retainKeys(current, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (isDirective(key)) applyDirective(merged, patch, key, schema);
    else if (value === null) delete merged[key];
    else merged[key] = mergeMember(merged[key], value, listContext(patch, key, schema));
  }
  return merged;
}

/** `$retainKeys` lists the keys that may stay: fields of a union that the patch switches. */
function retainKeys(current: Json, patch: Json): Json {
  const retained = patch["$retainKeys"];
  if (retained === undefined) return { ...current };
  if (!Array.isArray(retained)) throw badRequest("invalid value for $retainKeys directive");
  return Object.fromEntries(Object.entries(current).filter(([key]) => retained.includes(key)));
}

/** What merging one member needs to know. */
interface MemberContext {
  readonly schema: StructuralSchema | undefined;
  readonly strategy: ReadonlySet<string>;
  readonly mergeKey: string | undefined;
  readonly order: readonly unknown[] | undefined;
  readonly deletions: readonly unknown[];
}

function listContext(patch: Json, key: string, schema: StructuralSchema | undefined): MemberContext {
  const member = schema === undefined ? undefined : memberSchema(schema, key);
  return {
    schema: member,
    strategy: new Set((member?.["x-kubernetes-patch-strategy"] ?? "").split(",")),
    mergeKey: member?.["x-kubernetes-patch-merge-key"],
    order: listDirective(patch, SET_ELEMENT_ORDER + key),
    deletions: listDirective(patch, DELETE_FROM_PRIMITIVE_LIST + key) ?? [],
  };
}

function listDirective(patch: Json, name: string): readonly unknown[] | undefined {
  const value = patch[name];
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw badRequest(`${name.slice(0, name.indexOf("/"))} directive must be a list`);
  return value;
}

/** A directive about a list that the patch does not otherwise mention. */
function applyDirective(merged: Json, patch: Json, directive: string, schema: StructuralSchema | undefined): void {
  const key = directive.slice(directive.indexOf("/") + 1);
  const current = merged[key];
  if (!directive.includes("/") || Object.hasOwn(patch, key) || !Array.isArray(current)) return;
  merged[key] = mergeList(current, [], listContext(patch, key, schema));
}

function mergeMember(current: unknown, value: unknown, context: MemberContext): unknown {
  const { strategy } = context;
  if (isRecord(value) && isRecord(current) && !strategy.has("replace")) {
    return strategicMerge(current, value, context.schema);
  }
  if (Array.isArray(value) && Array.isArray(current) && strategy.has("merge")) {
    return mergeList(current, value, context);
  }
  return withoutDirectives(value);
}

function mergeList(current: readonly unknown[], patch: readonly unknown[], context: MemberContext): unknown[] {
  const { mergeKey, order, deletions } = context;
  if (mergeKey === undefined) {
    const gone = new Set(deletions.map(canonicalJson));
    const items = new Map([...current, ...patch].map((item) => [canonicalJson(item), item]));
    const kept = [...items].filter(([key]) => !gone.has(key)).map(([, item]) => item);
    return orderList(kept, current, order, canonicalJson);
  }
  const merged = mergeObjects(current, patch, mergeKey, context.schema?.items);
  return orderList(merged, current, order, (item) => storedKey(item, mergeKey));
}

function mergeObjects(
  current: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
  items: StructuralSchema | undefined,
): unknown[] {
  const changes = patch.map((item) => asObject(item));
  if (changes.some((item) => item["$patch"] === "replace")) {
    return changes.filter((item) => item["$patch"] !== "replace").map((item) => withoutDirectives(item));
  }
  const gone = new Set(changes.filter(isDeletion).map((item) => keyOf(item, mergeKey)));
  const merged = current.filter((item) => !gone.has(storedKey(item, mergeKey)));
  // Two ports may share a number (TCP and UDP): a patch means the first, as with a real server.
  const places = new Map(merged.map((item, index) => [storedKey(item, mergeKey), index] as const).toReversed());
  for (const change of changes.filter((item) => !isDeletion(item))) {
    const key = keyOf(change, mergeKey);
    const place = places.get(key) ?? merged.length;
    const existing = merged[place];
    merged[place] = isRecord(existing) ? strategicMerge(existing, change, items) : withoutDirectives(change);
    places.set(key, place);
  }
  return merged;
}

function isDeletion(item: Json): boolean {
  return item["$patch"] === "delete";
}

function storedKey(item: unknown, mergeKey: string): string {
  return isRecord(item) ? text(item[mergeKey]) : "";
}

function asObject(item: unknown): Json {
  if (!isRecord(item)) throw badRequest("expected a map in a list that is merged by key");
  return item;
}

function keyOf(item: Json, mergeKey: string): string {
  if (item[mergeKey] === undefined) {
    throw badRequest(`map: ${stringifyJson(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return text(item[mergeKey]);
}

/** A patch's value where there is nothing to merge it with: directives and nulls only make sense against something. */
function withoutDirectives<T>(value: T): T {
  if (Array.isArray(value)) {
    const kept = value.filter(
      (item) => !(isRecord(item) && typeof item["$patch"] === "string" && item["$patch"] !== "merge"),
    );
    return kept.map((item: unknown) => withoutDirectives(item)) as T;
  }
  if (!isRecord(value)) return value;
  const members = Object.entries(value).filter(([key, item]) => item !== null && !isDirective(key));
  return Object.fromEntries(members.map(([key, item]) => [key, withoutDirectives(item)])) as T;
}

function isDirective(key: string): boolean {
  return (
    key === "$patch" ||
    key === "$retainKeys" ||
    key.startsWith(SET_ELEMENT_ORDER) ||
    key.startsWith(DELETE_FROM_PRIMITIVE_LIST)
  );
}
