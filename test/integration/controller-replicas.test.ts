import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { projectService } from "../../src/config/service.ts";
import { loadEndpoint } from "../../src/k8s/endpoint.ts";
import { createKubeWatcher } from "../../src/k8s/reflector.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import { type ApiServerLab, startApiServerLab } from "../support/api-server-lab.ts";
import { ControllerProcess } from "../support/controller-process.ts";
import { silentLog } from "../support/silent-log.ts";

const LEASE = "/apis/coordination.k8s.io/v1/namespaces/metallb-system/leases/metallb-controller";
const POOLS = "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools";
const SERVICES = "/api/v1/namespaces/default/services";

/** Real processes on a machine that does other things, too: what is said in seconds has this much to spare. */
const SPARE = 1000;

interface Cluster {
  readonly lab: ApiServerLab;
  readonly replicas: readonly ControllerProcess[];
  /** Every address that a Service has ever shown, in order, by the Service's name. */
  readonly shown: ReadonlyMap<string, readonly string[]>;
}

/** An API server and that many replicas, up to where all take part in the election. */
async function cluster(count: number, { onTestFinished }: TestContext): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "metallb-replicas-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const lab = await startApiServerLab();
  onTestFinished(() => lab.close());
  const kubeconfig = join(folder, "admin");
  writeFileSync(kubeconfig, lab.server.kubeconfig());
  const metadata = { name: "p" };
  const spec = { addresses: ["192.0.2.0/24"] };
  await lab.api.post(POOLS, { apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool", metadata, spec });
  const shown = new Map<string, string[]>();
  const watcher = createKubeWatcher(await loadEndpoint({ kubeconfig, env: {} }), {
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  const watch = watcher.watch(
    { resource: KINDS.Service, namespace: "default", project: projectService },
    {
      set: (_, { name, ingress }) => {
        const list = shown.get(name) ?? [];
        const [{ ip } = { ip: undefined }] = ingress;
        if (ip !== undefined && list.at(-1) !== ip) shown.set(name, [...list, ip]);
      },
      delete: () => {},
      synced: () => {},
    },
  );
  onTestFinished(() => watch.close());
  const replicas: ControllerProcess[] = [];
  for (let i = 0; i < count; i++) {
    const replica = await ControllerProcess.start(`replica-${i}`, lab.server, folder);
    onTestFinished(async () => void (await replica.close()));
    replicas.push(replica);
  }
  for (const replica of replicas) await until(40_000, () => replica.log.includes('"lease"'));
  return { lab, replicas, shown };
}

/** Waits for it, and tells how many milliseconds it took. */
async function until(within: number, isSo: () => boolean): Promise<number> {
  const start = performance.now();
  while (!isSo()) {
    if (performance.now() - start > within) throw new Error(`not within ${within} ms: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return performance.now() - start;
}

async function leaderOf({ lab, replicas }: Cluster): Promise<ControllerProcess | undefined> {
  const { json } = await lab.api.get(LEASE);
  const holder = String(json?.spec?.holderIdentity ?? "");
  return replicas.find(({ name }) => holder.startsWith(`${name}_`));
}

async function createService({ lab }: Cluster, name: string): Promise<void> {
  const spec = { type: "LoadBalancer", ports: [{ port: 80, protocol: "TCP" }] };
  const { code } = await lab.api.post(SERVICES, { apiVersion: "v1", kind: "Service", metadata: { name }, spec });
  expect(code).toBe(201);
}

/** How long it takes until the Service has an address, in milliseconds. */
function untilServed({ shown }: Cluster, name: string, within: number): Promise<number> {
  return until(within, () => shown.has(name));
}

async function settled(world: Cluster): Promise<ControllerProcess> {
  await createService(world, "first");
  await untilServed(world, "first", 10_000);
  return (await leaderOf(world))!;
}

/** No two Services have ever shown the same address, and none has shown two. */
function expectOneAddressEach({ shown }: Cluster): void {
  const all = [...shown.values()];
  expect(all.filter((list) => list.length !== 1)).toEqual([]);
  expect(new Set(all.flat()).size).toBe(all.length);
}

const writesOf = ({ lab }: Cluster) => {
  const { counts } = lab.server.testing;
  return (
    (counts["patch services"] ?? 0) + (counts["create events"] ?? 0) + (counts["patch ipaddresspools.metallb.io"] ?? 0)
  );
};

test.concurrent("a leader that stops is followed within a second, one that is paused or killed within five", async (context) => {
  const world = await cluster(3, context);
  const first = await settled(world);

  const stopping = performance.now();
  first.kill("SIGTERM");
  await until(1000 + SPARE, () => first.log.includes("controller stopped"));
  await createService(world, "after-stop");
  await untilServed(world, "after-stop", 1000 + SPARE);
  const stop = performance.now() - stopping;
  expect(stop).toBeLessThan(1000 + SPARE);
  const second = (await leaderOf(world))!;
  expect(second).not.toBe(first);

  second.kill("SIGSTOP");
  await createService(world, "during-pause");
  const pause = await untilServed(world, "during-pause", 5000 + SPARE);
  const third = (await leaderOf(world))!;
  expect(third).not.toBe(second);
  for (let i = 0; i < 5; i++) await createService(world, `more-${i}`);
  for (let i = 0; i < 5; i++) await untilServed(world, `more-${i}`, 2000);
  await new Promise((resolve) => setTimeout(resolve, 10_000 - pause));
  const before = writesOf(world);
  second.kill("SIGCONT");
  await until(5000, () => second.log.split("standing by").length > 2);
  expect(writesOf(world)).toBe(before);

  third.kill("SIGKILL");
  await createService(world, "after-kill");
  const kill = await untilServed(world, "after-kill", 5000 + SPARE);
  expect(await leaderOf(world)).toBe(second);
  expectOneAddressEach(world);
  process.stdout.write(`take-over in ms: stopped ${stop | 0}, paused ${pause | 0}, killed ${kill | 0}\n`);
});

test.concurrent("what a paused leader sent arrives after it was followed, and is refused", async (context) => {
  const world = await cluster(2, context);
  const old = await settled(world);
  old.route.hold();
  await createService(world, "late");
  // Only the way to the server is slow: it has seen the Service, and decided and sent its write.
  await until(2000, () => old.log.includes('"default/late"'));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const onTheWay = old.route.onTheWay;
  old.kill("SIGSTOP");
  expect(onTheWay).toBeGreaterThan(0);
  await untilServed(world, "late", 6000);
  await createService(world, "next");
  await untilServed(world, "next", 1000);
  const before = world.lab.server.testing.counts["patch services"]!;
  old.route.release();
  await until(9000, () => world.lab.server.testing.counts["patch services"] === before + 1);
  expectOneAddressEach(world);
  old.kill("SIGCONT");
  await until(15_000, () => old.log.includes("standing by"));
  expectOneAddressEach(world);
});
