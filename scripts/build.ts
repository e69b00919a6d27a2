/**
 * Builds `dist/`: metallb.mjs and its parts that are loaded when needed (production), metallb-dev.mjs (embedded API
 * server and lab), metallb.node (packet sockets) and metallb.meta.json (what the production bundle is made of). Fails when
 * development or test code can be reached from the production bundle.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import type { Metafile } from "esbuild";

const ROOT = resolve(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const ADDON = join(ROOT, "src/native/build/metallb.node");
/** What the lab installs; images are built without. */
const MANIFESTS = join(ROOT, "manifests/metallb.yaml");
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };

/** CommonJS packages in the bundle call `require`; an ES module has none of its own. */
const REQUIRE_BANNER = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

/** The host's own Node may be too old to load what the bundle holds; say so instead of failing somewhere in it. */
const VERSION_BANNER = `if (Number.parseInt(process.versions.node) < 22) { process.stderr.write("metallb needs Node 22.19 or newer, this is " + process.version + "; in a checkout, npm run brings its own\\n"); process.exit(1); }`;

/** What is imported dynamically becomes a file of its own, `NAME-part-….mjs`: who doesn't need it doesn't load it. */
async function bundle(name: string, entry: string): Promise<Metafile> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: { [name]: entry },
    // Named, so that a build without it fails: what it says of modules decides about the order of the code.
    tsconfig: "tsconfig.json",
    outdir: DIST,
    outExtension: { ".js": ".mjs" },
    chunkNames: `${name}-part-[hash]`,
    splitting: true,
    bundle: true,
    minify: true,
    keepNames: true,
    platform: "node",
    format: "esm",
    target: "node24",
    metafile: true,
    legalComments: "none",
    logLevel: "warning",
    external: ["./metallb-dev.mjs"],
    banner: { js: REQUIRE_BANNER },
    define: { METALLB_VERSION: JSON.stringify(version) },
  });
  return result.metafile;
}

function assertProductionOnly(metafile: Metafile): void {
  const strays = Object.keys(metafile.inputs).filter((path) => path.startsWith("src/dev/") || path.startsWith("test/"));
  if (strays.length > 0) throw new Error(`development code in the production bundle: ${strays.join(", ")}`);
}

/** Every part would get it as a banner, and only the entry is ever run as a program. */
function makeExecutable(file: string): void {
  writeFileSync(file, `#!/usr/bin/env node\n${VERSION_BANNER}\n${readFileSync(file, "utf8")}`);
  chmodSync(file, 0o755);
}

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST, { recursive: true });
const production = await bundle("metallb", "src/cli/main.ts");
assertProductionOnly(production);
// What is in it, for image-root.ts: its files, and the packages whose licences go with them.
writeFileSync(join(DIST, "metallb.meta.json"), JSON.stringify(production));
await bundle("metallb-dev", "src/dev/main.ts");
makeExecutable(join(DIST, "metallb.mjs"));
if (existsSync(ADDON)) copyFileSync(ADDON, join(DIST, "metallb.node"));
else process.stderr.write("build: no native addon (sh src/native/build.sh says why); layer 2 will not answer\n");
if (existsSync(MANIFESTS)) copyFileSync(MANIFESTS, join(DIST, "metallb.yaml"));
