import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { FileOwner } from "./runtime.ts";
import type { VolumeFiles } from "./volume-files.ts";

/** The link that says which folder has the present files. */
const CURRENT = "..data";

/**
 * Replaces the files of a volume as a kubelet does: they are in a folder of their own, to which `..data` leads, and each
 * name leads through `..data`. So all of them change in the moment in which that one link is replaced.
 */
export function replaceFiles(folder: string, files: VolumeFiles, owner: FileOwner | undefined): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const before = existsSync(join(folder, CURRENT)) ? readlinkSync(join(folder, CURRENT)) : undefined;
  if (before !== undefined && isSame(join(folder, before), files)) return;
  const next = mkdtempSync(join(folder, "..version-"));
  chmodSync(next, 0o755);
  for (const [path, { content, mode }] of files) writeFile(join(next, path), content, mode, owner);
  symlinkSync(next.slice(folder.length + 1), join(folder, `${CURRENT}-next`));
  renameSync(join(folder, `${CURRENT}-next`), join(folder, CURRENT));
  linkNames(folder, files);
  if (before !== undefined) rmSync(join(folder, before), { recursive: true });
}

function writeFile(path: string, content: Buffer, mode: number, owner: FileOwner | undefined): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, content);
  if (owner !== undefined) chownSync(path, owner.user, owner.group);
  // A group that volumes are for can read them, whatever the mode says.
  chmodSync(path, owner === undefined || owner.group === 0 ? mode : mode | 0o440);
}

/** Links for the first parts of all paths, and none for those that are gone. */
function linkNames(folder: string, files: VolumeFiles): void {
  const names = new Set([...files.keys()].map((path) => path.split("/")[0]!));
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isSymbolicLink() && !entry.name.startsWith("..") && !names.has(entry.name))
      rmSync(join(folder, entry.name));
  }
  for (const name of names) {
    if (!readdirSync(folder).includes(name)) symlinkSync(join(CURRENT, name), join(folder, name));
  }
}

function isSame(folder: string, files: VolumeFiles): boolean {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const present = paths.filter((path) => statSync(join(folder, path)).isFile());
  if (present.length !== files.size) return false;
  return present.every((path) => files.get(path)?.content.equals(readFileSync(join(folder, path))) === true);
}
