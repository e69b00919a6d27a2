import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { NODE, TestNetwork } from "../../support/netns.ts";
import { compile } from "./c-program.ts";
import { rounded } from "./quantiles.ts";
import type { ResponderCommand } from "./responder-host.ts";

/** What a client finds out about a responder. */
interface Figures {
  /** Microseconds from question to answer, one at a time. */
  readonly p50: number;
  readonly p99: number;
  /** Answers to a client with 64 questions under way. */
  readonly perSecond: number;
  readonly lost: number;
}

interface Comparison {
  readonly addresses: number;
  readonly ours: Figures;
  /** The kernel's, for an address of the same interface. */
  readonly kernel: Figures;
}

export interface ResponderReport {
  readonly arp: readonly Comparison[];
  readonly ndp: readonly Comparison[];
  /** While the main thread reads lists of 10,000 EndpointSlices, one after the other. */
  readonly whileReadingLists: { readonly arp: Comparison; readonly ndp: Comparison; readonly lists: number };
}

const SIZES = [1, 1_000, 10_000] as const;
const SLICES = 10_000;

/** Questions under way: in turn, and as fast as it goes. */
const WINDOW = 64;

/** Of one measurement. */
const MEASURE_MS = 1000;

/** Until the gratuitous frames after the start of an announcement are sent. */
const BURST_MS = 7000;

const KINDS = {
  arp: { kernel: "10.31.0.1", client: "10.31.0.9", first: "10.16.0.0", length: 12 },
  ndp: { kernel: "fd10::1:0:1", client: "fd10::1:0:9", first: "fd10::1000", length: 64 },
} as const;

type Kind = keyof typeof KINDS;

interface Asked {
  readonly answered: number;
  readonly lost: number;
  readonly seconds: number;
  readonly p50?: number;
  readonly p99?: number;
}

/** Takes about two minutes. */
export async function benchResponder(tell: (progress: string) => void): Promise<ResponderReport> {
  using asker = compile("asker");
  const bench = new ResponderBench(asker.path, tell);
  try {
    await bench.start();
    const arp: Comparison[] = [];
    const ndp: Comparison[] = [];
    let announced = 0;
    for (const size of SIZES) {
      await bench.announce(announced, size - announced);
      announced = size;
      arp.push(bench.compare("arp", size));
      ndp.push(bench.compare("ndp", size));
    }
    const before = await bench.command({ do: "read", lists: true });
    const underLoad = { arp: bench.compare("arp", announced), ndp: bench.compare("ndp", announced) };
    const lists = (await bench.command({ do: "read", lists: false })) - before;
    return { arp, ndp, whileReadingLists: { ...underLoad, lists } };
  } finally {
    bench.close();
  }
}

class ResponderBench {
  readonly #network = new TestNetwork();
  readonly #folder = mkdtempSync(join(tmpdir(), "metallb-bench-"));
  readonly #node = this.#network.namespace("node");
  readonly #client = this.#network.namespace("client");
  readonly #asker: string;
  readonly #tell: (progress: string) => void;
  #host: ChildProcess | undefined;
  #answer: (line: string) => void = () => undefined;

  constructor(asker: string, tell: (progress: string) => void) {
    this.#asker = asker;
    this.#tell = tell;
  }

  async start(): Promise<void> {
    const network = this.#network;
    network.cable([this.#node, "eth0"], [this.#client, "eth0"]);
    for (const { kernel, client, length } of Object.values(KINDS)) {
      network.address(this.#node, "eth0", `${kernel}/${length}`);
      network.address(this.#client, "eth0", `${client}/${length}`);
    }
    const server = network.spawn(this.#node, NODE, resolve(import.meta.dirname, "../list-server.ts"), `${SLICES}`);
    const kubeconfig = join(this.#folder, "kubeconfig");
    writeFileSync(kubeconfig, await firstLine(server));
    this.#host = network.spawn(this.#node, NODE, resolve(import.meta.dirname, "responder-host.ts"), kubeconfig);
    this.#host.stderr!.pipe(process.stderr);
    createInterface({ input: this.#host.stdout! }).on("line", (line) => this.#answer(line));
  }

  /** Resolves when the host has done it, to the number of lists that it has read so far. */
  command(command: ResponderCommand): Promise<number> {
    this.#host!.stdin!.write(`${JSON.stringify(command)}\n`);
    return new Promise((done) => (this.#answer = (line) => done(Number(line))));
  }

  /** Announces so many more addresses of both families. */
  async announce(offset: number, count: number): Promise<void> {
    const [v4, v6] = [10 * 2 ** 24 + 16 * 2 ** 16 + offset, 0x1000 + offset];
    const ipv4 = [24, 16, 8, 0].map((shift) => (v4 >>> shift) & 255).join(".");
    await this.command({ do: "announce", first: ipv4, count });
    await this.command({ do: "announce", first: `fd10::${v6.toString(16)}`, count });
    await new Promise((done) => setTimeout(done, BURST_MS));
  }

  /** Both responders in turns, so that what else the machine does falls on both. */
  compare(kind: Kind, addresses: number): Comparison {
    const { kernel, first } = KINDS[kind];
    const [ours, kernels]: Asked[][] = [[], []];
    for (const window of [1, WINDOW, 1, WINDOW]) {
      ours!.push(this.#ask(kind, first, addresses, window));
      kernels!.push(this.#ask(kind, kernel, 1, window));
    }
    const comparison = { addresses, ours: figures(ours!), kernel: figures(kernels!) };
    this.#tell(`${kind}: ${JSON.stringify(comparison)}`);
    return comparison;
  }

  close(): void {
    this.#network.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #ask(kind: Kind, first: string, addresses: number, window: number): Asked {
    const args = ["eth0", KINDS[kind].client, first, `${addresses}`, `${window}`, `${MEASURE_MS}`];
    const { code, stdout, stderr } = this.#network.exec(this.#client, this.#asker, ...args);
    if (code !== 0) throw new Error(`asker: ${stderr}`);
    return JSON.parse(stdout) as Asked;
  }
}

/** Of two rounds each the better one: whatever else the machine does only makes figures worse. */
function figures(asked: readonly Asked[]): Figures {
  const inTurn = asked.filter(({ p50 }) => p50 !== undefined);
  const least = (name: "p50" | "p99"): number => Math.min(...inTurn.map((round) => round[name]!));
  const rates = asked.filter(({ p50 }) => p50 === undefined).map(({ answered, seconds }) => answered / seconds);
  const lost = asked.reduce((sum, round) => sum + round.lost, 0);
  return { p50: least("p50"), p99: least("p99"), perSecond: rounded(Math.max(...rates), 0), lost };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done) => child.stdout!.once("data", (chunk: Buffer) => done(chunk.toString())));
}
