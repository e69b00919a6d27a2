import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readManifestTexts } from "./manifest-files.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "metallb-manifests-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text = path): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
}

async function* chunks(...texts: readonly string[]) {
  for (const text of texts) yield Buffer.from(text);
}

async function read(...paths: readonly string[]): Promise<readonly string[]> {
  const texts = await readManifestTexts(paths, chunks("from ", "stdin"));
  return texts.map(({ path, text, named }) => `${path.replace(`${root}/`, "")} ${text}${named ? " named" : ""}`);
}

test("a folder: YAML and JSON at any depth, in the order of names, nothing hidden", async () => {
  for (const path of ["b.yaml", "a.yml", "c.json", "c.txt", "sub/deep/d.yaml", ".git/e.yaml", ".f.yaml"]) write(path);
  expect(await read(root)).toEqual([
    "a.yml a.yml",
    "b.yaml b.yaml",
    "c.json c.json",
    "sub/deep/d.yaml sub/deep/d.yaml",
  ]);
});

test("links to files are followed, links to folders are not: a mounted ConfigMap is read once, a circle ends", async () => {
  write("..2026/pool.yaml", "pool");
  symlinkSync(join(root, "..2026"), join(root, "..data"));
  symlinkSync(join(root, "..data/pool.yaml"), join(root, "pool.yaml"));
  symlinkSync(root, join(root, "again"));
  expect(await read(root)).toEqual(["pool.yaml pool"]);
});

test("a file that is named is read whatever it is called, and - is standard input; a byte order mark is dropped", async () => {
  write("pools", "\u{FEFF}text");
  expect(await read(join(root, "pools"), "-")).toEqual(["pools text named", "- from stdin named"]);
});

test("what can't be read is named", async () => {
  await expect(read(join(root, "nothing.yaml"))).rejects.toThrow(/nothing\.yaml: no such file or folder/);
  await expect(read(root)).rejects.toThrow(/no \.yaml, \.yml, \.json file in this folder/);
});

test("input without end is not read to its end", async () => {
  const endless = (async function* () {
    for (;;) yield new Uint8Array(1024 * 1024);
  })();
  await expect(readManifestTexts(["-"], endless)).rejects.toThrow(/standard input: larger than 32 MiB/);
});
