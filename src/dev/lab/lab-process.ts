import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { childOf, type Holder } from "./holder.ts";

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
      const end = (how: string): void => resolve(this.#stopping ? "" : `${spec.name} ${how}${this.#lastWords()}`);
      this.#entered.once("exit", (code, signal) => end(signal === null ? `ended with code ${code}` : `got ${signal}`));
      this.#entered.once("error", (error) => end(error.message));
    });
  }

  /** The end of its log: what it said before it died. "" when that was nothing, or the lab's folder has gone before. */
  #lastWords(): string {
    try {
      const line = readFileSync(this.spec.logFile, "utf8").trimEnd().split("\n").at(-1)!;
      return line === "" ? "" : `: ${line}`;
    } catch {
      return "";
    }
  }

  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.#stopping = true;
    this.signal(signal);
    await this.exited;
  }

  /**
   * nsenter waits outside for the process inside and passes no signals on: the one inside gets them. When that one
   * stops, nsenter stops with it, and has to be told to go on.
   */
  signal(signal: "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    const { pid, exitCode, signalCode } = this.#entered;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    process.kill(childOf(pid) ?? pid, signal);
    if (signal === "SIGCONT") process.kill(pid, signal);
  }
}
