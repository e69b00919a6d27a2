import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectEndpointSlice } from "../../src/config/endpoint-slice.ts";
import { KINDS } from "../../src/config/kinds.ts";
import { projectService } from "../../src/config/service.ts";
import { loadEndpoint } from "../../src/k8s/endpoint.ts";
import { createKubeWatcher } from "../../src/k8s/reflector.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import type { WatchOptions } from "../../src/ports/kube.ts";
import { silentLog } from "../support/silent-log.ts";

/**
 * Memory and time that the stores of a large cluster cost: `node --expose-gc test/bench/reflector.ts [COUNT]`.
 * A child process serves COUNT Services and COUNT EndpointSlices of ten endpoints as streaming lists; this process
 * watches them and prints one line of JSON.
 */
const COUNT = Number(process.argv.at(-1)) || 10_000;
const MIB = 1024 * 1024;

await measure();

async function measure(): Promise<void> {
  const server = join(import.meta.dirname, "list-server.ts");
  const child = spawn(process.execPath, [server, String(COUNT)], { stdio: ["ignore", "pipe", "inherit"] });
  const folder = mkdtempSync(join(tmpdir(), "metallb-bench-"));
  try {
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(kubeconfig, await firstLine(child));
    const before = rss();
    const started = performance.now();
    const cpu = process.cpuUsage();
    const watcher = createKubeWatcher(await loadEndpoint({ kubeconfig, env: {} }), {
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
    });
    const stores = await Promise.all([
      fill({ resource: KINDS.Service, project: projectService }),
      fill({ resource: KINDS.EndpointSlice, project: projectEndpointSlice }),
    ]);
    const milliseconds = Math.round(performance.now() - started);
    const { user, system } = process.cpuUsage(cpu);
    const peak = process.resourceUsage().maxRSS / 1024;
    globalThis.gc?.();
    const report = {
      services: stores[0].size,
      endpointSlices: stores[1].size,
      milliseconds,
      cpuMilliseconds: Math.round((user + system) / 1000),
      rssBeforeMiB: before,
      rssMiB: rss(),
      peakRssMiB: Math.round(peak),
      heapMiB: Math.round(process.memoryUsage().heapUsed / MIB),
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);

    function fill<T>(options: WatchOptions<T>): Promise<ReadonlyMap<string, T>> {
      const store = new Map<string, T>();
      return new Promise((resolve) => {
        const handle = watcher.watch(options, {
          set: (key, value) => void store.set(key, value),
          delete: (key) => void store.delete(key),
          synced: () => {
            handle.close();
            resolve(store);
          },
        });
      });
    }
  } finally {
    child.kill();
    rmSync(folder, { recursive: true });
  }
}

function rss(): number {
  return Math.round(process.memoryUsage.rss() / MIB);
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.stdout?.once("data", (chunk: Buffer) => resolve(chunk.toString())));
}
