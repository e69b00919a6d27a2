/**
 * `npm run release:check`: builds all files of a release twice, from clean clones of HEAD in different surroundings, and
 * fails unless both are the same to the byte.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { comparisonTable, compareFolders } from "./release/artefacts.ts";
import { buildRelease, type Surroundings } from "./release/build-release.ts";

const HELP = `npm run release:check -- [--output FOLDER]

Clones HEAD into two temporary folders, and in each: npm ci, build, image root, chart, manifests, SBOM. Prints SHA-256,
name and size of each file, and fails unless both builds made the same. Takes two minutes, a compiler and 2 GB of disk.

  --output  keep the files there
`;

const REPOSITORY = resolve(import.meta.dirname, "..");

/** Other folders, other rights, another time of day. */
const BUILDS: readonly Surroundings[] = [
  { umask: "022", timezone: "UTC" },
  { umask: "077", timezone: "Asia/Tokyo" },
];

function check(output: string | undefined): boolean {
  const changes = execFileSync("git", ["status", "--porcelain"], { cwd: REPOSITORY, encoding: "utf8" });
  if (changes !== "") process.stderr.write(`what is not committed is not looked at:\n${changes}`);
  const scratch = mkdtempSync(join(tmpdir(), "metallb-release-"));
  const started = performance.now();
  try {
    const [first, second] = BUILDS.map((surroundings, index) => {
      const folder = join(scratch, index === 0 ? "first" : "and-the-second");
      mkdirSync(folder);
      const progress = (step: string) => {
        const seconds = Math.round((performance.now() - started) / 1000);
        process.stderr.write(`${String(seconds).padStart(4)} s  build ${index + 1} of ${BUILDS.length}: ${step}\n`);
      };
      return buildRelease({ folder, repository: REPOSITORY, surroundings, progress });
    }) as [string, string];
    const comparisons = compareFolders(first, second);
    process.stdout.write(comparisonTable(comparisons));
    if (output !== undefined) cpSync(first, resolve(output), { recursive: true });
    return comparisons.every(({ difference }) => difference === undefined);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { output: { type: "string" }, help: { type: "boolean" } } });
if (values.help === true) {
  process.stdout.write(HELP);
} else {
  try {
    const same = check(values.output);
    process.stdout.write(same ? "both builds are the same\n" : "the builds are not the same\n");
    process.exitCode = same ? 0 : 1;
  } catch (error) {
    // A step that fails says why itself.
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
