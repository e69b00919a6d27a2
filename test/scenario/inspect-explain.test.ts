import fc from "fast-check";
import { expect, test } from "vitest";
import { readCluster } from "../../src/inspect/cluster/read-cluster.ts";
import { explainService } from "../../src/inspect/explain/explain-service.ts";
import { readSurroundings } from "../../src/inspect/explain/read-surroundings.ts";
import { ControllerLab } from "../support/controller-lab.ts";
import { applyPools, poolSpecs, serviceSpecs } from "../support/random-world.ts";

test("what is explained of a Service is what the controller at work says of it", async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(serviceSpecs, poolSpecs, async (services, pools) => {
      const lab = new ControllerLab();
      lab.namespace("default");
      applyPools(lab, pools);
      for (const [i, spec] of services.entries()) lab.service(`s${i}`, spec);
      await lab.start();
      const before = lab.kube.requests.length;
      const snapshot = await readCluster(lab.kube, "metallb-system");
      for (const service of snapshot.services) {
        const around = await readSurroundings(lab.kube, "metallb-system", service);
        const settings = { loadBalancerClass: "", ignoreExcludeLabel: false, now: lab.clock.wallTime() };
        const {
          decision,
          differences,
          configuration,
          pools: considered,
        } = explainService(service, snapshot, around, settings);
        const { ips, pool, condition } = lab.shown(service.name);
        expect({ configuration, differences }).toMatchObject({ configuration: { valid: true }, differences: [] });
        expect(decision?.addresses.map(({ address }) => address)).toEqual(ips);
        expect(decision?.addresses.every((address) => address.pool === pool)).toBe(true);
        expect(condition).toBe(
          decision?.refusal === undefined
            ? `True ${decision?.missing === undefined ? "Allocated" : "OneFamilyAllocated"}`
            : `False ${decision.refusal.reason}`,
        );
        expect(considered.map(({ pool: name }) => name).sort()).toEqual(Object.keys(pools).sort());
        if (decision?.refusal === undefined)
          expect(considered.find(({ verdict }) => verdict === "used")?.pool).toBe(pool);
        else refused++;
      }
      expect(lab.kube.requests.slice(before).filter(({ verb }) => verb !== "list" && verb !== "get")).toEqual([]);
      await lab.stop();
    }),
    { numRuns: 60 },
  );
  // Else only one half was compared.
  expect(refused).toBeGreaterThan(20);
}, 60_000);
