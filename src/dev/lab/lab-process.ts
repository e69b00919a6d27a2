import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { childOf, type Holder } from "./holder.ts";
import { lastWords } from "./last-words.ts";

export interface ProcessSpec {
  readonly name: string;
  /** The network namespace it runs in. */
  readonly namespace: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where standard output and error go, together, as in a pod's log. */
  readonly logFile: string;
}

/** A long-running process in the lab. */
export class LabProcess {
  readonly spec: ProcessSpec;
  /** Tells how it ended; "" when it was stopped on purpose. */
  readonly exited: Promise<string>;
  readonly #entered: ChildProcess;
  #stopping = false;

  constructor(holder: Holder, spec: ProcessSpec) {
    this.spec = spec;
    mkdirSync(dirname(spec.logFile), { recursive: true });
    const log = openSync(spec.logFile, "a");
    const [file, ...args] = holder.enter(spec.namespace, spec.command);
    // Detached: Ctrl-C goes to the foreground process group, and the lab's end is in order only when one process ends it.
    this.#entered = spawn(file!, args, {
      stdio: ["ignore", log, log],
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...spec.env },
      detached: true,
    });
    closeSync(log);
    this.exited = new Promise((resolve) => {
      const end = (how: string): void => resolve(this.#stopping ? "" : `${spec.name} ${how}${lastWords(spec.logFile)}`);
      this.#entered.once("exit", (code, signal) => end(signal === null ? `ended with code ${code}` : `got ${signal}`));
      this.#entered.once("error", (error) => end(error.message));
    });
  }

  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.#stopping = true;
    this.#signal(signal);
    await this.exited;
  }

  /** nsenter waits outside for the process inside and passes no signals on: the one inside gets them. */
  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    const { pid, exitCode, signalCode } = this.#entered;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    process.kill(childOf(pid) ?? pid, signal);
  }
}
