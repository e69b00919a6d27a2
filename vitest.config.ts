import { defineConfig } from "vitest/config";

/** Tests that compute need no limit but one against hanging: how fast a machine is when it is busy is no property of ours. */
const testTimeout = 60_000;
const setupFiles = ["test/support/seed.ts"];

/** Most tests that use the network wait for somebody most of the time: two cores carry two such files. */
const maxWorkers = 2;

/** They measure latencies and deadlines of the wire, which are not to compete with anything else. */
const TIMED = [
  "e2e-l2",
  "e2e-l2-interfaces",
  "failover-noticed",
  "lab-answers",
  "layer2-answers",
  "layer2-changes",
  "layer2-duplicates",
  "membership-failover",
  "migration",
  "planned-moves",
].map((name) => `test/interop/${name}.test.ts`);

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
