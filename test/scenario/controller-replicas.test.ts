import fc from "fast-check";
import { expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { projectService } from "../../src/config/service.ts";
import { Replica } from "../../src/controller/replica.ts";
import { withPermit } from "../../src/k8s/leader-gate.ts";
import type { KubeObject } from "../../src/ports/kube.ts";
import { begin, fault, type Fault, lateWrites } from "../support/election-faults.ts";
import { type ElectionReplica, ElectionWorld } from "../support/election-world.ts";
import { RecordingMetrics } from "../support/recording-metrics.ts";

const OPTIONS = { namespace: "metallb-system", loadBalancerClass: "", podName: undefined, memberlistSecret: undefined };
/** Fewer than Services: somebody waits, and what is freed is given at once. */
const ADDRESSES = 3;

type Change = { readonly do: "create" | "remove" | "edit"; readonly name: string; readonly age: number };

const change: fc.Arbitrary<Change> = fc.record({
  do: fc.constantFrom("create" as const, "create" as const, "remove" as const, "edit" as const),
  name: fc.constantFrom("a", "b", "c", "d", "e"),
  // In seconds: who is older may be heard of later.
  age: fc.nat(100),
});

/** Replicas of the controller that elect a leader, on one API server; and what its Services have ever shown. */
class Cluster {
  readonly world: ElectionWorld;
  /** What must not have happened. */
  readonly wrong: string[] = [];
  readonly #shown = new Map<string, string>();
  #edits = 0;

  constructor(random: () => number) {
    this.world = new ElectionWorld(random, (replica) => this.#candidate(replica));
    const { kube } = this.world;
    const spec = { addresses: [`10.0.0.1-10.0.0.${ADDRESSES}`] };
    kube.apply(KINDS.IPAddressPool, { metadata: { namespace: "metallb-system", name: "p" }, spec });
    const look = () => this.#look();
    kube.watch({ resource: KINDS.Service, project: look }, { set: look, delete: look, synced: look });
  }

  /** A new Service, or somebody else's change to one, or its end. */
  change({ do: what, name, age }: Change): void {
    const { kube } = this.world;
    const key = `default/${name}`;
    const old = kube.object(KINDS.Service, key);
    if (what === "remove") return kube.remove(KINDS.Service, key);
    if (old !== undefined) {
      kube.edit(KINDS.Service, key, { metadata: { labels: { edited: String(this.#edits++) } } });
    } else if (what === "create") {
      const time = new Date(Date.UTC(2025, 0, 1) - age * 1000).toISOString().replace(".000", "");
      kube.apply(KINDS.Service, service(name, time));
    }
  }

  get addresses(): readonly string[] {
    return this.world.kube
      .objects(KINDS.Service)
      .flatMap((object) => projectService(object).ingress.map(({ ip }) => ip));
  }

  #candidate(replica: ElectionReplica): Replica {
    const { clock, watcher, client, log } = replica;
    const random = { next: () => this.world.random() };
    const ports = { clock, random, watcher, log, metrics: new RecordingMetrics(), events: this.world.kube };
    return new Replica({ ...ports, client: withPermit(client, replica.elector.permit) }, OPTIONS);
  }

  #look(): void {
    const { addresses } = this;
    if (new Set(addresses).size < addresses.length) this.wrong.push(`two have the same: ${addresses.join()}`);
    for (const object of this.world.kube.objects(KINDS.Service)) {
      const { uid, ingress } = projectService(object);
      const ips = ingress.map(({ ip }) => ip).join();
      const before = this.#shown.get(uid);
      if (before !== undefined && before !== ips) this.wrong.push(`${uid} had ${before} and has ${ips}`);
      if (ips !== "") this.#shown.set(uid, ips);
    }
  }
}

function service(name: string, creationTimestamp: string): KubeObject {
  return {
    metadata: { namespace: "default", name, creationTimestamp },
    spec: {
      type: "LoadBalancer",
      clusterIPs: ["10.96.0.1"],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      ports: [{ protocol: "TCP", port: 80 }],
    },
  };
}

function perform(cluster: Cluster, next: Fault | Change): void {
  if ("name" in next) cluster.change(next);
  else begin(cluster.world, next);
}

const pause = fc.oneof(fc.nat(50), fc.nat(4000));
const anything: fc.Arbitrary<readonly (readonly [number, Fault | Change])[]> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(pause, change).map((one) => [one]) },
  { weight: 2, arbitrary: fc.tuple(pause, fault).map((one) => [one]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.array(change, { minLength: 1, maxLength: 4 }), fc.integer({ min: 3000, max: 6000 }))
      .map(([changes, delay]) => lateWrites(changes, delay)),
  },
);
const history = fc.array(anything, { minLength: 4, maxLength: 12 }).map((parts) => parts.flat());

test("whatever happens to replicas and requests, no address is ever shown twice or changes, and none is left unused", async () => {
  const randoms = fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 3 }), history, randoms, async (replicas, steps, random) => {
      const cluster = new Cluster(() => random.next().value as number);
      for (let i = 0; i < replicas; i++) cluster.world.join().network.toServer = 200;
      await cluster.world.pass(500);
      for (const [pause, next] of steps) {
        await cluster.world.pass(pause);
        perform(cluster, next);
      }
      // Faults end, what is on its way arrives, and who waits is tried again.
      await cluster.world.pass(60_000);
      expect(cluster.wrong).toEqual([]);
      const wanted = Math.min(ADDRESSES, cluster.world.kube.objects(KINDS.Service).length);
      expect(cluster.addresses).toHaveLength(wanted);
    }),
    { seed: Number(process.env["METALLB_SEED"] ?? 1), numRuns: 120 },
  );
}, 120_000);
