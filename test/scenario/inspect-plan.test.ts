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
import { applyPools, POOLS, type PoolSpecs, poolSpecs, serviceSpecs } from "../support/random-world.ts";

const NAMESPACE = "metallb-system";
async function planned(lab: ControllerLab, change: PoolSpecs): Promise<PlanReport> {
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
  const input = { snapshot, live, overlay: changed.value, files, loadBalancerClass: "", takeover: false, notes };
  return planChanges(input);
}

test("a plan tells what the controller then does, and writes nothing", async () => {
  let moved = 0;
  await fc.assert(
    fc.asyncProperty(serviceSpecs, poolSpecs, poolSpecs, async (services, before, after) => {
      const lab = new ControllerLab();
      lab.namespace("default");
      applyPools(lab, before);
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

      applyPools(lab, after);
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
  applyPools(lab, pools);
  lab.service("v4");
  lab.service("dual", { families: ["IPv6", "IPv4"], policy: "PreferDualStack" });
  await lab.start();
  expect(await planned(lab, pools)).toMatchObject({ services: [], unchanged: 2, disruptive: false, issues: [] });
  expect(lab.kube.objects(KINDS.IPAddressPool)).toHaveLength(1);
  await lab.stop();
});
