import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DIST } from "./lab.ts";

export interface DemoOptions {
  readonly uid?: number;
  readonly entry?: string;
  /** Shell lines that change what the demo sees of the machine, and nobody else. */
  readonly mounts?: string;
}

export interface DemoEnd {
  readonly code: number;
  readonly output: string;
}

export interface DemoFailure {
  readonly code: number;
  /** The step that failed. */
  readonly step: string | undefined;
  /** Processes that it left. */
  readonly left: readonly string[];
}

/** `metallb demo` with bundles of its own, which a test may break, and a TMPDIR of its own, so that what it leaves is seen. */
export class DemoSandbox {
  readonly folder = mkdtempSync(join(tmpdir(), "lab-demo-"));
  readonly dist = join(this.folder, "dist");

  constructor() {
    cpSync(DIST, this.dist, { recursive: true });
  }

  start(args: readonly string[], { uid = 0, entry = "metallb.mjs", mounts }: DemoOptions = {}): ChildProcess {
    const env = { PATH: process.env["PATH"], HOME: this.folder, TMPDIR: this.folder };
    const command = [process.execPath, join(this.dist, entry), "demo", ...args];
    const wrapped = mounts === undefined ? [] : ["unshare", "--mount", "sh", "-ec", `${mounts}\nexec "$0" "$@"`];
    const [program, ...rest] = [...wrapped, ...command];
    return spawn(program!, rest, { uid, gid: uid, env, stdio: ["ignore", "pipe", "pipe"] });
  }

  async run(args: readonly string[], options?: DemoOptions): Promise<DemoEnd> {
    const child = this.start(args, options);
    let output = "";
    child.stdout!.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr!.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, "close")) as [number];
    return { code, output };
  }

  /** Runs it where something is broken. */
  async fail(options: DemoOptions = {}): Promise<DemoFailure> {
    const { code, output } = await this.run(["--once"], { entry: "metallb-dev.mjs", ...options });
    const logs = /Logs of all programs: (\S+)/.exec(output)?.[1];
    if (logs !== undefined && !existsSync(logs)) throw new Error(`${logs} is not there:\n${output}`);
    return { code, step: /this step failed: (.*)/.exec(output)?.[1], left: this.processes() };
  }

  /** Puts a program in front of the bundle, which runs instead of it for one subcommand. */
  instead(subcommand: string, program: string): void {
    this.#inFront((whole) => `if (${runs(subcommand)}) { ${program} } else { ${whole} }`);
  }

  /** Puts a program in front of the bundle, which runs before it for one subcommand. */
  before(subcommand: string, program: string): void {
    this.#inFront((whole) => `if (${runs(subcommand)}) { ${program} } ${whole}`);
  }

  #inFront(program: (whole: string) => string): void {
    renameSync(join(this.dist, "metallb.mjs"), join(this.dist, "metallb-whole.mjs"));
    writeFileSync(join(this.dist, "metallb.mjs"), `${program('await import("./metallb-whole.mjs");')}\n`);
  }

  /** Folders that a lab left behind. */
  leftovers(): string[] {
    return readdirSync(this.folder).filter((name) => name.startsWith("metallb-lab-"));
  }

  /** The lab's processes: each has the lab's folder or bundles in its command line. */
  processes(): string[] {
    return allProcesses().filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(this.folder);
      } catch {
        return false;
      }
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** IDs of all processes of the machine. */
export function allProcesses(): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
}

function runs(subcommand: string): string {
  return `process.argv[2] === ${JSON.stringify(subcommand)}`;
}
