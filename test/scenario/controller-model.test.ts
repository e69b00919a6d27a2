import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { brokenRules, missedSharing } from "../support/allocation-oracle.ts";
import type { ModelPool, ModelService } from "../support/allocation-world.ts";
import { AllocationWorld } from "../support/allocation-world.ts";
import { modelService as service, POOL_RANGES } from "../support/model-service.ts";

type Step =
  | { readonly do: "service"; readonly name: string; readonly service: ModelService }
  | { readonly do: "remove-service"; readonly pick: number }
  | { readonly do: "pool"; readonly name: string; readonly pool: ModelPool }
  | { readonly do: "remove-pool"; readonly name: string }
  | { readonly do: "restart" };

const pool = fc.constantFrom(...Object.keys(POOL_RANGES)).chain((name) =>
  fc
    .record({
      ranges: fc.subarray([...POOL_RANGES[name]!], { minLength: 1 }),
      autoAssign: fc.constantFrom(true, true, true, false),
      avoidBuggyIPs: fc.boolean(),
      namespaces: fc.constantFrom(undefined, undefined, ["a"], []),
      priority: fc.nat(2),
    })
    .map((spec): Step => ({ do: "pool", name, pool: spec })),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("service" as const),
      name: fc.constantFrom("s0", "s1", "s2", "s3"),
      service,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove-service" as const), pick: fc.nat(7) }) },
  { weight: 3, arbitrary: pool },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("remove-pool" as const),
      name: fc.constantFrom(...Object.keys(POOL_RANGES)),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "restart" as const }) },
);

function perform(world: AllocationWorld, next: Step): void {
  switch (next.do) {
    case "service":
      return world.setService(next.name, next.service);
    case "remove-service": {
      const ids = [...world.services.keys()];
      return ids.length === 0 ? undefined : world.removeService(ids[next.pick % ids.length]!);
    }
    case "pool":
      return world.setPool(next.name, next.pool);
    case "remove-pool":
      return world.removePool(next.name);
    case "restart":
      return world.restart();
  }
}

function holdings(world: AllocationWorld) {
  return new Map([...world.objects.keys()].map((id) => [id, world.addresses(id)]));
}

/** The same histories in every run; METALLB_SEED gives others. */
const SEED = { seed: Number(process.env["METALLB_SEED"] ?? 1) };

const START: readonly Step[] = Object.entries(POOL_RANGES).map(([name, ranges]) => ({
  do: "pool",
  name,
  pool: { ranges, autoAssign: true, avoidBuggyIPs: false, namespaces: undefined, priority: 0 },
}));

function serviceStep(namespace: string, name: string, rest: Partial<ModelService>): Step {
  const plain = { type: "LoadBalancer", policy: "SingleStack", key: "", local: false, pool: "" } as const;
  const full: ModelService = {
    ...plain,
    namespace,
    families: ["IPv4"],
    selector: {},
    ports: ["TCP/80"],
    addresses: [],
    ...rest,
  };
  return { do: "service", name, service: full };
}

/** Who is named as being in the way changes after the refusal. */
const LATER_OBSTACLES: Readonly<Record<string, readonly Step[]>> = {
  "the first of two requested addresses is taken later": [
    { do: "remove-pool", name: "p0" },
    serviceStep("a", "s2", { families: ["IPv6"] }),
    serviceStep("a", "s0", {
      families: ["IPv4", "IPv6"],
      policy: "PreferDualStack",
      addresses: ["10.1.0.1", "fd00:1::"],
    }),
    serviceStep("b", "s0", {}),
  ],
  "a Service with an earlier name joins": [
    serviceStep("b", "s2", { key: "k", addresses: ["10.0.1.0"] }),
    serviceStep("b", "s3", { key: "l", addresses: ["10.0.1.0"], ports: ["UDP/80"] }),
    serviceStep("a", "s0", { key: "k", addresses: ["10.0.1.0"], ports: ["TCP/443"] }),
  ],
  "a port that is listed earlier is taken later": [
    serviceStep("b", "s2", { key: "k", addresses: ["10.0.1.0"], ports: ["TCP/443"] }),
    serviceStep("b", "s3", { key: "k", addresses: ["10.0.1.0"], ports: ["TCP/80", "TCP/443"] }),
    serviceStep("a", "s0", { key: "k", addresses: ["10.0.1.0"], ports: ["TCP/80"] }),
  ],
};

describe("random histories of pools and Services", () => {
  test.each(Object.entries(LATER_OBSTACLES))("a refusal names what stands in the way now: %s", (_, steps) => {
    const world = new AllocationWorld();
    for (const next of [...START, ...steps]) {
      perform(world, next);
      world.flush();
    }
    const shown = [world.outcome(), world.writes];
    world.restart();
    world.flush();
    expect([world.outcome(), world.writes]).toEqual(shown);
  });

  test("no forbidden sharing, no lost or stray address, right counts, nobody waits in vain; restarts change nothing", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 10 }), (steps) => {
        const world = new AllocationWorld();
        for (const next of [...START, ...steps]) {
          const before = holdings(world);
          const shown = next.do === "restart" ? [world.outcome(), world.writes] : undefined;
          perform(world, next);
          world.flush();
          const broken = brokenRules(world, before);
          if (next.do === "service") {
            const id = `${next.service.namespace}/${next.name}`;
            if ((before.get(id) ?? []).length === 0) broken.push(...missedSharing(world, id));
          }
          if (broken.length > 0) expect(broken).toEqual([]);
          if (shown !== undefined) expect([world.outcome(), world.writes]).toEqual(shown);
        }
        for (const id of world.services.keys()) world.removeService(id);
        for (const name of world.pools.keys())
          expect(world.allocator.count(name)).toMatchObject({ IPv4: { inUse: 0 }, IPv6: { inUse: 0 } });
      }),
      { ...SEED, numRuns: 10_000 },
    );
  }, 300_000);

  test("the same initial list gives the same result in any order of arrival", () => {
    const list = fc.uniqueArray(fc.record({ name: fc.constantFrom("s0", "s1", "s2", "s3", "s4", "s5"), service }), {
      selector: ({ name }) => name,
      maxLength: 6,
    });
    fc.assert(
      fc.property(list, fc.array(pool, { maxLength: 4 }), fc.infiniteStream(fc.nat()), (services, pools, shuffle) => {
        const world = new AllocationWorld();
        for (const next of [...START, ...pools]) perform(world, next);
        const empty = new AllocationWorld();
        for (const [name, spec] of world.pools) empty.pools.set(name, spec);
        for (const next of services) empty.setService(next.name, next.service);
        empty.restart();
        const outcome = empty.outcome();
        const keyed = [...empty.objects.keys()].map((id) => ({ id, at: shuffle.next().value }));
        empty.restart(keyed.sort((a, b) => a.at - b.at).map(({ id }) => id));
        expect(empty.outcome()).toEqual(outcome);
        empty.flush();
        expect(brokenRules(empty, new Map())).toEqual([]);
      }),
      { ...SEED, numRuns: 2_000 },
    );
  }, 300_000);
});
