/**
 * Readers for objects that came over the wire. They never throw: what has the wrong type, or is longer than it can
 * sensibly be, counts as absent.
 */
export type Fields = Readonly<Record<string, unknown>>;

const NO_FIELDS: Fields = Object.freeze({});
const NO_ITEMS: readonly never[] = Object.freeze([]);
const NO_TEXTS: Readonly<Record<string, string>> = Object.freeze({});

/** Names of Kubernetes objects and keys of labels and annotations fit in this many characters. */
const NAME_LENGTH = 317;

/** The API server's limit for all annotations of an object together, in bytes. */
const ANNOTATION_LENGTH = 262_144;

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : NO_FIELDS;
}

/** At most `most` items; the rest is cut off. */
export function itemsOf(value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) return NO_ITEMS;
  return value.length > most ? (value.slice(0, most) as unknown[]) : (value as unknown[]);
}

export function textOf(value: unknown, longest = NAME_LENGTH): string | undefined {
  return typeof value === "string" && value.length <= longest ? value : undefined;
}

/** The strings of a list, at most `most` of them. */
export function textsOf(value: unknown, most: number): readonly string[] {
  const items = itemsOf(value, most);
  if (items.length === 0) return NO_ITEMS;
  return items.map((item) => textOf(item)).filter((text) => text !== undefined);
}

/** The string values of a map (labels, selectors). An empty map is one shared object. */
export function textMapOf(value: unknown): Readonly<Record<string, string>> {
  const kept = Object.entries(fieldsOf(value)).filter(([key, text]) => isEntry(key, text));
  return kept.length === 0 ? NO_TEXTS : (Object.fromEntries(kept) as Readonly<Record<string, string>>);
}

function isEntry(key: string, text: unknown): boolean {
  return textOf(key) !== undefined && textOf(text) !== undefined;
}

/** Those annotations whose keys are in `keys`. Values are not cut: two long values must not become equal. */
export function annotationsOf(value: unknown, keys: readonly string[]): Readonly<Record<string, string>> {
  const annotations = fieldsOf(value);
  const kept = keys
    .filter((key) => Object.hasOwn(annotations, key) && textOf(annotations[key], ANNOTATION_LENGTH) !== undefined)
    .map((key) => [key, annotations[key]] as const);
  return kept.length === 0 ? NO_TEXTS : (Object.fromEntries(kept) as Readonly<Record<string, string>>);
}
