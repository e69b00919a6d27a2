import type { Json } from "../objects.ts";
import { equalJson, isRecord } from "../objects.ts";
import { canonicalJson } from "../schema/json.ts";
import { listKey } from "../schema/list-types.ts";
import type { StructuralSchema } from "../schema/structural.ts";
import { memberSchema } from "../schema/structural.ts";
import type { FieldSet } from "./field-set.ts";
import { descend, emptySet } from "./field-set.ts";

/** Values with a schema as server-side apply sees them: what is merged field by field, what is owned as a whole. */

type Schema = StructuralSchema | undefined;

/** `map` and `list` have owners per member or item; `leaf` has owners as a whole. */
type Shape = "map" | "list" | "leaf";

function shapeOf(schema: Schema, value: unknown): Shape {
  if (Array.isArray(value)) {
    const type = schema?.["x-kubernetes-list-type"];
    return type === "set" || type === "map" ? "list" : "leaf";
  }
  return isRecord(value) && schema?.["x-kubernetes-map-type"] !== "atomic" ? "map" : "leaf";
}

function itemElement(schema: Schema, item: unknown): string {
  if (schema?.["x-kubernetes-list-type"] === "map" && isRecord(item))
    return `k:${canonicalJson(listKey(schema, item))}`;
  return `v:${canonicalJson(item)}`;
}

interface Member {
  readonly schema: Schema;
  readonly value: unknown;
}

/** Members or items of a value that is not a leaf, by path element. */
function membersOf(schema: Schema, value: unknown): Map<string, Member> {
  if (Array.isArray(value)) {
    return new Map(value.map((item) => [itemElement(schema, item), { schema: schema?.items, value: item as unknown }]));
  }
  const entries = isRecord(value) ? Object.entries(value) : [];
  return new Map(
    entries.map(([key, item]) => [
      `f:${key}`,
      { schema: schema === undefined ? undefined : memberSchema(schema, key), value: item },
    ]),
  );
}

/** The fields that an applied configuration mentions. */
export function fieldsOf(schema: Schema, value: unknown): FieldSet {
  const set = emptySet();
  collect(schema, value, set);
  return set;
}

function collect(schema: Schema, value: unknown, set: FieldSet): void {
  if (shapeOf(schema, value) === "leaf") {
    set.member = true;
    return;
  }
  for (const [element, member] of membersOf(schema, value)) {
    const child = descend(set, element);
    collect(member.schema, member.value, child);
    if (isOwnedItself(schema, element, member.value)) child.member = true;
  }
}

/** Items of lists, keys of maps and empty objects are there by themselves; fields of structs only by what is in them. */
function isOwnedItself(parent: Schema, element: string, value: unknown): boolean {
  if (!element.startsWith("f:")) return true;
  if (isRecord(value) && Object.keys(value).length === 0) return true;
  return !Object.hasOwn(parent?.properties ?? {}, element.slice(2));
}

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** How a value changed; `undefined` is absent. A new object or list counts itself among what is added. */
export function compare(schema: Schema, before: unknown, after: unknown): Comparison {
  const comparison = { added: emptySet(), modified: emptySet(), removed: emptySet() };
  compareValues(schema, before, after, comparison);
  return comparison;
}

function compareValues(schema: Schema, before: unknown, after: unknown, to: Comparison): void {
  const leaf = isLeafChange(schema, before, after);
  if (!leaf) compareMembers(membersOf(schema, before), membersOf(schema, after), to);
  if (before === undefined) to.added.member = true;
  else if (after === undefined) to.removed.member = true;
  else if (leaf && !equalJson(before, after)) to.modified.member = true;
}

function compareMembers(before: ReadonlyMap<string, Member>, after: ReadonlyMap<string, Member>, to: Comparison): void {
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(element), after.get(element)];
    if (old !== undefined && now !== undefined && equalJson(old.value, now.value)) continue;
    compareValues((now ?? old)!.schema, old?.value, now?.value, {
      added: descend(to.added, element),
      modified: descend(to.modified, element),
      removed: descend(to.removed, element),
    });
  }
}

function isLeafChange(schema: Schema, before: unknown, after: unknown): boolean {
  const shapes = new Set([before, after].filter((value) => value !== undefined).map((value) => shapeOf(schema, value)));
  return shapes.size !== 1 || shapes.has("leaf") || (isBare(before) && isBare(after));
}

function isBare(value: unknown): boolean {
  return value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

/** The stored value with an applied configuration laid over it. Shares parts with both. */
export function mergeTyped(schema: Schema, stored: unknown, applied: unknown): unknown {
  const shape = shapeOf(schema, applied);
  if (shape === "leaf" || shapeOf(schema, stored) !== shape) return applied;
  if (Array.isArray(stored) && Array.isArray(applied)) return mergeLists(schema, stored, applied);
  const merged: Json = { ...(stored as Json) };
  for (const [key, value] of Object.entries(applied as Json)) {
    const member = schema === undefined ? undefined : memberSchema(schema, key);
    merged[key] = Object.hasOwn(merged, key) ? mergeTyped(member, merged[key], value) : value;
  }
  return merged;
}

function mergeLists(schema: Schema, stored: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const element = (item: unknown): string => itemElement(schema, item);
  const byElement = new Map(stored.map((item) => [element(item), item]));
  for (const item of applied) {
    const existing = byElement.get(element(item));
    byElement.set(element(item), existing === undefined ? item : mergeTyped(schema?.items, existing, item));
  }
  const order = mergedOrder(stored.map(element), applied.map(element));
  return order.map((key) => byElement.get(key));
}

/** The applied items in their order; stored ones that were not applied stay behind what they stood behind. */
function mergedOrder(stored: readonly string[], applied: readonly string[]): string[] {
  const isApplied = new Set(applied);
  const place = new Map(stored.map((key, index) => [key, index]));
  const order: string[] = [];
  let next = 0;
  for (const key of applied) {
    const end = place.get(key);
    while (end === undefined ? next < stored.length && !isApplied.has(stored[next]!) : next < end) {
      if (!isApplied.has(stored[next]!)) order.push(stored[next]!);
      next++;
    }
    order.push(key);
  }
  return [...order, ...stored.slice(next).filter((key) => !isApplied.has(key))];
}

/**
 * The value without the fields of `removed`, except where `keep` has something. A member that goes takes everything
 * below it along; an object or list that loses its last member goes too (`undefined`).
 */
export function removeFields(schema: Schema, value: unknown, removed: FieldSet, keep: FieldSet): unknown {
  if (shapeOf(schema, value) === "leaf") return value;
  const kept: [string, unknown][] = [];
  let changed = false;
  for (const [element, member] of membersOf(schema, value)) {
    const left = removeMember(member, removed.children.get(element), keep.children.get(element) ?? emptySet());
    changed ||= left !== member.value;
    if (left !== undefined) kept.push([element, left]);
  }
  if (!changed) return value;
  if (kept.length === 0) return undefined;
  return Array.isArray(value)
    ? kept.map(([, item]) => item)
    : Object.fromEntries(kept.map(([element, item]) => [element.slice(2), item]));
}

function removeMember(member: Member, removed: FieldSet | undefined, keep: FieldSet): unknown {
  if (removed === undefined) return member.value;
  const wanted = keep.member || keep.children.size > 0;
  if (removed.member && !wanted) return undefined;
  const left = removeFields(member.schema, member.value, removed, keep);
  return left === undefined && keep.member ? (Array.isArray(member.value) ? [] : {}) : left;
}
