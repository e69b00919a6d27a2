import { afterEach, expect, test } from "vitest";
import { parseAddress } from "../../src/ip/address.ts";
import { FAST_LAN } from "../../src/membership/settings.ts";
import type { WorkerEvent } from "../../src/speaker/protocol.ts";
import { spawnProtocolWorker, type SpawnedWorker } from "../../src/speaker/spawn-worker.ts";

/** A network of our own behind loopback, so that other tests' ports are not in the way. */
const HOSTS = [1, 2, 3].map((host) => parseAddress(`127.${process.pid % 256}.77.${host}`)!);
const PORT = 17_946;

const workers: SpawnedWorker[] = [];

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close();
});

/** A protocol worker that is a member, and what it told. */
class Member {
  readonly worker: SpawnedWorker;
  members = "";
  standing = "";
  #wake: (() => void)[] = [];

  constructor(index: number) {
    const key = new Uint8Array(32).fill(7);
    const membership = { node: `node-${index}`, address: HOSTS[index]!, port: PORT, settings: FAST_LAN, key };
    this.worker = spawnProtocolWorker({ excludedInterfaces: ".", membership });
    workers.push(this.worker);
    this.worker.onEvent((event) => this.#take(event));
    this.worker.send({ do: "join", seeds: HOSTS.map((address) => ({ address, port: PORT })) });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((wake) => this.#wake.push(wake));
  }

  #take(event: WorkerEvent): void {
    if (event.on === "members") this.members = event.nodes.join();
    if (event.on === "standing") this.standing = event.standing.kind;
    for (const wake of this.#wake.splice(0)) wake();
  }
}

test("workers find each other over real sockets, see a death within seconds, and a goodbye", async () => {
  const [a, b, c] = HOSTS.map((_, index) => new Member(index));
  for (const member of [a!, b!, c!]) {
    await member.until(() => member.members === "node-0,node-1,node-2" && member.standing === "sure");
  }
  const killedAt = Date.now();
  await c!.worker.close();
  await a!.until(() => a!.members === "node-0,node-1");
  expect(Date.now() - killedAt).toBeLessThan(5000);
  b!.worker.send({ do: "stop" });
  await a!.until(() => a!.members === "node-0");
});
