import { resolve } from "node:path";
import { NODE, TestNetwork } from "../support/netns.ts";
import { WorkerInNamespace } from "../support/worker-in-namespace.ts";

interface Latency {
  /** µs */
  readonly p50: number;
  readonly p99: number;
}

export interface ArpBench {
  readonly requests: number;
  readonly lost: number;
  /** Our responder, in the protocol worker of a Node process. */
  readonly worker: Latency;
  /** The kernel's, for an address of the same interface. */
  readonly kernel: Latency;
  readonly p50Ratio: number;
}

const OURS = "10.9.0.100";
const KERNELS = "10.9.0.1";
const ROUNDS = 20_000;

/**
 * ARP request to reply over a veth pair, measured by one client in turns against our responder and the kernel's. Needs
 * root; takes about five seconds.
 */
export async function benchArp(): Promise<ArpBench> {
  const network = new TestNetwork();
  try {
    const node = network.namespace("node");
    const client = network.namespace("client");
    network.cable([node, "eth0"], [client, "eth0"]);
    network.address(node, "eth0", `${KERNELS}/24`);
    const worker = new WorkerInNamespace(network, node);
    await worker.announce(OURS);
    const [link] = JSON.parse(network.ip(client, "-j", "link", "show", "eth0")) as [{ ifindex: number }];
    const program = resolve(import.meta.dirname, "arp-client.ts");
    const mac = network.mac(client, "eth0");
    const run = network.exec(client, NODE, program, `${link.ifindex}`, mac, `${ROUNDS}`, OURS, KERNELS);
    if (run.code !== 0) throw new Error(`the client failed: ${run.stderr}`);
    const { times, lost } = JSON.parse(run.stdout) as { times: Record<string, number[]>; lost: number };
    const ours = latency(times[OURS]!);
    const kernels = latency(times[KERNELS]!);
    return { requests: ROUNDS, lost, worker: ours, kernel: kernels, p50Ratio: round(ours.p50 / kernels.p50) };
  } finally {
    network.close();
  }
}

function latency(times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.floor(sorted.length * share)]!);
  return { p50: at(0.5), p99: at(0.99) };
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}
