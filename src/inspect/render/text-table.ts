import { counted } from "./words.ts";

/** A column of sentences that would be narrower than this goes below its row instead. */
const NARROWEST = 24;

const GAP = "  ";
const BELOW = " ".repeat(4);

type Row = readonly string[];

/**
 * Rows as kubectl prints them: columns side by side, no lines. The last column may hold sentences: it is wrapped to fit
 * into `width` characters (Infinity: never), and goes below its row when there is no room beside it. Columns that are
 * empty in all rows are left out with their heads.
 */
export function textTable(head: Row, rows: readonly Row[], width: number): readonly string[] {
  const shown = head.map((_, column) => rows.some((row) => (row[column] ?? "") !== ""));
  const kept = [head, ...rows].map((row) =>
    head.map((_, column) => row[column] ?? "").filter((_, column) => shown[column]),
  );
  const widths = kept[0]!.map((_, column) => Math.max(...kept.map((row) => row[column]!.length)));
  const before = widths.slice(0, -1).reduce((sum, columnWidth) => sum + columnWidth + GAP.length, 0);
  const room = width - before;
  const isBeside = widths.at(-1)! <= room || room >= NARROWEST;
  return kept.flatMap((row, i) => {
    const lead = row
      .slice(0, -1)
      .map((cell, column) => cell.padEnd(widths[column]!) + GAP)
      .join("");
    const last = row.at(-1) ?? "";
    if (isBeside) return beside(lead, wrap(last, room));
    const below = i === 0 || last === "" ? [] : wrap(last, width - BELOW.length).map((line) => BELOW + line);
    return [lead.trimEnd(), ...below];
  });
}

function beside(lead: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, i) => ((i === 0 ? lead : " ".repeat(lead.length)) + line).trimEnd());
}

/** The first `most` rows, and how many there are more. */
export function capped(rows: readonly Row[], most: number): readonly Row[] {
  return rows.length <= most ? rows : [...rows.slice(0, most), [`and ${counted(rows.length - most, "more", "more")}`]];
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
