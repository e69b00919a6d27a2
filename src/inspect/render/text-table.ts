/** The narrowest that a column of sentences may become; lines of a narrower terminal overflow. */
const NARROWEST = 24;

const GAP = "  ";

/**
 * Rows as kubectl prints them: columns side by side, no lines. The last column may hold sentences: it is wrapped to fit
 * into `width` characters (Infinity: never). Columns that are empty in all rows are left out with their heads.
 */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  const shown = head.map((_, column) => rows.some((row) => (row[column] ?? "") !== ""));
  const kept = [head, ...rows].map((row) => row.filter((_, column) => shown[column]));
  const widths = kept[0]!.map((_, column) => Math.max(...kept.map((row) => (row[column] ?? "").length)));
  const before = widths.slice(0, -1).reduce((sum, columnWidth) => sum + columnWidth + GAP.length, 0);
  const last = Math.max(NARROWEST, width - before);
  return kept.flatMap((row) => {
    const cells = row.slice(0, -1).map((cell, column) => cell.padEnd(widths[column]!));
    const lead = cells.map((cell) => cell + GAP).join("");
    return wrap(row.at(-1) ?? "", last).map((line, i) => ((i === 0 ? lead : " ".repeat(before)) + line).trimEnd());
  });
}

/** Breaks a text between words so that no line is longer than `width`, except for words that are. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length > width && line !== "") {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
