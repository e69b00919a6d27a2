import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import type { LabNode } from "../../src/dev/lab/topology.ts";
import { gossipKey } from "../../src/membership/wire/gossip-key.ts";
import type { MigrationLab, TestService } from "./migration-lab.ts";
import { toolPath } from "./requirements.ts";

/** Of serf, with memberlist 0.5.0. */
const SERF = "serf-0.10.1";

/** memberlist's Leave returns when the goodbye has gone to two others twice, 200 ms apart, and then the process ends. */
const LEAVE_MS = 300;

export interface ReferenceOptions {
  readonly node: LabNode;
  /** Where the other speakers may be. */
  readonly join: readonly string[];
  /** Content of the Secret. */
  readonly secretKey: string;
  readonly services: readonly TestService[];
  /** The compiled `reference-responder.c`. */
  readonly responder: string;
}

/**
 * Stands in for MetalLB's speaker on one node. Members are found by a serf agent: HashiCorp's memberlist with its LAN
 * profile, which is MetalLB's, encrypted with the key that MetalLB makes of the Secret. Who answers is decided here, by
 * MetalLB's rule and code of its own, at each word of serf; a program in C then answers as MetalLB does.
 */
export class ReferenceSpeaker {
  readonly #lab: MigrationLab;
  readonly #options: ReferenceOptions;
  readonly #serf: ChildProcess;
  readonly #responders: ReadonlyMap<TestService, ChildProcess>;
  readonly #owns = new Set<TestService>();
  readonly #alive: Set<string>;
  /** Resolves when its process is gone. */
  readonly exited: Promise<unknown>;
  #left: (() => void) | undefined;

  constructor(lab: MigrationLab, options: ReferenceOptions) {
    const { node, services, responder } = options;
    this.#lab = lab;
    this.#options = options;
    this.#alive = new Set([node.name]);
    this.#responders = new Map(
      services.map((service) => [service, lab.spawn(node.name, [responder, "eth0", ...service.addresses])]),
    );
    this.#serf = lab.spawn(node.name, serfCommand(options));
    this.exited = new Promise((resolve) => this.#serf.once("exit", resolve));
    createInterface({ input: this.#serf.stdout! }).on("line", (line) => this.#hear(line));
  }

  /** Names of the members that its serf takes for alive. */
  async members(): Promise<readonly string[]> {
    const { stdout } = await this.#lab.run(this.#options.node.name, [toolPath(SERF)!, "members", "-status=alive"]);
    return stdout
      .trim()
      .split("\n")
      .map((line) => line.split(/\s+/)[0]!)
      .toSorted();
  }

  /** Ends it as the kubelet does: it says goodbye, answers until that is out, and ends. serf takes a second longer. */
  async stop(): Promise<void> {
    const left = new Promise<void>((resolve) => (this.#left = resolve));
    this.#lab.signal(this.#serf, "SIGINT");
    await Promise.race([left, this.exited]);
    await new Promise((resolve) => setTimeout(resolve, LEAVE_MS));
    for (const responder of this.#responders.values()) responder.stdin!.end();
  }

  #hear(line: string): void {
    const match = /serf: EventMember(Join|Leave|Failed): (\S+)/.exec(line);
    if (match === null) return;
    const [, event, member] = match;
    if (member === this.#options.node.name && event === "Leave") return this.#left?.();
    if (event === "Join") this.#alive.add(member!);
    else this.#alive.delete(member!);
    if (this.#left === undefined) this.#elect();
  }

  #elect(): void {
    for (const [service, responder] of this.#responders) {
      const owns = electedOwner(service, [...this.#alive]) === this.#options.node.name;
      if (owns === this.#owns.has(service)) continue;
      if (owns) this.#owns.add(service);
      else this.#owns.delete(service);
      responder.stdin!.write(owns ? "+" : "-");
    }
  }
}

/** MetalLB's rule: of all that are alive, the first by SHA-256 of `node#address`, with the Service's first address. */
export function electedOwner({ addresses: [first] }: TestService, alive: readonly string[]): string {
  const digest = (node: string): Buffer => createHash("sha256").update(`${node}#${first}`).digest();
  return alive.toSorted((a, b) => Buffer.compare(digest(a), digest(b)))[0]!;
}

function serfCommand({ node, join, secretKey }: ReferenceOptions): string[] {
  const key = Buffer.from(gossipKey(new TextEncoder().encode(secretKey))).toString("base64");
  return [
    toolPath(SERF)!,
    "agent",
    `-node=${node.name}`,
    `-bind=${node.ipv4}:7946`,
    `-encrypt=${key}`,
    "-retry-interval=1s",
    ...join.map((address) => `-retry-join=${address}:7946`),
  ];
}
