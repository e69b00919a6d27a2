/** What is too large about a part of an object, and where. */
export interface SizeProblem {
  /** A path below the part, such as `.addresses`. */
  readonly path: string;
  readonly message: string;
}

/** Far above what people write; checks that compare each item with each other stay quick below it. */
const MOST_ITEMS = 10_000;
const MOST_VALUES = 200_000;
const LONGEST_TEXT = 65_536;
const DEEPEST = 32;

/** Looks at a JSON value before anything else does; undefined: its size is fine. Takes no stack, however deep it is. */
export function sizeProblem(value: unknown): SizeProblem | undefined {
  const open = [{ value, path: "", depth: 0 }];
  for (let seen = 1; ; seen += 1) {
    const next = open.pop();
    if (next === undefined) return undefined;
    if (seen > MOST_VALUES) return { path: "", message: `more than ${MOST_VALUES} values` };
    const message = problemOf(next.value, next.depth);
    if (message !== undefined) return { path: next.path, message };
    if (typeof next.value !== "object" || next.value === null) continue;
    for (const [key, child] of Object.entries(next.value)) {
      const path = Array.isArray(next.value) ? `${next.path}[${key}]` : `${next.path}.${key.slice(0, 100)}`;
      open.push({ value: child, path, depth: next.depth + 1 });
    }
  }
}

function problemOf(value: unknown, depth: number): string | undefined {
  if (typeof value === "string" && value.length > LONGEST_TEXT) return `a text of ${value.length} characters`;
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > DEEPEST) return `nested more than ${DEEPEST} levels deep`;
  const items = Array.isArray(value) ? value.length : Object.keys(value).length;
  return items > MOST_ITEMS ? `${items} items` : undefined;
}
