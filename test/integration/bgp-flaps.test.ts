import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import type { Flapped } from "../support/bgp-flapper.ts";
import { NODE } from "../support/netns.ts";
import { requireOrSkip } from "../support/requirements.ts";

test.skipIf(requireOrSkip(["addon"]).skip)("sessions that began again a hundred times have left nothing behind", () => {
  const script = resolve(import.meta.dirname, "../support/bgp-flapper.ts");
  const { stdout, stderr } = spawnSync(NODE, ["--expose-gc", "--no-warnings", script, "5"], {
    encoding: "utf8",
    timeout: 50_000,
  });
  expect(stderr).toBe("");
  const { flaps, before, after } = JSON.parse(stdout) as Flapped;
  expect(flaps).toBe(100);
  expect([after.descriptors, after.timers]).toEqual([before.descriptors, before.timers]);
  // A hundred sessions that were kept would be megabytes.
  expect(after.heapBytes - before.heapBytes).toBeLessThan(2_000_000);
});
