import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { toolPath } from "../requirements.ts";

const execute = promisify(execFile);

/** Runs a router's own client, and returns what it prints. */
export async function ask(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(toolPath(program)!, args, { encoding: "utf8", maxBuffer: 256 << 20 });
  return stdout;
}

/** A folder that nobody else uses, to be removed with `remove`. */
export function privateFolder(product: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `metallb-${product}-${process.pid}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A daemon in a namespace, in the foreground, so that it has the process ID that we know. */
export class Daemon {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #output = "";

  constructor(namespace: string, program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const command = ["netns", "exec", namespace, toolPath(program)!, ...args];
    this.#child = spawn("ip", command, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on("data", (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-10_000)));
    }
    this.#ended = new Promise((done) => this.#child.once("exit", () => done()));
  }

  /** The last that it printed. */
  get output(): string {
    return this.#output;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when it is gone. A daemon that stands still, or takes too long, is killed. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.#child.kill(signal);
    this.#child.kill("SIGCONT");
    const patience = setTimeout(() => this.#child.kill("SIGKILL"), 3000);
    await this.#ended;
    clearTimeout(patience);
  }

  /** Waits until `ready` does not throw any more. */
  async ready(ready: () => Promise<unknown>): Promise<void> {
    for (const end = Date.now() + 10_000; ;) {
      try {
        await ready();
        return;
      } catch (error) {
        if (Date.now() > end || this.#child.exitCode !== null) {
          throw new Error(`${this.#child.spawnargs.join(" ")} did not start: ${this.#output}`, { cause: error });
        }
      }
      await new Promise((turn) => setTimeout(turn, 20));
    }
  }
}
