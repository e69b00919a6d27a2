import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { HostCommand } from "./protocol-worker-host.ts";
import { NODE, type TestNetwork } from "./netns.ts";

/** A worker event as the host prints it: addresses are text. */
export interface HostEvent {
  readonly on: string;
  readonly address?: string;
  readonly interfaces?: readonly { readonly name: string; readonly mac: string }[];
  readonly names?: readonly string[];
  readonly mac?: string;
  readonly interface?: string;
  readonly counters?: readonly {
    readonly address: string;
    readonly requestsReceived: number;
    readonly responsesSent: number;
    readonly gratuitousSent: number;
    readonly duplicatesHeard: number;
  }[];
  readonly code?: string;
  readonly message?: string;
}

/** The real protocol worker in a namespace. */
export class WorkerInNamespace {
  readonly events: HostEvent[] = [];
  /** Resolves with the process's exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly #send: (line: string) => void;
  #wake: (() => void)[] = [];
  stderr = "";

  /** `wrapper` is a command to run the worker's process with, such as `setpriv …`. */
  constructor(network: TestNetwork, namespace: string, wrapper: readonly string[] = []) {
    const command = [...wrapper, NODE, resolve(import.meta.dirname, "protocol-worker-host.ts")];
    const host = network.spawn(namespace, command[0]!, ...command.slice(1));
    this.#send = (line) => void host.stdin!.write(line);
    this.ended = new Promise((done) => host.once("exit", (code, signal) => done(code ?? signal ?? "unknown")));
    host.stderr!.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    createInterface({ input: host.stdout! }).on("line", (line) => {
      this.events.push(JSON.parse(line) as HostEvent);
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  command(command: HostCommand): void {
    this.#send(`${JSON.stringify(command)}\n`);
  }

  /** Announces on all interfaces, and waits until it is answered. */
  async announce(...addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.command({ do: "announce", address, interfaces: "all" });
    for (const address of addresses)
      await this.until(
        (event) => event.on === "announcing" && event.address === address && event.interfaces!.length > 0,
      );
  }

  /** The sum of the counters that were told for an address. */
  counted(address: string): { requestsReceived: number; responsesSent: number; gratuitousSent: number } {
    const sum = { requestsReceived: 0, responsesSent: 0, gratuitousSent: 0 };
    for (const counters of this.events.flatMap((event) => event.counters ?? [])) {
      if (counters.address !== address) continue;
      sum.requestsReceived += counters.requestsReceived;
      sum.responsesSent += counters.responsesSent;
      sum.gratuitousSent += counters.gratuitousSent;
    }
    return sum;
  }

  /** Waits for an event, also one that has come already. Fails after `within` milliseconds with what did come. */
  async until(matches: (event: HostEvent) => boolean, within = 10_000): Promise<HostEvent> {
    const end = Date.now() + within;
    for (;;) {
      const found = this.events.find((event) => matches(event));
      if (found !== undefined) return found;
      const left = end - Date.now();
      if (left <= 0) throw new Error(`the event did not come; came: ${JSON.stringify(this.events)} ${this.stderr}`);
      await new Promise<void>((wake) => {
        const timer = setTimeout(wake, left);
        this.#wake.push(() => {
          clearTimeout(timer);
          wake();
        });
      });
    }
  }
}
