import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { NODE, type TestNetwork } from "./netns.ts";
import type { AgentCommand, AgentEvent, AgentLink } from "./platform-agent.ts";

/** The real frames and links in a namespace, driven from outside. */
export class AgentInNamespace {
  readonly events: AgentEvent[] = [];
  readonly #signal: (signal: NodeJS.Signals) => void;
  readonly #write: (line: string) => void;
  readonly #end: () => void;
  readonly #ended: Promise<number | null>;
  #wake: (() => void)[] = [];
  #stderr = "";

  /** `wrapper` is a command to run the agent with, such as `setpriv …`. */
  constructor(network: TestNetwork, namespace: string, wrapper: readonly string[] = []) {
    const [program, ...args] = [...wrapper, NODE, resolve(import.meta.dirname, "platform-agent.ts")];
    const child = network.spawn(namespace, program, ...args);
    this.#signal = (signal) => void child.kill(signal);
    this.#write = (line) => void child.stdin!.write(line);
    this.#end = () => void child.stdin!.end();
    this.#ended = new Promise((done) => child.once("exit", done));
    child.stderr!.on("data", (chunk: Buffer) => (this.#stderr += chunk.toString()));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      this.events.push(JSON.parse(line) as AgentEvent);
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  /** Carries out a command and waits for its outcome. */
  async command(command: AgentCommand): Promise<boolean> {
    const since = this.events.length;
    this.#write(`${JSON.stringify(command)}\n`);
    const event = await this.until((event) => event.on === "done" || event.on === "error", { since });
    if (event.on === "error") throw new Error(`${event.code}: ${event.message}`);
    return event.on === "done" && event.result;
  }

  /** Waits for an event, also one that has come after `since`. Fails after `within` milliseconds with what did come. */
  async until(
    matches: (event: AgentEvent) => boolean,
    { within = 5000, since = 0 }: { readonly within?: number; readonly since?: number } = {},
  ): Promise<AgentEvent> {
    const end = Date.now() + within;
    for (;;) {
      const found = this.events.slice(since).find((event) => matches(event));
      if (found !== undefined) return found;
      const left = end - Date.now();
      if (left <= 0) throw new Error(`it did not come; came: ${JSON.stringify(this.events)} ${this.#stderr}`);
      await new Promise<void>((wake) => {
        const timer = setTimeout(wake, left);
        this.#wake.push(() => {
          clearTimeout(timer);
          wake();
        });
      });
    }
  }

  /** Waits for a list of links that satisfies `matches`, and returns it. */
  async links(
    matches: (links: readonly AgentLink[]) => boolean,
    options: { readonly within?: number; readonly since?: number } = {},
  ): Promise<readonly AgentLink[]> {
    const event = await this.until((event) => event.on === "links" && matches(event.links), options);
    return event.on === "links" ? event.links : [];
  }

  /** Frames received so far, as hex. */
  get frames(): readonly string[] {
    return this.events.flatMap((event) => (event.on === "frame" ? [event.frame] : []));
  }

  /** Stops the process, so that the kernel's queues fill up, as long as `meanwhile` runs. */
  paused(meanwhile: () => void): void {
    this.#signal("SIGSTOP");
    try {
      meanwhile();
    } finally {
      this.#signal("SIGCONT");
    }
  }

  /** Closes everything. Fails unless the process then ends by itself, without a word on standard error. */
  async close(): Promise<void> {
    this.#end();
    const patience = setTimeout(() => this.#signal("SIGKILL"), 5000);
    const code = await this.#ended;
    clearTimeout(patience);
    if (code !== 0 || this.#stderr !== "") throw new Error(`the agent did not end well: ${code} ${this.#stderr}`);
  }
}
