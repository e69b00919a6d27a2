import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import type { PodSpec } from "./pod-spec.ts";
import type { Exit, FileOwner, Launch, PodNetwork, RunningProcess, Runtime } from "./runtime.ts";
import type { VolumeFiles } from "./volume-files.ts";
import { PATH_VARIABLE } from "./sandbox-script.ts";
import { replaceFiles } from "./volume-writer.ts";

export interface RuntimeOptions {
  /** The folder with the bundle. */
  readonly bundle: string;
  /** Where Pods' folders are; it is best in memory, because Secrets are in it. */
  readonly pods: string;
  /** Where logs go, as `<namespace>/<pod>.log`. */
  readonly logs: string;
  readonly openNetwork: (pod: PodSpec) => Promise<PodNetwork>;
}

/** Runs containers with what Linux and util-linux have: namespaces, mounts, capabilities. */
export class LinuxRuntime implements Runtime {
  readonly rootless = inUserNamespace();
  readonly node = process.execPath;
  readonly bundle: string;
  readonly #options: RuntimeOptions;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.bundle = options.bundle;
  }

  folderOf({ uid }: PodSpec): string {
    return join(this.#options.pods, uid);
  }

  openLog({ namespace, name }: PodSpec): string {
    const file = join(this.#options.logs, namespace, `${name}.log`);
    mkdirSync(dirname(file), { recursive: true });
    rmSync(file, { force: true });
    return file;
  }

  openNetwork(pod: PodSpec): Promise<PodNetwork> {
    return this.#options.openNetwork(pod);
  }

  /** The process is the container's from its first instruction: nothing stands between that would swallow signals. */
  start({ script, env, logFile, network }: Launch): RunningProcess {
    const log = openSync(logFile, "a");
    const enter = network === undefined ? [] : ["nsenter", `--net=/run/netns/${network}`];
    const [file, ...args] = [...enter, "unshare", "--mount", "sh", "-c", script];
    const { PATH: path } = env;
    const own = { ...env, PATH: process.env["PATH"], [PATH_VARIABLE]: path };
    const child = spawn(file, args, { stdio: ["ignore", log, log], env: own });
    closeSync(log);
    return { exited: exitOf(child), signal: (signal) => void child.kill(signal) };
  }

  makeEmpty(folder: string): void {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
  }

  writeFiles(folder: string, files: VolumeFiles, owner: FileOwner | undefined): void {
    replaceFiles(folder, files, owner);
  }

  remove(folder: string): void {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A program that can't be started ends with the shell's code for that. */
function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once("error", () => resolve({ code: 127, signal: 0 }));
    child.once("exit", (code, signal) => {
      const number = signal === null ? 0 : constants.signals[signal];
      resolve({ code: code ?? 128 + number, signal: number });
    });
  });
}

/** The first user namespace maps every user to itself. */
function inUserNamespace(): boolean {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync("/proc/self/uid_map", "utf8"));
}
