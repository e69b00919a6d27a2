import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { AgentCommand, AgentEvent, AgentPeer, AgentRoute, AgentSession } from "./bgp-agent.ts";
import { NODE, type TestNetwork } from "./netns.ts";

/** How the line of a lost session begins. */
const LOST = "BGP session lost: ";

type LogEvent = Extract<AgentEvent, { readonly on: "log" }>;
type Report = Extract<AgentEvent, { readonly on: "report" }>;

/** The real sessions of a node in a namespace, driven from outside. */
export class BgpSpeaker {
  readonly #log: LogEvent[] = [];
  readonly #peers = new Map<string, AgentPeer>();
  readonly #write: (command: AgentCommand) => void;
  readonly #signal: (signal: NodeJS.Signals) => void;
  readonly #ended: Promise<number | null>;
  /** Those who wait for an event, in order. */
  readonly #waiting: { readonly on: AgentEvent["on"]; readonly take: (event: AgentEvent) => void }[] = [];
  #stderr = "";

  private constructor(network: TestNetwork, namespace: string) {
    const child = network.spawn(
      namespace,
      NODE,
      "--expose-gc",
      "--no-warnings",
      resolve(import.meta.dirname, "bgp-agent.ts"),
    );
    this.#write = (command) => void child.stdin!.write(`${JSON.stringify(command)}\n`);
    this.#signal = (signal) => void child.kill(signal);
    this.#ended = new Promise((done) => child.once("exit", done));
    child.stderr!.on("data", (chunk: Buffer) => (this.#stderr += chunk.toString()));
    createInterface({ input: child.stdout! }).on("line", (line) => this.#onEvent(JSON.parse(line) as AgentEvent));
  }

  static async start(network: TestNetwork, namespace: string): Promise<BgpSpeaker> {
    const speaker = new BgpSpeaker(network, namespace);
    await speaker.#next("ready");
    return speaker;
  }

  /** Configures peers beside those that there are, or in the place of those with their names. */
  putPeers(...peers: readonly AgentPeer[]): void {
    for (const peer of peers) this.#peers.set(peer.name, peer);
    this.#write({ do: "peers", peers: [...this.#peers.values()] });
  }

  dropPeer(name: string): void {
    this.#peers.delete(name);
    this.#write({ do: "peers", peers: [...this.#peers.values()] });
  }

  setRoutes(peer: string, routes: readonly AgentRoute[]): void {
    this.#write({ do: "routes", peer, routes });
  }

  async report(): Promise<Report> {
    const answer = this.#next("report");
    this.#write({ do: "report" });
    return (await answer) as Report;
  }

  /** Why the peer's sessions were lost so far, in order. */
  lossesOf(peer: string): string[] {
    const lines = this.#log.filter((event) => event.peer === peer && event.message.startsWith(LOST));
    return lines.map(({ message }) => message.slice(LOST.length));
  }

  async session(peer: string): Promise<AgentSession | undefined> {
    return (await this.report()).sessions[peer];
  }

  /** Ends all sessions in order, and the process. Resolves with how long that took, in milliseconds. */
  async stop(): Promise<number> {
    const begin = performance.now();
    this.#write({ do: "stop" });
    const code = await this.#ended;
    if (code !== 0 || this.#stderr !== "") throw new Error(`the speaker did not end well: ${code} ${this.#stderr}`);
    return performance.now() - begin;
  }

  /** Ends without a word. */
  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    await this.#ended;
  }

  #onEvent(event: AgentEvent): void {
    if (event.on === "log") this.#log.push(event);
    const index = this.#waiting.findIndex(({ on }) => on === event.on);
    if (index >= 0) this.#waiting.splice(index, 1)[0]!.take(event);
  }

  #next(on: AgentEvent["on"]): Promise<AgentEvent> {
    return new Promise((done, fail) => {
      const patience = setTimeout(() => fail(new Error(`no ${on} from the speaker: ${this.#stderr}`)), 10_000);
      this.#waiting.push({
        on,
        take: (event) => {
          clearTimeout(patience);
          done(event);
        },
      });
    });
  }
}
