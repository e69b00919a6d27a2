import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, lstatSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const PLAIN = 0o644;
const PROGRAM = 0o755;

/**
 * A folder that will be the root of a file system. Modes and times of what is put there depend on nothing but the calls,
 * neither on the umask nor on the source.
 */
export class RootFolder {
  readonly path: string;

  /** Removes what was there. */
  constructor(path: string) {
    this.path = path;
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
  }

  folder(target: string): void {
    mkdirSync(join(this.path, target), { recursive: true });
  }

  write(target: string, text: string): void {
    this.folder(dirname(target));
    writeFileSync(join(this.path, target), text);
    chmodSync(join(this.path, target), PLAIN);
  }

  copy(source: string, target: string): void {
    this.#copy(source, target, PLAIN);
  }

  copyProgram(source: string, target: string): void {
    this.#copy(source, target, PROGRAM);
  }

  #copy(source: string, target: string, mode: number): void {
    this.folder(dirname(target));
    copyFileSync(source, join(this.path, target));
    chmodSync(join(this.path, target), mode);
  }

  /** Gives everything its time, in seconds, when nothing more is put there. Returns the size of all files in bytes. */
  seal(time: number): number {
    let bytes = 0;
    // Files before the folders they are in: touching them would not change a folder's time, but making them did.
    for (const name of readdirSync(this.path, { recursive: true, encoding: "utf8" }).sort().reverse()) {
      const path = join(this.path, name);
      const stat = lstatSync(path);
      if (stat.isDirectory()) chmodSync(path, PROGRAM);
      else bytes += stat.size;
      utimesSync(path, time, time);
    }
    chmodSync(this.path, PROGRAM);
    utimesSync(this.path, time, time);
    return bytes;
  }
}

/** Archives a folder's entry, the same for the same content: names in order, everything root's, at one time in seconds. */
export function archiveFolder(folder: string, entry: string, file: string, time: number): void {
  const same = ["--sort=name", "--format=gnu", "--owner=0", "--group=0", "--numeric-owner", `--mtime=@${time}`];
  execFileSync("tar", [...same, "-cf", file, "-C", folder, entry]);
}
