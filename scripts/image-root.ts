/**
 * Makes the root file system of the images from `dist/`, which `npm run build` has made: Node.js, the bundle, the addon,
 * the libraries they need, licences and an SBOM, and nothing else. The Dockerfile calls it; it needs no Docker itself.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Metafile } from "esbuild";
import { type Architecture, architecture } from "./image/architecture.ts";
import { type BundledPackage, bundledPackages } from "./image/bundled-packages.ts";
import { licenseIssues, thirdPartyLicenses } from "./image/licenses.ts";
import { type NodeRuntime, nodeRuntime } from "./image/node-runtime.ts";
import { archiveFolder, RootFolder } from "./image/root-folder.ts";
import { type Inventory, sbom } from "./image/sbom.ts";
import { type DebianPackage, debianPackage, type SharedLibrary, sharedLibraries } from "./image/shared-libraries.ts";

const HELP = `node scripts/image-root.ts [--arch amd64|arm64] [--output FOLDER] [--tar FILE]

  --arch    for which architecture; this machine's by default
  --output  the folder to make, which is removed before (.cache/image-root)
  --tar     also write it as one archive

SOURCE_DATE_EPOCH is the time of everything in it, in seconds; 0 by default.
`;

const ROOT = resolve(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const METAFILE = join(DIST, "metallb.meta.json");
const ADDON = join(DIST, "metallb.node");
const DOCUMENTS = "usr/share/doc";

/** Processes are started by number; names are for those who look at them. */
const PASSWD = "root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n";
const GROUP = "root:x:0:\nnogroup:x:65534:\n";
const NSSWITCH = "hosts: files dns\n";

/** Container runtimes mount these; they make them when they can. */
const MOUNT_POINTS = ["dev", "proc", "sys"];

interface Contents {
  /** Files of the program, in `dist`. */
  readonly program: readonly string[];
  readonly node: NodeRuntime;
  readonly libraries: readonly SharedLibrary[];
  /** The packages that the program and the libraries are of. */
  readonly npm: readonly BundledPackage[];
  readonly debian: readonly DebianPackage[];
}

/** All that goes in. Throws when something is missing, or may not be given to others. */
function gather(target: Architecture): Contents {
  if (!existsSync(METAFILE) || !existsSync(ADDON))
    throw new Error("dist is not complete: npm run build, with a C compiler");
  const metafile = JSON.parse(readFileSync(METAFILE, "utf8")) as Metafile;
  const npm = bundledPackages(metafile, ROOT);
  const issues = licenseIssues(npm);
  if (issues.length > 0) throw new Error(issues.join("\n"));
  const node = nodeRuntime(target, ROOT, join(ROOT, ".cache/node"));
  const libraries = sharedLibraries([node.binary, ADDON], target);
  const debian = [...new Set(libraries.map((library) => library.package))].sort();
  const bundle = Object.keys(metafile.outputs).map((output) => join(ROOT, output));
  return {
    program: [...bundle, ADDON],
    node,
    libraries,
    npm,
    debian: debian.map((name) => debianPackage(name, target)),
  };
}

function writePrograms(root: RootFolder, { program, node, libraries }: Contents): void {
  for (const name of MOUNT_POINTS) root.folder(name);
  root.copyProgram(node.binary, "usr/local/bin/node");
  for (const { source, target } of libraries) root.copyProgram(source, target);
  for (const file of program) root.copy(file, `metallb/${basename(file)}`);
}

function writeAccounts(root: RootFolder): void {
  root.write("etc/passwd", PASSWD);
  root.write("etc/group", GROUP);
  root.write("etc/nsswitch.conf", NSSWITCH);
}

/** Where scanners look for what is installed, as in other images without a package manager. */
function writeDebianRecords(root: RootFolder, { debian }: Contents): void {
  root.copy("/etc/os-release", "etc/os-release");
  for (const { name, version, architecture, sourceName, sourceVersion } of debian) {
    const source = `Source: ${sourceName} (${sourceVersion})`;
    const lines = [`Package: ${name}`, "Status: install ok installed", `Architecture: ${architecture}`, source];
    root.write(`var/lib/dpkg/status.d/${name}`, `${[...lines, `Version: ${version}`].join("\n")}\n`);
  }
}

/** Licences and the SBOM. `time` is in seconds. */
function writeDocuments(root: RootFolder, { node, npm, debian }: Contents, time: number): void {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const inventory: Inventory = {
    version,
    nodeVersion: node.version,
    nodeSha256: createHash("sha256").update(readFileSync(node.binary)).digest("hex"),
    npm,
    debian,
    debianVersion: debianVersion(),
  };
  root.copy(join(ROOT, "LICENSE"), `${DOCUMENTS}/metallb/LICENSE`);
  root.write(`${DOCUMENTS}/metallb/THIRD-PARTY-LICENSES`, thirdPartyLicenses(npm));
  root.write(`${DOCUMENTS}/metallb/sbom.cdx.json`, sbom(inventory, new Date(time * 1000)));
  root.copy(node.license, `${DOCUMENTS}/node/LICENSE`);
  for (const { name, copyright } of debian) root.write(`${DOCUMENTS}/${name}/copyright`, copyright);
}

function debianVersion(): string {
  return /^VERSION_ID="?([0-9]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "unstable";
}

function sourceDate(): number {
  const time = Number(process.env["SOURCE_DATE_EPOCH"] ?? 0);
  if (!Number.isSafeInteger(time) || time < 0) throw new Error("SOURCE_DATE_EPOCH is not a number of seconds");
  return time;
}

function make(target: Architecture, folder: string, tar: string | undefined): void {
  const time = sourceDate();
  const contents = gather(target);
  const root = new RootFolder(resolve(folder));
  writePrograms(root, contents);
  writeAccounts(root);
  writeDebianRecords(root, contents);
  writeDocuments(root, contents, time);
  const mebibytes = (root.seal(time) / 2 ** 20).toFixed(1);
  if (tar !== undefined) archiveFolder(root.path, ".", resolve(tar), time);
  process.stdout.write(`${root.path}: ${target.name}, ${mebibytes} MiB\n`);
}

const { values } = parseArgs({
  options: {
    arch: { type: "string" },
    output: { type: "string", default: join(ROOT, ".cache/image-root") },
    tar: { type: "string" },
    help: { type: "boolean" },
  },
});
if (values.help === true) {
  process.stdout.write(HELP);
} else {
  try {
    make(architecture(values.arch), values.output, values.tar);
  } catch (error) {
    process.stderr.write(`image-root: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
