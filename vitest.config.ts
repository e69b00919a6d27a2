import { defineConfig } from "vitest/config";

/** Tests that compute need no limit but one against hanging: how fast a machine is when it is busy is no property of ours. */
const testTimeout = 60_000;
const setupFiles = ["test/support/seed.ts"];

/** Most tests that use the network wait for somebody most of the time: two cores carry two such files. */
const maxWorkers = 2;

/** They measure latencies and deadlines, which are not to compete with anything else. */
const TIMED = [
  "test/integration/controller-replicas.test.ts",
  "test/interop/e2e-l2.test.ts",
  "test/interop/e2e-l2-interfaces.test.ts",
  "test/interop/failover-noticed.test.ts",
  "test/interop/lab-answers.test.ts",
  "test/interop/layer2-answers.test.ts",
  "test/interop/layer2-changes.test.ts",
  "test/interop/layer2-duplicates.test.ts",
  "test/interop/membership-failover.test.ts",
  "test/interop/migration.test.ts",
  "test/interop/planned-moves.test.ts",
];

export default defineConfig({
  test: {
    maxWorkers,
    projects: [
      {
        test: {
          name: "unit",
          setupFiles,
          testTimeout,
          include: ["src/**/*.test.ts", "test/*.test.ts", "test/bench/**/*.test.ts"],
        },
      },
      {
        test: {
          name: "scenario",
          setupFiles,
          testTimeout,
          include: ["test/scenario/**/*.test.ts", "test/port-suite/**/*.test.ts"],
        },
      },
      {
        test: {
          name: "integration",
          setupFiles,
          include: ["test/integration/**/*.test.ts"],
          exclude: TIMED,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "interop",
          setupFiles,
          include: ["test/interop/**/*.test.ts"],
          exclude: TIMED,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "timed",
          setupFiles,
          include: TIMED,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
