import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { NODE, type TestNetwork } from "../../support/netns.ts";

/** In the process: answers each line of JSON with one. The process lasts as long as its standard input. */
export function answerLines(answer: (command: never) => unknown): void {
  const tell = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value ?? null)}\n`);
  tell("ready");
  createInterface({ input: process.stdin })
    .on("line", (line) => void Promise.resolve(answer(JSON.parse(line) as never)).then(tell))
    .on("close", () => process.exit());
}

/** A file of this folder running as a process in a namespace, asked from outside. */
export class LineProcess<Command> {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    child.stderr!.pipe(process.stderr);
  }

  static async start<Command>(network: TestNetwork, namespace: string, file: string): Promise<LineProcess<Command>> {
    const flags = ["--expose-gc", "--no-warnings"];
    const child = network.spawn(namespace, NODE, ...flags, resolve(import.meta.dirname, file));
    const started = new LineProcess<Command>(child);
    await started.#answer();
    return started;
  }

  /** One at a time. Undefined stands for an answer without a value. */
  async ask<Answer = void>(command: Command): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify(command)}\n`);
    return (await this.#answer()) as Answer;
  }

  /** Ends without a word to anybody. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }

  async #answer(): Promise<unknown> {
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`${this.#child.spawnargs.at(-1)} has ended`);
    return JSON.parse(value) as unknown;
  }
}
