import type { Json } from "../objects.ts";
import { isRecord } from "../objects.ts";
import { canonicalJson } from "../schema/json.ts";
import { MAX_DEPTH } from "../schema/structural.ts";
import { parseJson } from "../json-text.ts";

/**
 * A set of field paths as a tree (FieldsV1). Children are keyed by path element as FieldsV1 spells it: `f:spec`,
 * `k:{"port":80,"protocol":"TCP"}`, `v:"x"`, `i:0`. A node is a member of the set, or only leads to members.
 */
export interface FieldSet {
  member: boolean;
  readonly children: Map<string, FieldSet>;
}

export function emptySet(): FieldSet {
  return { member: false, children: new Map() };
}

export function isEmptySet(set: FieldSet): boolean {
  return !set.member && [...set.children.values()].every(isEmptySet);
}

/** The child for a path element, made when it is not there. */
export function descend(set: FieldSet, element: string): FieldSet {
  const known = set.children.get(element);
  if (known !== undefined) return known;
  const child = emptySet();
  set.children.set(element, child);
  return child;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isNothing(a)) return b;
  if (isNothing(b)) return a;
  return combine(a, b, (x, y) => x || y);
}

/** What is in `a` and not in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isNothing(a) || isNothing(b)) return a;
  return combine(a, b, (x, y) => x && !y);
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return combine(a, b, (x, y) => x && y);
}

export function sameSet(a: FieldSet, b: FieldSet): boolean {
  return isEmptySet(combine(a, b, (x, y) => x !== y));
}

function isNothing(set: FieldSet): boolean {
  return !set.member && set.children.size === 0;
}

const NOTHING: FieldSet = emptySet();

/** Keeps the members for which `rule` holds; branches without members go. `rule(false, false)` is false. */
function combine(a: FieldSet, b: FieldSet, rule: (inA: boolean, inB: boolean) => boolean): FieldSet {
  const result: FieldSet = { member: rule(a.member, b.member), children: new Map() };
  for (const element of new Set([...a.children.keys(), ...b.children.keys()])) {
    const child = combine(a.children.get(element) ?? NOTHING, b.children.get(element) ?? NOTHING, rule);
    if (child.member || child.children.size > 0) result.children.set(element, child);
  }
  return result;
}

/** The set without a path and everything below it. */
export function without(set: FieldSet, path: readonly string[]): FieldSet {
  const [head, ...rest] = path;
  const child = head === undefined ? undefined : set.children.get(head);
  if (head === undefined || child === undefined) return set;
  const children = new Map(set.children);
  const pruned = rest.length === 0 ? NOTHING : without(child, rest);
  if (isEmptySet(pruned)) children.delete(head);
  else children.set(head, pruned);
  return { member: set.member, children };
}

/** Members as paths of elements, parents before children. */
export function members(set: FieldSet, path: readonly string[] = []): string[][] {
  const here = set.member ? [[...path]] : [];
  const below = [...set.children.keys()].sort().flatMap((key) => members(set.children.get(key)!, [...path, key]));
  return [...here, ...below];
}

/** FieldsV1 JSON: `{}` is a member without children, `"."` marks a member that has some. */
export function toFieldsV1(set: FieldSet): Json {
  const fields: Json = {};
  if (set.member && [...set.children.values()].some((child) => !isEmptySet(child))) fields["."] = {};
  for (const key of [...set.children.keys()].sort()) {
    const child = set.children.get(key)!;
    if (!isEmptySet(child)) fields[key] = toFieldsV1(child);
  }
  return fields;
}

/** Reads FieldsV1; what is malformed in it is left out. */
export function fromFieldsV1(fields: unknown): FieldSet {
  return parse(fields, 0, true);
}

function parse(fields: unknown, depth: number, root: boolean): FieldSet {
  const set = emptySet();
  if (!isRecord(fields) || depth > MAX_DEPTH) return set;
  const elements = Object.keys(fields).filter((key) => key !== ".");
  set.member = !root && (elements.length === 0 || Object.hasOwn(fields, "."));
  for (const element of elements) {
    const normal = normalElement(element);
    if (normal !== undefined) set.children.set(normal, parse(fields[element], depth + 1, false));
  }
  return set;
}

function normalElement(element: string): string | undefined {
  const kind = element.slice(0, 2);
  if (kind === "f:") return element;
  if (kind !== "k:" && kind !== "v:" && kind !== "i:") return undefined;
  try {
    return kind + canonicalJson(parseJson(element.slice(2)));
  } catch {
    return undefined;
  }
}

/** `.spec.ports[port=80,protocol="TCP"].targetPort`, as conflicts name fields. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join("");
}

function elementText(element: string): string {
  const value = element.slice(2);
  if (element.startsWith("f:")) return `.${value}`;
  if (element.startsWith("i:")) return `[${value}]`;
  if (element.startsWith("v:")) return `[=${value}]`;
  const keys = Object.entries(parseJson(value) as Json);
  return `[${keys.map(([key, item]) => `${key}=${canonicalJson(item)}`).join(",")}]`;
}
