/**
 * A speaker's two threads without the speaker: `responder-host.ts KUBECONFIG`. The worker announces; the main thread,
 * when it is told to, reads the list of all EndpointSlices again and again. Commands are lines of JSON; each is answered by
 * a line when it is done.
 */
import { createInterface } from "node:readline";
import { isMainThread, Worker } from "node:worker_threads";
import { projectEndpointSlice } from "../../../src/config/endpoint-slice.ts";
import { KINDS } from "../../../src/config/kinds.ts";
import { parseAddress, type IpAddress } from "../../../src/ip/address.ts";
import { loadEndpoint } from "../../../src/k8s/endpoint.ts";
import { createKubeWatcher } from "../../../src/k8s/reflector.ts";
import { systemClock } from "../../../src/platform/system-clock.ts";
import { systemRandom } from "../../../src/platform/system-random.ts";
import type { WorkerCommand, WorkerEvent, WorkerOptions } from "../../../src/speaker/protocol.ts";
import { runProtocolWorker } from "../../../src/speaker/protocol-worker.ts";
import { silentLog } from "../../support/silent-log.ts";

export type ResponderCommand =
  /** Announces this address and the following, so many in all. */
  | { readonly do: "announce"; readonly first: string; readonly count: number }
  /** Reads lists from now on, or no more; the answer is how many have been read. */
  | { readonly do: "read"; readonly lists: boolean };

if (isMainThread) await runHost(process.argv[2]!);
else runProtocolWorker();

async function runHost(kubeconfig: string): Promise<void> {
  const endpoint = await loadEndpoint({ kubeconfig, env: {} });
  const watcher = createKubeWatcher(endpoint, { clock: systemClock, random: systemRandom, log: silentLog });
  const workerData: WorkerOptions = { role: "protocol", excludedInterfaces: "^lo$" };
  const worker = new Worker(new URL(import.meta.url), { workerData });
  const unanswered = new Set<IpAddress>();
  let allAnswered: () => void = () => undefined;
  worker.on("message", (event: WorkerEvent) => {
    if (event.on !== "announcing" || event.interfaces.length === 0) return;
    if (unanswered.delete(event.address) && unanswered.size === 0) allAnswered();
  });
  let reading = false;
  let read = 0;

  function announce(first: string, count: number): Promise<void> {
    const base = parseAddress(first)!;
    for (let i = 0; i < count; i++) unanswered.add((base + BigInt(i)) as IpAddress);
    for (const address of unanswered) {
      const command: WorkerCommand = { do: "announce", announcement: { address, interfaces: "all" } };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
      worker.postMessage(command);
    }
    return new Promise((resolve) => (allAnswered = resolve));
  }

  function readList(): void {
    const handle = watcher.watch(
      { resource: KINDS.EndpointSlice, project: projectEndpointSlice },
      {
        set: () => undefined,
        delete: () => undefined,
        synced: () => {
          handle.close();
          read++;
          if (reading) setImmediate(readList);
        },
      },
    );
  }

  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line) as ResponderCommand;
    if (command.do === "announce") await announce(command.first, command.count);
    else {
      reading = command.lists;
      if (reading) readList();
    }
    process.stdout.write(`${read}\n`);
  }
  process.exit();
}
