import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { comparisonTable, compareFolders } from "../scripts/release/artefacts.ts";

/** SHA-256 of "abc", from FIPS 180-2. */
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

let scratch: string;

beforeEach(() => (scratch = mkdtempSync(join(tmpdir(), "metallb-artefacts-"))));
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

function build(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  return folder;
}

test("two builds of the same are a list of sums and sizes", () => {
  const files = { "b.tgz": "abc", "a.tar": "" };
  const comparisons = compareFolders(build("1", files), build("2", files));
  expect(comparisons.map(({ name, size, difference }) => ({ name, size, difference }))).toEqual([
    { name: "a.tar", size: 0, difference: undefined },
    { name: "b.tgz", size: 3, difference: undefined },
  ]);
  expect(comparisons[1]!.sha256).toBe(ABC);
  expect(comparisonTable(comparisons)).toContain(`${ABC}  b.tgz            3\n`);
});

test.each([
  { what: "another byte", first: { x: "abc" }, second: { x: "abd" }, says: "they differ from byte 2 on" },
  { what: "another length", first: { x: "abc" }, second: { x: "ab" }, says: "the second build's has 2 bytes" },
  { what: "a file less", first: { x: "abc" }, second: {}, says: "only the first build has it" },
  { what: "a file more", first: {}, second: { x: "abc" }, says: "only the second build has it" },
])("$what is a difference", ({ first, second, says }) => {
  const comparisons = compareFolders(build("1", first), build("2", second));
  expect(comparisons).toEqual([expect.objectContaining({ name: "x", difference: says })]);
  expect(comparisonTable(comparisons)).toContain(`NOT THE SAME: ${says}`);
});
