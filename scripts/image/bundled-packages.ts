import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metafile } from "esbuild";

/** An npm package of which something is in the bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, as its package.json has it; "" when it has none. */
  readonly license: string;
  readonly description: string;
  /** Its licence, notice and copyright files. */
  readonly texts: readonly LicenseText[];
}

interface LicenseText {
  readonly file: string;
  readonly text: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: unknown;
  readonly description?: string;
}

/** The innermost package that a file of node_modules belongs to. */
const PACKAGE_FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

const LICENSE_FILE = /^(?:un)?licen[cs]e|^copying|^copyright|^notice/i;

/** The packages that code of the bundle comes from, by name and version. `root` is where the metafile's paths begin. */
export function bundledPackages(metafile: Metafile, root: string): readonly BundledPackage[] {
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  const used = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  const folders = new Set(used.flatMap((path) => PACKAGE_FOLDER.exec(path)?.[1] ?? []));
  const packages = new Map(
    [...folders].map((folder) => readPackage(join(root, folder))).map((one) => [keyOf(one), one]),
  );
  return [...packages].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function readPackage(folder: string): BundledPackage {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const files = readdirSync(folder).filter((file) => LICENSE_FILE.test(file));
  return {
    name: manifest.name,
    version: manifest.version,
    license: typeof manifest.license === "string" ? manifest.license : "",
    description: manifest.description ?? "",
    texts: files.sort().map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") })),
  };
}

function keyOf({ name, version }: BundledPackage): string {
  return `${name} ${version}`;
}
