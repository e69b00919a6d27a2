import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

/** What build.sh calls before it looks for the compiler. */
const PROGRAMS = ["dirname", "find"];

let root: string;
let native: string;
let bin: string;

/** The addon's sources in a tree without node_modules, and a PATH without a compiler. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "build-test-"));
  native = join(root, "src/native");
  bin = join(root, "bin");
  for (const folder of [native, bin]) mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(import.meta.dirname).filter((file) => /\.(?:c|h|sh)$/.test(file)))
    copyFileSync(join(import.meta.dirname, name), join(native, name));
  for (const name of PROGRAMS) symlinkSync(find(name), join(bin, name));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function find(program: string): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path))!;
}

test.each([
  { what: "a compiler", env: {}, says: /no C compiler \(cc\)/ },
  { what: "the compiler that CC names", env: { CC: "no-such-cc -O1" }, says: /no C compiler \(no-such-cc -O1\)/ },
])("without $what the installation goes on, and one line says how to mend it", ({ env, says }) => {
  const { status, stdout, stderr } = spawnSync("/bin/sh", [join(native, "build.sh")], {
    encoding: "utf8",
    env: { PATH: bin, ...env },
  });
  expect(status).toBe(0);
  expect(stdout).toBe("");
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(says);
  expect(stderr).toContain("sh src/native/build.sh");
  expect(existsSync(join(native, "build"))).toBe(false);
});
