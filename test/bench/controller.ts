/**
 * `npm run bench:controller`: the controller (production bundle) against the embedded API server, each in a process of
 * its own. Prints one JSON object. Figures compare things within this one run; they are not timed tests.
 */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { RawApiClient } from "../support/raw-api-client.ts";
import { benchAllocator } from "./allocator.ts";
import { BenchCluster } from "./bench-cluster.ts";
import { startController } from "./controller-process.ts";
import { startServerProcess } from "./server-process.ts";

const COLD = 5_000;
const WARM_EXISTING = 10_000;
const WARM_SAMPLES = 300;
const MEMORY_STEPS = [0, 1_000, 2_000, 10_000, 50_000] as const;

interface Memory {
  readonly services: number;
  readonly rssMiB: number;
  readonly peakRssMiB: number;
}

async function withCluster<T>(measure: (cluster: BenchCluster) => Promise<T>): Promise<T> {
  const server = await startServerProcess();
  const api = new RawApiClient(server.reached);
  try {
    const cluster = new BenchCluster(server, api);
    await cluster.prepare();
    return await measure(cluster);
  } finally {
    api.close();
    server.close();
  }
}

/** Pending Services, then the controller starts: from its start as a process until the last address is in a status. */
function benchCold() {
  return withCluster(async (cluster) => {
    await cluster.createServices(0, COLD);
    const assigned = await cluster.watchAddresses(COLD);
    const serverCpu = await cluster.server.cpu();
    const started = performance.now();
    const controller = await startController(cluster.server.reached);
    const times = (await assigned.complete).map((time) => time - started).sort((a, b) => a - b);
    const [first, last] = [times[0]!, times.at(-1)!];
    const controllerCpu = controller.cpu();
    const cpuOfServer = (await cluster.server.cpu()) - serverCpu;
    const memory = controller.memory();
    await controller.stop();
    return {
      services: COLD,
      firstAddressMilliseconds: Math.round(first),
      lastAddressMilliseconds: Math.round(last),
      servicesPerSecond: Math.round((COLD - 1) / ((last - first) / 1000)),
      cpuMicrosecondsPerService: { controller: controllerCpu / COLD, server: Math.round(cpuOfServer / COLD) },
      ...memory,
    };
  });
}

/** One Service after the other with many there already; time from the answer to its creation to its address. */
function benchWarm() {
  return withCluster(async (cluster) => {
    await cluster.createServices(0, WARM_EXISTING);
    const existing = await cluster.watchAddresses(WARM_EXISTING);
    const controller = await startController(cluster.server.reached);
    await existing.complete;
    await pause(2_000);
    const latencies: number[] = [];
    for (let i = 0; i < WARM_SAMPLES; i++) {
      const assigned = await cluster.watchAddresses(1, `warm-${i}`);
      const created = await cluster.createService(`warm-${i}`);
      const [seen] = await assigned.complete;
      latencies.push(seen! - created);
      await pause(10);
    }
    await controller.stop();
    latencies.sort((a, b) => a - b);
    const at = (share: number) => rounded(latencies[Math.floor(share * (latencies.length - 1))]!);
    return { existing: WARM_EXISTING, samples: WARM_SAMPLES, p50: at(0.5), p99: at(0.99), max: at(1) };
  });
}

/** A cluster grows; at each size the controller's memory while it serves, then that of a new one and what it writes. */
function benchMemory() {
  return withCluster(async (cluster) => {
    const growing: Memory[] = [];
    const restarted: (Memory & { readonly servicesWritten: number; readonly poolsWritten: number })[] = [];
    let there = 0;
    for (const services of MEMORY_STEPS) {
      const assigned = await cluster.watchAddresses(services - there);
      const controller = await startController(cluster.server.reached);
      await cluster.createServices(there, services);
      await assigned.complete;
      await pause(5_000);
      growing.push({ services, ...controller.memory() });
      await controller.stop();
      const before = await cluster.versions();
      const again = await startController(cluster.server.reached);
      await pause(5_000 + services / 10);
      restarted.push({ services, ...again.memory(), ...before.changed(await cluster.versions()) });
      await again.stop();
      there = services;
    }
    const [none, most] = [growing[0]!, growing.at(-1)!];
    const bytesPerService = Math.round(((most.rssMiB - none.rssMiB) * 2 ** 20) / most.services);
    return { growing, restarted, bytesPerService };
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

const PARTS: Readonly<Record<string, () => unknown>> = {
  cold: benchCold,
  warm: benchWarm,
  memory: benchMemory,
  fill: () => benchAllocator().fill,
};

if (!existsSync(join(import.meta.dirname, "../../dist/metallb.mjs"))) throw new Error("no bundle: npm run build");
const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
const report: Record<string, unknown> = { node: process.version, cpus: cpus().map((cpu) => cpu.model) };
for (const part of chosen) report[part] = await PARTS[part]!();
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
