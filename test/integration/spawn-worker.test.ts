import { afterEach, expect, test } from "vitest";
import type { WorkerEvent } from "../../src/speaker/protocol.ts";
import { spawnProtocolWorker, type SpawnedWorker } from "../../src/speaker/spawn-worker.ts";

const workers: SpawnedWorker[] = [];

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close();
});

function spawn(): SpawnedWorker {
  const worker = spawnProtocolWorker({ excludedInterfaces: "(?!)" });
  workers.push(worker);
  return worker;
}

/** Resolves with the first event; with the addon or without, a worker says something when it starts. */
function firstOf(worker: SpawnedWorker): Promise<WorkerEvent> {
  return new Promise((resolve) => worker.onEvent(resolve));
}

test("what a worker says before anybody listens is not lost", async () => {
  const early = spawn();
  // The second one starts later, so the first has spoken by the time that the second does.
  const first = await firstOf(spawn());
  expect(await firstOf(early)).toEqual(first);
});

test("a thread that ends by itself is reported", async () => {
  const worker = spawnProtocolWorker({ excludedInterfaces: "(" });
  workers.push(worker);
  expect(await worker.failed).toMatch(/Invalid regular expression/);
});
