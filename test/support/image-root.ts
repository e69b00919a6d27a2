import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ImageConfig } from "./dockerfile.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** What NET_RAW is to the kernel. */
export const CAP_NET_RAW = 13;

/**
 * $1 becomes the root of a container as a runtime makes it: mounts, among them $2 as the service account, and nothing
 * writable; then the rest is run, which gives up what the container must not have.
 */
const AS_CONTAINER = `
  root=$1 account=$2; shift 2
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  if [ -n "$account" ]; then
    mkdir -p "$root${SERVICE_ACCOUNT}"
    mount --bind "$account" "$root${SERVICE_ACCOUNT}"
  fi
  mount -o remount,bind,ro "$root"
  exec capsh --chroot="$root" --no-new-privs "$@"`;

export interface ContainerOptions {
  readonly image: Pick<ImageConfig, "user" | "env"> & { readonly command: readonly string[] };
  /** Numbers of the capabilities that are not dropped. */
  readonly capabilities?: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
  /** Folder to be seen as the Pod's service account. */
  readonly serviceAccount?: string;
}

/** The root file system of the images, made by the script that the Dockerfile calls. */
export class ImageRoot {
  readonly path: string;
  /** What the script said. */
  readonly report: string;
  readonly #scratch = mkdtempSync(join(tmpdir(), "metallb-image-"));

  /** From the `dist` that is there; builds it when there is none. */
  constructor() {
    this.path = join(this.#scratch, "root");
    const run = (script: string, ...args: readonly string[]) =>
      execFileSync(process.execPath, [join(ROOT, "scripts", script), ...args], { encoding: "utf8" });
    if (!existsSync(join(ROOT, "dist/metallb.meta.json"))) run("build.ts");
    this.report = run("image-root.ts", "--output", this.path);
  }

  read(file: string): string {
    return readFileSync(join(this.path, file), "utf8");
  }

  /** Starts a command in it as a container: its user, no other capabilities, nothing writable. */
  spawn({ image, capabilities = [], env = {}, serviceAccount = "" }: ContainerOptions): ChildProcess {
    const [uid, gid] = image.user.split(":");
    const user = uid === "0" ? [] : [`--gid=${gid}`, `--groups=${gid}`, `--uid=${uid}`];
    const [program, ...args] = image.command;
    const limits = [`--drop=${allBut(capabilities)}`, ...user, `--shell=${program}`, "--", ...args];
    const container = ["-ec", AS_CONTAINER, "sh", this.path, serviceAccount, ...limits];
    return spawn("unshare", ["--mount", "--propagation=private", "sh", ...container], {
      stdio: ["ignore", "pipe", "pipe"],
      // The tools before the program need the machine's PATH; it gets the image's as it is told its environment.
      env: { ...image.env, ...env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` },
    });
  }

  close(): void {
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}

function allBut(kept: readonly number[]): string {
  const last = Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8"));
  const all = Array.from({ length: last + 1 }, (_, capability) => capability);
  return all.filter((capability) => !kept.includes(capability)).join(",");
}
