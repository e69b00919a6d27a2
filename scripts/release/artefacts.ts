import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One file of a release, as two builds made it. */
export interface Comparison {
  readonly name: string;
  /** In bytes; of the second build when the first has none. */
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** How the second build's differs; undefined: not at all. */
  readonly difference: string | undefined;
}

/** Compares the files of two folders by name and content. */
export function compareFolders(first: string, second: string): readonly Comparison[] {
  const names = new Set([...readdirSync(first), ...readdirSync(second)]);
  return [...names].sort().map((name) => {
    const [one, other] = [readIfThere(first, name), readIfThere(second, name)];
    const content = (one ?? other)!;
    return {
      name,
      size: content.length,
      sha256: createHash("sha256").update(content).digest("hex"),
      difference: differenceOf(one, other),
    };
  });
}

function readIfThere(folder: string, name: string): Buffer | undefined {
  return readdirSync(folder).includes(name) ? readFileSync(join(folder, name)) : undefined;
}

function differenceOf(one: Buffer | undefined, other: Buffer | undefined): string | undefined {
  if (one === undefined) return "only the second build has it";
  if (other === undefined) return "only the first build has it";
  if (one.equals(other)) return undefined;
  if (one.length !== other.length) return `the second build's has ${other.length} bytes`;
  return `they differ from byte ${one.findIndex((byte, index) => byte !== other[index])} on`;
}

/** A line for each file, and what is wrong with it below. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const width = Math.max(...comparisons.map(({ name }) => name.length));
  const lines = comparisons.map(({ name, size, sha256, difference }) => {
    const line = `${sha256}  ${name.padEnd(width)}  ${String(size).padStart(11)}`;
    return difference === undefined ? line : `${line}\n    NOT THE SAME: ${difference}`;
  });
  return `${lines.join("\n")}\n`;
}
