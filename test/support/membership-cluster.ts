import type { ChildProcess } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { AgentCommand, AgentEvent, AgentOptions } from "./membership-agent.ts";
import { NODE, TestNetwork } from "./netns.ts";
import { toolPath } from "./requirements.ts";
import type { RelayOptions } from "./udp-relay.ts";

export interface ClusterMember {
  readonly name: string;
  /** Names of the members that it takes for alive, itself included. */
  alive(): Promise<readonly string[]>;
  signal(signal: NodeJS.Signals): void;
  /** Says goodbye and ends. */
  leave(): Promise<void>;
}

export interface ClusterOptions {
  readonly family: "IPv4" | "IPv6";
  /** 32 bytes; none: nothing is encrypted. */
  readonly key?: Buffer;
}

const PORT = 7946;

/** Members of several kinds on one switch, each in a network namespace of its own. */
export class MembershipCluster {
  readonly #options: ClusterOptions;
  readonly #network = new TestNetwork();
  readonly #hub: string;
  readonly #namespaces: string[] = [];
  /** Datagrams that came out of the relay before one that had gone in before. */
  overtakings = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#hub = this.#network.namespace("hub");
    this.#network.ip(this.#hub, "link", "add", "br0", "type", "bridge");
    this.#network.ip(this.#hub, "link", "set", "br0", "up");
    this.#address(this.#hub, "br0", RELAY_HOST);
  }

  /** Adds a host for one member; hosts are numbered from 1. */
  addHost(): number {
    const number = this.#namespaces.length + 1;
    const namespace = this.#network.namespace(`h${number}`);
    this.#network.cable([namespace, "eth0"], [this.#hub, `h${number}`]);
    this.#network.ip(this.#hub, "link", "set", `h${number}`, "master", "br0");
    this.#address(namespace, "eth0", number);
    this.#namespaces.push(namespace);
    return number;
  }

  startSerf(host: number, version: string, name: string, join: readonly number[]): SerfMember {
    const { family, key } = this.#options;
    const wrap = (address: string): string => (family === "IPv6" ? `[${address}]` : address);
    const args = [`-node=${name}`, `-bind=${wrap(this.addressOf(host))}:${PORT}`, "-retry-interval=1s"];
    if (key !== undefined) args.push(`-encrypt=${key.toString("base64")}`);
    for (const other of join) args.push(`-retry-join=${wrap(this.addressOf(other))}:${PORT}`);
    const program = toolPath(`serf-${version}`)!;
    const child = this.#network.spawn(this.#namespace(host), program, "agent", ...args);
    const query = (...args: readonly string[]): Promise<string> =>
      output(this.#network.spawn(this.#namespace(host), program, ...args));
    return new SerfMember(name, child, query);
  }

  startOurs(host: number, name: string, join: readonly number[], profile: AgentOptions["profile"]): OurMember {
    const { key } = this.#options;
    const options: AgentOptions = {
      node: name,
      address: this.addressOf(host),
      port: PORT,
      profile,
      seeds: join.map((other) => this.addressOf(other)),
      ...(key === undefined ? {} : { key: key.toString("hex") }),
    };
    const program = resolve(import.meta.dirname, "membership-agent.ts");
    return new OurMember(name, this.#network.spawn(this.#namespace(host), NODE, program, JSON.stringify(options)));
  }

  addressOf(host: number): string {
    return this.#options.family === "IPv4" ? `10.77.0.${host}` : `fd77::${host.toString(16)}`;
  }

  /** From now on packets get lost on every host as they come in. */
  lose(percent: number): void {
    for (const namespace of this.#namespaces) {
      this.#drop(namespace, `meta l4proto { tcp, udp } numgen random mod 100 < ${percent}`);
    }
  }

  /** From now on these two hosts can't reach each other; all others can reach both. */
  part(one: number, other: number): void {
    const ip = this.#options.family === "IPv4" ? "ip" : "ip6";
    this.#drop(this.#namespace(one), `${ip} saddr ${this.addressOf(other)} meta l4proto { tcp, udp }`);
    this.#drop(this.#namespace(other), `${ip} saddr ${this.addressOf(one)} meta l4proto { tcp, udp }`);
  }

  /** Packets that `lose` and `part` have dropped. */
  get lost(): number {
    const counts = this.#namespaces.map((namespace) => {
      const { stdout } = this.#network.exec(namespace, "nft", "list table inet loss");
      return Number(/counter packets (\d+)/.exec(stdout)?.[1] ?? 0);
    });
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** From now on each datagram takes its way through a relay that holds it up for a time of its own. */
  delayDatagrams(min: number, max: number): void {
    const { family } = this.#options;
    const ip = family === "IPv4" ? "ip" : "ip6";
    const relay = this.addressOf(RELAY_HOST);
    for (const namespace of this.#namespaces) {
      this.#nft(namespace, `add table ${ip} relay`);
      this.#nft(namespace, `add chain ${ip} relay output { type nat hook output priority -100; }`);
      this.#namespaces.forEach((_, i) => {
        const to = `${family === "IPv4" ? relay : `[${relay}]`}:${RELAY_PORT + i + 1}`;
        const match = `${ip} daddr ${this.addressOf(i + 1)} udp dport ${PORT}`;
        this.#nft(namespace, `add rule ${ip} relay output ${match} dnat to ${to}`);
      });
    }
    const routes = this.#namespaces.map((_, i) => [RELAY_PORT + i + 1, this.addressOf(i + 1), PORT] as const);
    const program = resolve(import.meta.dirname, "udp-relay.ts");
    const options: RelayOptions = { address: relay, routes, min, max };
    const child = this.#network.spawn(this.#hub, NODE, program, JSON.stringify(options));
    child.stdout!.on("data", (chunk: Buffer) => (this.overtakings += chunk.length));
  }

  close(): void {
    this.#network.close();
  }

  #namespace(host: number): string {
    return this.#namespaces[host - 1]!;
  }

  #address(namespace: string, link: string, host: number): void {
    const length = this.#options.family === "IPv4" ? 24 : 64;
    this.#network.address(namespace, link, `${this.addressOf(host)}/${length}`);
  }

  #drop(namespace: string, packets: string): void {
    this.#nft(namespace, "add table inet loss");
    this.#nft(namespace, "add chain inet loss input { type filter hook input priority 0; }");
    this.#nft(namespace, `add rule inet loss input ${packets} counter drop`);
  }

  #nft(namespace: string, command: string): void {
    const { code, stderr } = this.#network.exec(namespace, "nft", command);
    if (code !== 0) throw new Error(`nft ${command}: ${stderr}`);
  }
}

const RELAY_HOST = 254;
const RELAY_PORT = 20_000;

export class SerfMember implements ClusterMember {
  readonly name: string;
  log = "";
  readonly #child: ChildProcess;
  readonly #query: (...args: readonly string[]) => Promise<string>;

  constructor(name: string, child: ChildProcess, query: (...args: readonly string[]) => Promise<string>) {
    this.name = name;
    this.#child = child;
    this.#query = query;
    child.stdout!.on("data", (chunk: Buffer) => (this.log += chunk.toString()));
  }

  async alive(): Promise<readonly string[]> {
    const answer = await this.#query("members", "-format=json");
    // An agent that has just been started can't be asked yet.
    if (!answer.startsWith("{")) return [];
    const { members } = JSON.parse(answer) as {
      readonly members: readonly { readonly name: string; readonly status: string }[];
    };
    return members.filter(({ status }) => status === "alive").map(({ name }) => name);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async leave(): Promise<void> {
    const ended = new Promise((done) => this.#child.once("exit", done));
    await this.#query("leave");
    await ended;
  }
}

export class OurMember implements ClusterMember {
  readonly name: string;
  readonly events: AgentEvent[] = [];
  readonly #child: ChildProcess;
  #errors = "";

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    child.stderr!.on("data", (chunk: Buffer) => (this.#errors += chunk.toString()));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      this.events.push(JSON.parse(line) as AgentEvent);
    });
  }

  /** What it was told about another member, in order. */
  changesOf(other: string): string[] {
    return this.events.flatMap((event) => (event.on === "change" && event.node === other ? [event.kind] : []));
  }

  async alive(): Promise<readonly string[]> {
    const { members } = await this.#ask("members", "members");
    return Object.keys(members);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async leave(): Promise<void> {
    const ended = new Promise((done) => this.#child.once("exit", done));
    await this.#ask("leave", "left");
    this.#command("close");
    await ended;
  }

  async #ask<K extends AgentEvent["on"]>(command: AgentCommand, answer: K): Promise<AgentEvent & { readonly on: K }> {
    const since = this.events.length;
    this.#command(command);
    let found: AgentEvent | undefined;
    await eventually(`${this.name} answers ${command} ${this.#errors}`, async () => {
      found = this.events.slice(since).find(({ on }) => on === answer);
      return found !== undefined;
    });
    return found as AgentEvent & { readonly on: K };
  }

  #command(command: AgentCommand): void {
    this.#child.stdin!.write(`${command}\n`);
  }
}

/** What a program prints until it ends. */
async function output(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout!.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await new Promise((done) => child.once("close", done));
  return text;
}

/** Waits until something is so; fails when it is not within `seconds`. */
export async function eventually(what: string, isSo: () => Promise<boolean>, seconds = 20): Promise<void> {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end;) {
    if (await isSo()) return;
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error(`not within ${seconds} s: ${what}`);
}
