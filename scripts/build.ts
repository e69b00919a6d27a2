/**
 * Builds `dist/`: metallb.mjs (production), metallb-dev.mjs (embedded API server and lab) and metallb.node (packet
 * sockets). Fails when development or test code can be reached from the production bundle.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import type { Metafile } from "esbuild";

const ROOT = resolve(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const ADDON = join(ROOT, "src/native/build/metallb.node");
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };

/** CommonJS packages in the bundle call `require`; an ES module has none of its own. */
const REQUIRE_BANNER = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

/** The host's own Node may be too old to load what the bundle holds; say so instead of failing somewhere in it. */
const VERSION_BANNER = `if (Number.parseInt(process.versions.node) < 22) { process.stderr.write("metallb needs Node 22.19 or newer, this is " + process.version + "; in a checkout, npm run brings its own\\n"); process.exit(1); }`;

async function bundle(entry: string, outfile: string): Promise<Metafile> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: join(DIST, outfile),
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
    banner: {
      js: outfile === "metallb.mjs" ? `#!/usr/bin/env node\n${VERSION_BANNER}\n${REQUIRE_BANNER}` : REQUIRE_BANNER,
    },
    define: { METALLB_VERSION: JSON.stringify(version) },
  });
  return result.metafile;
}

function assertProductionOnly(metafile: Metafile): void {
  const strays = Object.keys(metafile.inputs).filter((path) => path.startsWith("src/dev/") || path.startsWith("test/"));
  if (strays.length > 0) throw new Error(`development code in the production bundle: ${strays.join(", ")}`);
}

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST, { recursive: true });
assertProductionOnly(await bundle("src/cli/main.ts", "metallb.mjs"));
await bundle("src/dev/main.ts", "metallb-dev.mjs");
chmodSync(join(DIST, "metallb.mjs"), 0o755);
if (existsSync(ADDON)) copyFileSync(ADDON, join(DIST, "metallb.node"));
else process.stderr.write("build: no native addon (sh src/native/build.sh says why); layer 2 will not answer\n");
