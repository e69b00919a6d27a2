import { describe, expect, test } from "vitest";
import { planRollout, type ReplicaSetState, type Rollout } from "./rollout-plan.ts";

const ROLLING: Rollout = { replicas: 1, type: "RollingUpdate", maxSurge: "25%", maxUnavailable: "25%" };

function set(name: string, state: Partial<ReplicaSetState>): ReplicaSetState {
  const { wanted = 0, current = false } = state;
  return { name, current, wanted, pods: wanted, available: wanted, ...state };
}

function plan(rollout: Partial<Rollout>, ...sets: readonly ReplicaSetState[]): object {
  return Object.fromEntries(planRollout({ ...ROLLING, ...rollout }, sets));
}

describe("a rolling update", () => {
  test("the first ReplicaSet gets all Pods at once", () => {
    expect(plan({ replicas: 3 }, set("new", { current: true }))).toEqual({ new: 3 });
  });

  test.each([
    { step: "one more", fresh: { wanted: 0 }, old: { wanted: 1 }, want: { new: 1, old: 1 } },
    { step: "waiting", fresh: { wanted: 1, available: 0 }, old: { wanted: 1 }, want: { new: 1, old: 1 } },
    { step: "one less", fresh: { wanted: 1 }, old: { wanted: 1 }, want: { new: 1, old: 0 } },
    { step: "done", fresh: { wanted: 1 }, old: { wanted: 0 }, want: { new: 1, old: 0 } },
  ])("of one replica: $step", ({ fresh, old, want }) => {
    expect(plan({}, set("new", { current: true, ...fresh }), set("old", old))).toEqual(want);
  });

  test("of old Pods those go first that are not available", () => {
    const sets = [set("new", { current: true }), set("good", { wanted: 2 }), set("bad", { wanted: 2, available: 0 })];
    expect(plan({ replicas: 4 }, ...sets)).toEqual({ new: 1, good: 2, bad: 1 });
  });

  test("shares are rounded: up for what is too much, down for what is too little", () => {
    const sets = [set("new", { current: true }), set("old", { wanted: 5 })];
    expect(plan({ replicas: 5 }, ...sets)).toEqual({ new: 2, old: 4 });
  });

  test("without room above one may be missing, or nothing would move", () => {
    const sets = [set("new", { current: true }), set("old", { wanted: 2 })];
    expect(plan({ replicas: 2, maxSurge: 0, maxUnavailable: 0 }, ...sets)).toEqual({ new: 0, old: 1 });
  });

  test("fewer replicas are fewer Pods, also of a single template", () => {
    expect(plan({ replicas: 0 }, set("new", { current: true, wanted: 2 }))).toEqual({ new: 0 });
  });

  test("never breaks its bounds on the way, and gets there", () => {
    for (const [maxSurge, maxUnavailable] of [
      ["25%", "25%"],
      [1, 0],
      [0, 1],
      ["100%", "0%"],
      [2, 3],
    ] as const) {
      const rollout: Rollout = { replicas: 7, type: "RollingUpdate", maxSurge, maxUnavailable };
      let sets = [set("new", { current: true }), set("old", { wanted: 7 })];
      for (let n = 0; n < 20; n++) {
        const next = planRollout(rollout, sets);
        const present = sets.map((one) => ({ ...one, wanted: next.get(one.name)! }));
        // Pods that go are gone at once; those that come are not available yet.
        const between = present.map((one) => ({ ...one, available: Math.min(one.available, one.wanted) }));
        const total = between.reduce((sum, one) => sum + one.wanted, 0);
        const available = between.reduce((sum, one) => sum + one.available, 0);
        expect(total).toBeLessThanOrEqual(
          7 + Math.ceil(typeof maxSurge === "number" ? maxSurge : (7 * Number.parseInt(maxSurge)) / 100),
        );
        expect(available).toBeGreaterThanOrEqual(
          7 -
            Math.floor(
              typeof maxUnavailable === "number" ? maxUnavailable : (7 * Number.parseInt(maxUnavailable)) / 100,
            ),
        );
        sets = present.map((one) => set(one.name, { current: one.current, wanted: one.wanted }));
      }
      expect(sets.map(({ name, wanted }) => [name, wanted])).toEqual([
        ["new", 7],
        ["old", 0],
      ]);
    }
  });
});

test("Recreate starts nothing new before all that is old is gone", () => {
  const recreate = { type: "Recreate", replicas: 2 } as const;
  const fresh = set("new", { current: true });
  expect(plan(recreate, fresh, set("old", { wanted: 2 }))).toEqual({ new: 0, old: 0 });
  expect(plan(recreate, fresh, set("old", { wanted: 0, pods: 1 }))).toEqual({ new: 0, old: 0 });
  expect(plan(recreate, fresh, set("old", { wanted: 0 }))).toEqual({ new: 2, old: 0 });
});
