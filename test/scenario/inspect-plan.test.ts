import fc from "fast-check";
import { expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { readCluster } from "../../src/inspect/cluster/read-cluster.ts";
import { readConfig } from "../../src/inspect/cluster/read-config.ts";
import { overlay } from "../../src/inspect/plan/overlay.ts";
import { planChanges } from "../../src/inspect/plan/plan-changes.ts";
import type { PlanReport } from "../../src/inspect/plan/plan-report.ts";
import { collectConfig } from "../../src/inspect/validate/collect-config.ts";
import { poolObject } from "../support/cluster-snapshot.ts";
import { ControllerLab } from "../support/controller-lab.ts";

const NAMESPACE = "metallb-system";
const POOLS = ["a", "b", "c"] as const;
type PoolName = (typeof POOLS)[number];

/** What a pool may be made of; no two overlap, in whatever combination. */
const RANGES: Readonly<Record<PoolName, readonly string[]>> = {
  a: ["10.0.0.0/31", "10.0.0.2/31", "fd00::/127", "fd00::2/127"],
  b: ["10.1.0.0/31", "10.1.0.2/32", "fd01::/126"],
  c: ["10.2.0.255/32", "10.2.1.0/31", "fd02::/128"],
};

const allocation = fc.constantFrom(
  undefined,
  { namespaces: ["default"] },
  { namespaces: ["other"] },
  { priority: 5, namespaces: ["default"] },
);

function poolSpec(name: PoolName) {
  return fc.record({
    addresses: fc.subarray([...RANGES[name]], { minLength: 1 }),
    autoAssign: fc.boolean(),
    avoidBuggyIPs: fc.boolean(),
    serviceAllocation: allocation,
  });
}

const poolSet = fc.record(
  { a: poolSpec("a"), b: poolSpec("b"), c: poolSpec("c") },
  { requiredKeys: [] },
) as fc.Arbitrary<Partial<Record<PoolName, object>>>;

const service = fc.record({
  families: fc.constantFrom<("IPv4" | "IPv6")[]>(["IPv4"], ["IPv6"], ["IPv4", "IPv6"], ["IPv6", "IPv4"]),
  policy: fc.constantFrom("SingleStack" as const, "PreferDualStack" as const, "RequireDualStack" as const),
  ports: fc.subarray(["TCP/80", "TCP/443", "UDP/53"], { minLength: 1 }),
  annotations: fc.record(
    {
      "metallb.io/allow-shared-ip": fc.constantFrom("k", "l"),
      "metallb.io/address-pool": fc.constantFrom("a", "b"),
      "metallb.io/loadBalancerIPs": fc.constantFrom("10.0.0.1", "fd00::1", "10.1.0.2"),
    },
    { requiredKeys: [] },
  ),
});

async function planned(lab: ControllerLab, change: Partial<Record<PoolName, object>>): Promise<PlanReport> {
  const snapshot = await readCluster(lab.kube, NAMESPACE);
  const { lists: live, notes } = await readConfig(lab.kube, snapshot);
  const text = Object.entries(change)
    .map(([name, spec]) => JSON.stringify(poolObject(name, spec)))
    .join("\n---\n");
  const files = collectConfig([{ path: "new.json", text, named: true }], NAMESPACE);
  const deleted = POOLS.filter(
    (name) => change[name] === undefined && live.ipAddressPools.some((pool) => pool.metadata.name === name),
  );
  const changed = overlay(live, { given: files.objects, deleted, prune: false });
  if (!changed.ok) throw new Error(changed.error);
  return planChanges({ snapshot, live, overlay: changed.value, files, loadBalancerClass: "", notes });
}

function apply(lab: ControllerLab, pools: Partial<Record<PoolName, object>>): void {
  for (const name of POOLS) {
    const spec = pools[name];
    if (spec === undefined) lab.removePool(name);
    else lab.pool(name, spec as { addresses: readonly string[] });
  }
}

test("a plan tells what the controller then does, and writes nothing", async () => {
  let moved = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(service, { maxLength: 8 }), poolSet, poolSet, async (services, before, after) => {
      const lab = new ControllerLab();
      lab.namespace("default");
      apply(lab, before);
      for (const [i, spec] of services.entries()) lab.service(`s${i}`, spec);
      await lab.start();
      const names = services.map((_, i) => `s${i}`);
      const had = new Map(names.map((name) => [name, lab.shown(name)]));
      const requests = lab.kube.requests.length;
      const report = await planned(lab, after);
      const writes = lab.kube.requests.slice(requests).filter(({ verb }) => verb !== "list" && verb !== "get");
      expect(writes).toEqual([]);
      expect(report.valid).toBe(true);
      moved += report.services.length;

      apply(lab, after);
      await lab.quiet();
      for (const name of names) {
        const [was, is] = [had.get(name)!, lab.shown(name)];
        const change = report.services.find((changed) => changed.service === `default/${name}`);
        expect({ name, ips: change?.to.map(({ address }) => address) ?? was.ips }).toEqual({ name, ips: is.ips });
        expect({ name, pool: change === undefined ? was.pool : change.to[0]?.pool }).toEqual({ name, pool: is.pool });
        if (change !== undefined) expect(change.from.map(({ address }) => address)).toEqual(was.ips);
      }
      await lab.stop();
    }),
    { numRuns: 60 },
  );
  // Else nothing was compared.
  expect(moved).toBeGreaterThan(20);
}, 60_000);

test("a plan of what is there already changes nothing", async () => {
  const lab = new ControllerLab();
  const pools = { a: { addresses: ["10.0.0.0/30", "fd00::/126"] } };
  apply(lab, pools);
  lab.service("v4");
  lab.service("dual", { families: ["IPv6", "IPv4"], policy: "PreferDualStack" });
  await lab.start();
  expect(await planned(lab, pools)).toMatchObject({ services: [], unchanged: 2, disruptive: false, issues: [] });
  expect(lab.kube.objects(KINDS.IPAddressPool)).toHaveLength(1);
  await lab.stop();
});
