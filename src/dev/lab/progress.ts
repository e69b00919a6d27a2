import type { WriteStream } from "node:tty";
import pc from "picocolors";
import type { Millis } from "../../lib/duration.ts";
import { errorMessage } from "../../lib/errors.ts";
import { until } from "./wait.ts";

/** Where progress is told: a terminal, or a file that gets no colours and no line twice. */
export type Output = Pick<WriteStream, "write"> & { readonly isTTY?: boolean };

/** A step that did not become true. The message names the step and what was found instead. */
export class StepError extends Error {
  readonly step: string;

  constructor(step: string, cause: unknown) {
    super(errorMessage(cause), { cause });
    this.step = step;
    this.name = "StepError";
  }
}

/** Somebody wants the program to end. */
export class Interruption extends Error {}

export function isInterruption(error: unknown): boolean {
  return error instanceof StepError && error.cause instanceof Interruption;
}

/** Tells what becomes true, as it happens. The first step that fails is the last one. */
export class Progress {
  readonly #output: Output;
  readonly #colour: ReturnType<typeof pc.createColors>;
  readonly #troubles: Promise<never>[] = [];
  #failed = false;

  constructor(output: Output) {
    this.#output = output;
    this.#colour = pc.createColors(output.isTTY === true);
  }

  /** From now on a step also fails as soon as this rejects, instead of at its own deadline. */
  failWith(trouble: Promise<never>): void {
    trouble.catch(() => undefined);
    this.#troubles.push(trouble);
  }

  /** Runs a step; `detail` is what there is to say about its outcome. Throws a `StepError`. */
  async step<T>(title: string, action: () => Promise<T>, detail: (outcome: T) => string = () => ""): Promise<T> {
    const started = performance.now();
    if (this.#output.isTTY === true) this.#output.write(`${this.#colour.dim("…")} ${title}`);
    const line = (mark: string, text: string): void => {
      const time = this.#colour.dim(`${((performance.now() - started) / 1000).toFixed(1)} s`);
      const start = this.#output.isTTY === true ? "\r\u001b[2K" : "";
      this.#output.write(`${start}${mark} ${title}${text === "" ? "" : `: ${text}`}  ${time}\n`);
    };
    try {
      const outcome = await Promise.race([action(), ...this.#troubles]);
      line(this.#colour.green("✓"), detail(outcome));
      return outcome;
    } catch (error) {
      this.#failed = true;
      line(this.#colour.red("✗"), errorMessage(error));
      throw error instanceof StepError ? error : new StepError(title, error);
    }
  }

  /** Waits for something within a step, but not longer than the step. */
  until<T>(what: string, within: Millis, ask: () => Promise<T | undefined>): Promise<T> {
    return until(what, within, ask, () => this.#failed);
  }

  heading(text: string): void {
    this.#output.write(`\n${this.#colour.bold(text)}\n`);
  }

  /** Text as it is. */
  text(text: string): void {
    this.#output.write(`${text}\n`);
  }

  /** A command and what it printed. */
  command(line: string, printed: string): void {
    this.#output.write(`${this.#colour.cyan(`  $ ${line}`)}\n${printed.trimEnd().replace(/^/gm, "    ")}\n`);
  }
}
