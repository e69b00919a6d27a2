import { defineConfig } from "vitest/config";

/** Tests that compute need no limit but one against hanging: how fast a machine is when it is busy is no property of ours. */
const testTimeout = 60_000;
const setupFiles = ["test/support/seed.ts"];

export default defineConfig({
  test: {
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
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // Latencies and deadlines of the wire are not to compete with everything else.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
