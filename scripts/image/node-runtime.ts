import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "./architecture.ts";

export interface NodeRuntime {
  readonly version: string;
  /** Path of the binary. */
  readonly binary: string;
  /** Path of its licence, and those of everything built into it. */
  readonly license: string;
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string } | undefined>>;
}

/**
 * Node.js for an architecture: npm's package `node-linux-…` in the version and with the content that package-lock.json
 * names. `npm ci` has installed that of this machine; another one is fetched into `cache`.
 */
export function nodeRuntime({ node }: Architecture, root: string, cache: string): NodeRuntime {
  const name = `node-linux-${node}`;
  const lockfile = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lockfile;
  const locked = lockfile.packages[`node_modules/${name}`];
  if (locked === undefined) throw new Error(`package-lock.json has no ${name}: npm i -E -O ${name}`);
  const installed = join(root, "node_modules", name);
  const folder = existsSync(installed) ? installed : fetchPackage(name, locked.version, locked.integrity, cache);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  if (version !== locked.version)
    throw new Error(`${folder} is version ${version}, package-lock.json says ${locked.version}: npm ci`);
  return { version, binary: join(folder, "bin/node"), license: join(folder, "LICENSE") };
}

function fetchPackage(name: string, version: string, integrity: string, cache: string): string {
  const folder = join(cache, `${name}-${version}`);
  if (existsSync(join(folder, "package.json"))) return folder;
  mkdirSync(cache, { recursive: true });
  const pack = ["pack", `${name}@${version}`, "--silent", "--ignore-scripts", "--pack-destination", cache];
  const tarball = join(cache, execFileSync("npm", pack, { encoding: "utf8", cwd: cache }).trim());
  const got = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
  if (got !== integrity) throw new Error(`${name} ${version} is ${got}, package-lock.json says ${integrity}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "--no-same-owner", "-C", folder]);
  rmSync(tarball);
  return folder;
}
