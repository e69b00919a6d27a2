import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { MigrationLab } from "./migration-lab.ts";

/** Our speaker on one node, by what it logs. */
export class OurSpeaker {
  readonly #lab: MigrationLab;
  readonly #process: ChildProcess;
  readonly #members = new Set<string>();
  /** Resolves when its process is gone. */
  readonly exited: Promise<unknown>;

  constructor(lab: MigrationLab, process: ChildProcess) {
    this.#lab = lab;
    this.#process = process;
    this.exited = new Promise((resolve) => process.once("exit", resolve));
    createInterface({ input: process.stdout! }).on("line", (line) => this.#hear(line));
  }

  /** Names of the members that it takes for alive, itself included. */
  async members(): Promise<readonly string[]> {
    return [...this.#members].toSorted();
  }

  /** Ends it as the kubelet does. */
  async stop(): Promise<void> {
    this.#lab.signal(this.#process, "SIGTERM");
    await this.exited;
  }

  #hear(line: string): void {
    const { came, went } = JSON.parse(line) as { came?: readonly string[]; went?: readonly string[] };
    for (const node of came ?? []) this.#members.add(node);
    for (const node of went ?? []) this.#members.delete(node);
  }
}
