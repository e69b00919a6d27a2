import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parseMac } from "../../src/ip/mac.ts";
import { MemoryHost, MemorySegment } from "../support/memory-network.ts";
import { NODE } from "../support/netns.ts";
import { CLIENT } from "../support/request-frames.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { FRAMES_CASES } from "./frames-cases.ts";

describe("frames in memory", () => {
  test.each(FRAMES_CASES)("$name", async ({ run }) => {
    const segment = new MemorySegment();
    const host = new MemoryHost();
    const link = host.plug("eth0", segment, "02:00:00:00:00:01");
    const received: Uint8Array[] = [];
    segment.attach({ link: { ...link, mac: parseMac(CLIENT.mac)! }, receive: (frame) => void received.push(frame) });
    await run({
      frames: host,
      link,
      inject: (frame) => segment.inject(parseMac(CLIENT.mac)!, frame),
      received,
      settle: async () => {},
    });
    expect(host.sockets).toBe(0);
  });
});

describe.skipIf(requireOrSkip(["root", "netns", "addon"]).skip)("frames over packet sockets", () => {
  let outcome: { run: number; failures: Record<string, string> };

  beforeAll(() => {
    const program = join(import.meta.dirname, "frames-on-kernel.ts");
    const result = spawnSync("unshare", ["--net", NODE, program], { encoding: "utf8" });
    if (result.status !== 0) throw new Error(`the cases did not run: ${result.stderr}`);
    outcome = JSON.parse(result.stdout) as typeof outcome;
  }, 30_000);

  test.each(FRAMES_CASES)("$name", ({ name }) => {
    expect(outcome.failures[name]).toBeUndefined();
  });

  test("all cases were run", () => {
    expect(outcome.run).toBe(FRAMES_CASES.length);
  });
});
