import type { Page } from "./page.ts";
import { textTable, wrap } from "./text-table.ts";
import { printable } from "./words.ts";

const INDENT = "  ";

/** A heading and the lines under it. */
export type Section = readonly [heading: string, lines: readonly string[]];

/** The answer, and under it those sections that have something to say. */
export function document(answer: readonly string[], sections: readonly Section[], { paint }: Page): string {
  const shown = sections.filter(([, lines]) => lines.length > 0);
  const body = shown.flatMap(([heading, lines]) => ["", paint.bold(heading), ...lines.map((line) => INDENT + line)]);
  return [...answer, ...body, ""].join("\n");
}

/** A sentence as lines of a section. */
export function sentence(text: string, { width }: Page): readonly string[] {
  return wrap(printable(text), width - INDENT.length);
}

/** A table as lines of a section; none without rows. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { paint, width }: Page,
): readonly string[] {
  if (rows.length === 0) return [];
  const cells = rows.map((row) => row.map(printable));
  const [first = "", ...rest] = textTable(head, cells, width - INDENT.length);
  return [paint.dim(first), ...rest];
}
