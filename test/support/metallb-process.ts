import { spawn } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

/** `metallb …` from source, as a process of its own with nothing in its environment. */
export class MetallbProcess {
  /** Resolves with the exit code when it ends; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  #output = "";
  readonly #kill: (signal: NodeJS.Signals) => void;

  constructor(...argv: readonly string[]) {
    const child = spawn(process.execPath, [resolve(ROOT, "src/cli/main.ts"), ...argv], { env: {} });
    child.stdout.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    this.ended = new Promise((resolve) => child.once("close", (code) => resolve(code)));
    this.#kill = (signal) => void child.kill(signal);
  }

  /** Standard output and error so far. */
  get output(): string {
    return this.#output;
  }

  /** Waits until `/readyz` on this port answers ok; throws with the output when it ends before, or takes half a minute. */
  async untilReady(healthPort: number): Promise<void> {
    const deadline = performance.now() + 30_000;
    const pause = () => new Promise((resolve) => setTimeout(resolve, 50, "alive"));
    do {
      const answer = await fetch(`http://127.0.0.1:${healthPort}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
    } while (performance.now() < deadline && (await Promise.race([this.ended, pause()])) === "alive");
    throw new Error(`metallb is not ready:\n${this.#output}`);
  }

  /** Ends it as a power cut does. */
  kill(): void {
    this.#kill("SIGKILL");
  }

  /** Asks it to stop, and waits until it has. */
  stop(): Promise<number | null> {
    this.#kill("SIGTERM");
    return this.ended;
  }
}

/** A TCP port of loopback that nobody had a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
