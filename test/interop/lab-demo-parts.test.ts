import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DemoSandbox } from "../support/demo-sandbox.ts";
import { requireOrSkip } from "../support/requirements.ts";

/** Is there and says it is well, and does nothing. */
const HEALTHY_BUT_IDLE = `
  const { createServer } = await import("node:http");
  createServer((_, response) => response.end("ok")).listen(17472);`;

const needs = requireOrSkip(["root", "netns", "addon", "bin:curl"]);

describe.skipIf(needs.skip)("the demo of a product that is taken apart fails at the step that shows it", () => {
  let demo: DemoSandbox;

  beforeEach(() => {
    demo = new DemoSandbox();
  });
  afterEach(() => demo.remove());

  test.each([
    { part: "no bundle", take: () => rmSync(join(demo.dist, "metallb.mjs")), step: "the bundles are built" },
    {
      part: "no addon",
      take: () => rmSync(join(demo.dist, "metallb.node")),
      step: /speaker on node-1 is ready|one node answers/,
    },
    {
      part: "a controller that ends",
      take: () => demo.instead("controller", "process.exit(3)"),
      step: "controller is ready",
    },
    { part: "a speaker that ends", take: () => demo.instead("speaker", "process.exit(3)"), step: /is ready/ },
    {
      part: "an idle controller",
      take: () => demo.instead("controller", HEALTHY_BUT_IDLE),
      step: "speaker on node-1 is ready",
    },
    { part: "an idle speaker", take: () => demo.instead("speaker", HEALTHY_BUT_IDLE), step: "one node answers" },
    {
      part: "speakers that don't know of each other",
      take: () => demo.before("speaker", "delete process.env.METALLB_ML_BIND_ADDR;"),
      step: "another node answers for both addresses",
    },
  ])("$part", async ({ take, step }) => {
    take();
    expect(await demo.fail()).toEqual({ code: 1, step: expect.stringMatching(step) as string, left: [] });
  });
});
