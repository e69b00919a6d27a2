import fc from "fast-check";
import { expect, test } from "vitest";
import type { ModelService } from "../support/allocation-world.ts";
import { ClusterHistory, type Fault, type HistoryPool } from "../support/cluster-history.ts";
import { modelService, POOL_RANGES } from "../support/model-service.ts";

const POOLS = Object.keys(POOL_RANGES);
const SERVICES = ["s0", "s1", "s2", "s3"];

type Step =
  | { readonly do: "service"; readonly name: string; readonly service: ModelService }
  | { readonly do: "remove-service"; readonly pick: number }
  | { readonly do: "pool"; readonly name: string; readonly pool: HistoryPool }
  | { readonly do: "remove-pool"; readonly name: string }
  | { readonly do: "label"; readonly namespace: string; readonly team: string }
  | { readonly do: "succeed"; readonly succession: "orderly" | "unclean" };

const teams = fc.constantFrom("one", "two");

const pool: fc.Arbitrary<Step> = fc.constantFrom(...POOLS).chain((name) =>
  fc
    .record({
      ranges: fc.subarray([...POOL_RANGES[name]!], { minLength: 1 }),
      autoAssign: fc.constantFrom(true, true, true, false),
      avoidBuggyIPs: fc.boolean(),
      team: fc.option(teams, { nil: undefined }),
      priority: fc.nat(2),
    })
    .map((spec) => ({ do: "pool", name, pool: spec })),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("service" as const),
      name: fc.constantFrom(...SERVICES),
      service: modelService,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove-service" as const), pick: fc.nat(7) }) },
  { weight: 2, arbitrary: pool },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove-pool" as const), name: fc.constantFrom(...POOLS) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("label" as const), namespace: fc.constantFrom("a", "b"), team: teams }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("succeed" as const),
      succession: fc.constantFrom("orderly" as const, "unclean" as const),
    }),
  },
);

const fault: fc.Arbitrary<readonly [Fault, number] | undefined> = fc.option(
  fc.tuple(
    fc.constantFrom<Fault>("conflict", "error", "throttle", "no-answer", "silent-watches"),
    fc.integer({ min: 1, max: 4 }),
  ),
  { nil: undefined },
);

function perform(history: ClusterHistory, next: Step): void {
  switch (next.do) {
    case "service":
      return history.setService(next.name, next.service);
    case "remove-service": {
      const ids = [...history.services.keys()];
      return ids.length === 0 ? undefined : history.removeService(ids[next.pick % ids.length]!);
    }
    case "pool":
      return history.setPool(next.name, next.pool);
    case "remove-pool":
      return history.removePool(next.name);
    case "label":
      return history.label(next.namespace, next.team);
    case "succeed":
      return history.succeed(next.succession);
  }
}

/** Several things happen in one breath, so that they meet each other's writes; then all comes to rest. */
const breath = fc.record({ fault, steps: fc.array(step, { minLength: 1, maxLength: 3 }) });

test("whatever meets what: at rest every rule holds, nobody waits in vain, counts are right and all was told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(breath, { minLength: 1, maxLength: 5 }), async (breaths) => {
      const history = new ClusterHistory();
      for (const [name, ranges] of Object.entries(POOL_RANGES))
        history.setPool(name, { ranges, autoAssign: true, avoidBuggyIPs: false, team: undefined, priority: 0 });
      await history.settle();
      for (const { fault: trouble, steps } of breaths) {
        const [before, told] = [history.shown(), history.lab.kube.events.length];
        if (trouble !== undefined) history.disturb(...trouble);
        for (const next of steps) perform(history, next);
        await history.settle();
        expect(history.complaints(before, told)).toEqual([]);
      }
      await history.close();
    }),
    { numRuns: 1500 },
  );
});
