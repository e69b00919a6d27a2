import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { VolumeFiles } from "./volume-files.ts";
import { replaceFiles } from "./volume-writer.ts";

let folder: string;

beforeEach(() => (folder = join(mkdtempSync(join(tmpdir(), "volume-")), "v")));
afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

function files(texts: Readonly<Record<string, string>>, mode = 0o644): VolumeFiles {
  return new Map(Object.entries(texts).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));
}

const names = (): string[] => readdirSync(folder).filter((name) => !name.startsWith(".."));
const read = (path: string): string => readFileSync(join(folder, path), "utf8");

test("files come, change and go", () => {
  replaceFiles(folder, files({ a: "1", "sub/b": "2" }), undefined);
  expect([names(), read("a"), read("sub/b")]).toEqual([["a", "sub"], "1", "2"]);
  replaceFiles(folder, files({ a: "3", c: "4" }), undefined);
  expect([names(), read("a"), read("c")]).toEqual([["a", "c"], "3", "4"]);
  replaceFiles(folder, files({}), undefined);
  expect(names()).toEqual([]);
});

test("all of them change with one link, and what was before is gone", () => {
  replaceFiles(folder, files({ a: "1" }), undefined);
  const before = readlinkSync(join(folder, "..data"));
  replaceFiles(folder, files({ a: "2" }), undefined);
  expect(readlinkSync(join(folder, "a"))).toBe("..data/a");
  expect(readlinkSync(join(folder, "..data"))).not.toBe(before);
  expect(readdirSync(folder)).not.toContain(before);
});

test("what is the same is left alone", () => {
  replaceFiles(folder, files({ a: "1", "sub/b": "2" }), undefined);
  const before = readlinkSync(join(folder, "..data"));
  replaceFiles(folder, files({ a: "1", "sub/b": "2" }), undefined);
  expect(readlinkSync(join(folder, "..data"))).toBe(before);
});

test("places for other volumes stay", () => {
  replaceFiles(folder, files({ a: "1" }), undefined);
  mkdirSync(join(folder, "inner"));
  replaceFiles(folder, files({ b: "1" }), undefined);
  expect(names()).toEqual(["b", "inner"]);
});

test("modes are those of the volume", () => {
  replaceFiles(folder, files({ a: "1" }, 0o400), undefined);
  expect((statSync(join(folder, "a")).mode & 0o777).toString(8)).toBe("400");
});
