import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KINDS } from "../../src/config/kinds.ts";
import type { Lab } from "../../src/dev/lab/lab.ts";
import { CLIENT } from "../../src/dev/lab/topology.ts";
import { type Block, commandsOf, parseManifests, ROOT } from "./documents.ts";
import type { Kubectl } from "./kubectl.ts";
import { runInspect } from "./run-inspect.ts";

/** What differs from one run to the next, and what stands for it in a comparison. */
const VARIABLE: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT[\d:]+Z/g, "TIME"],
  [/\b(10\.96\.\d+\.\d+|fd96::[\da-f]+)/g, "CLUSTER-IP"],
  [/:3\d{4}\/(TCP|UDP)/g, ":PORT/$1"],
  [/\b[\d.]+ (ms|s|min|h)(?=\s|$)/g, "AGE"],
  [/(^|\s)(\d+[smhd])+(?=\s|$)/g, "$1AGE"],
  [/\s+/g, " "],
];

/** Commands of a machine on the same network: the lab's client. */
const CLIENTS_OWN = /^(curl|ip neigh) /;

/** A line as it is compared. */
function normal(line: string): string {
  return VARIABLE.reduce((text, [pattern, to]) => text.replaceAll(pattern, to), line).trim();
}

/** Those lines of `wanted` that don't occur in `output`, in any order. */
export function missingLines(wanted: string, output: string): readonly string[] {
  const there = new Set(output.split("\n").map(normal));
  return wanted.split("\n").filter((line) => line.trim() !== "" && !there.has(normal(line)));
}

/** Runs documents' commands in a lab, and compares what they print to what the documents say. */
export class DocumentRunner {
  readonly #lab: Lab;
  readonly #kubectl: Kubectl;
  /** Files that were applied since the last cleanup. */
  readonly #applied: string[] = [];

  constructor(lab: Lab, kubectl: Kubectl) {
    this.#lab = lab;
    this.#kubectl = kubectl;
  }

  /**
   * Runs the blocks of a section in order. Throws when a command fails, or never prints what the next block says; when
   * that begins with `Error`, it must fail.
   */
  async run(blocks: readonly Block[]): Promise<void> {
    for (const [i, block] of blocks.entries()) {
      if (block.info !== "sh" && block.info !== "lab") continue;
      const commands = commandsOf(block);
      for (const command of commands.slice(0, -1)) await this.#check(command);
      const next = blocks[i + 1];
      await this.#check(commands.at(-1)!, next?.info === "text" ? next.text : "");
    }
  }

  /** Deletes what was applied, but what is in `kept`; not by kubectl, which takes its time. */
  async cleanUp(kept: readonly string[]): Promise<void> {
    const files = new Set(this.#applied.splice(0).filter((file) => !kept.includes(file)));
    for (const file of files)
      for (const { kind, metadata } of parseManifests(readFileSync(join(ROOT, file), "utf8"))) {
        const resource = KINDS[kind as keyof typeof KINDS];
        const namespace = resource.namespaced ? (metadata.namespace ?? "default") : "";
        await this.#lab.cluster.delete(resource, { namespace, name: metadata.name });
      }
  }

  /** Repeats a command until it prints all lines of `wanted`. The deadline only bounds a failure. */
  async #check(command: string, wanted = ""): Promise<void> {
    for (const [, file] of command.matchAll(/-f (\S+)/g))
      if (command.startsWith("kubectl apply")) this.#applied.push(file!);
    const refused = wanted.startsWith("Error ");
    const deadline = performance.now() + 15_000;
    for (;;) {
      const { code, output } = await this.#once(command);
      const missing = missingLines(wanted, output);
      if ((code === 0) === !refused && missing.length === 0) return;
      if (wanted === "" || performance.now() > deadline)
        throw new Error(`\`${command}\` exits ${code}; missing:\n${missing.join("\n")}\nin:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #once(command: string): Promise<{ readonly code: number; readonly output: string }> {
    if (command.startsWith("metallb ") && !/[|>&]/.test(command)) {
      const env = { KUBECONFIG: this.#lab.folder.kubeconfig };
      const { code, out, err } = await runInspect(command.split(/\s+/).slice(1), { env });
      // A plan that takes addresses away has done its work, too.
      return { code: code === 3 ? 0 : code, output: out + err };
    }
    if (CLIENTS_OWN.test(command)) {
      const { code, stdout, stderr } = await this.#lab.run(CLIENT.name, ["bash", "-c", command]);
      return { code, output: stdout + stderr };
    }
    const { status, stdout, stderr } = await this.#kubectl.run(`cd ${ROOT} && ${command}`);
    return { code: status, output: stdout + stderr };
  }
}
