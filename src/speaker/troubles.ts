import { EnvironmentError, errorMessage } from "../lib/errors.ts";
import type { WorkerEvent } from "./protocol.ts";

/** Tells each trouble once: the same one at the next attempt is no news, but after a success it is. */
export class Troubles {
  readonly #emit: (event: WorkerEvent) => void;
  /** What failed last, by subject. */
  readonly #last = new Map<string, string>();

  constructor(emit: (event: WorkerEvent) => void) {
    this.#emit = emit;
  }

  failed(subject: string, error: unknown, where = ""): void {
    const code = error instanceof EnvironmentError ? error.code : "unexpected";
    this.tell(subject, code, `${where}${errorMessage(error)}`);
  }

  tell(subject: string, code: string, message: string): void {
    if (this.#last.get(subject) === message) return;
    this.#last.set(subject, message);
    this.#emit({ on: "trouble", code, message });
  }

  over(subject: string): void {
    this.#last.delete(subject);
  }
}
