import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DIST } from "../support/lab.ts";
import { requireOrSkip } from "../support/requirements.ts";

const NOBODY = 65_534;

interface Run {
  readonly code: number;
  readonly output: string;
}

describe.skipIf(requireOrSkip(["root", "netns", "addon", "bin:curl"]).skip)("metallb demo", () => {
  /** TMPDIR of the demo, so that what it leaves behind is seen; and a copy of the bundles that a test may break. */
  let scratch: string;
  let dist: string;

  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), "lab-demo-"));
    dist = join(scratch, "dist");
    cpSync(DIST, dist, { recursive: true });
  });

  afterEach(() => rmSync(scratch, { recursive: true, force: true }));

  function start(
    args: readonly string[],
    options: { readonly uid?: number; readonly entry?: string } = {},
  ): ChildProcess {
    const { uid = 0, entry = "metallb.mjs" } = options;
    const env = { PATH: process.env["PATH"], HOME: scratch, TMPDIR: scratch };
    const stdio = ["ignore", "pipe", "pipe"] as const;
    return spawn(process.execPath, [join(dist, entry), "demo", ...args], { uid, gid: uid, env, stdio: [...stdio] });
  }

  async function run(args: readonly string[], options?: Parameters<typeof start>[1]): Promise<Run> {
    const child = start(args, options);
    let output = "";
    child.stdout!.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr!.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, "close")) as [number];
    return { code, output };
  }

  /** Folders that a lab left behind. */
  const leftovers = (): string[] => readdirSync(scratch).filter((name) => name.startsWith("metallb-lab-"));

  test("--once shows everything, exits 0 and leaves nothing behind", async () => {
    const { code, output } = await run(["--once"]);
    expect({ code, output }).toMatchObject({ code: 0, output: expect.not.stringContaining("✗") as string });
    for (const shown of [
      "webapp-websocket has its address: 192.168.1.200",
      "AllocationFailed",
      "fd00:192:168:1::220",
    ]) {
      expect(output).toContain(shown);
    }
    expect(output).toMatch(/192\.168\.1\.220\/ was not answered for \d+ ms/);
    expect(output).toMatch(/\[fd00:192:168:1::220\]\/ was not answered for \d+ ms/);
    expect(leftovers()).toEqual([]);
    expect(processesOf(scratch)).toEqual([]);
  });

  test.skipIf(!runsAs(NOBODY, process.execPath))("--once works for a user without privileges", async () => {
    chmodSync(scratch, 0o777);
    const { code, output } = await run(["--once"], { uid: NOBODY });
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining("in a user namespace") as string,
    });
    expect(leftovers()).toEqual([]);
  });

  test("killed without a chance to clean up, it leaves no process, namespace or file", async () => {
    const demo = start([]);
    await linesUntil(demo, /webapp-http has its address/);
    const namespace = readlinkSync(`/proc/${processesOf(scratch).find(inOtherPidNamespace)}/ns/pid`);
    expect(processesIn(namespace).length).toBeGreaterThan(7);
    demo.kill("SIGKILL");
    await expect.poll(() => processesIn(namespace), { timeout: 5000 }).toEqual([]);
    await expect.poll(leftovers, { timeout: 5000 }).toEqual([]);
    expect(processesOf(scratch)).toEqual([]);
  });

  test("Ctrl-C ends it in order", async () => {
    const demo = start([]);
    await linesUntil(demo, /stays up until Ctrl-C/);
    demo.kill("SIGINT");
    const [code] = (await once(demo, "close")) as [number];
    expect(code).toBe(0);
    expect(leftovers()).toEqual([]);
    expect(processesOf(scratch)).toEqual([]);
  });

  describe("a product that is taken apart fails at the step that shows it", () => {
    /** Puts a program in front of the bundle, which runs instead of it for one subcommand. */
    function instead(subcommand: string, program: string): void {
      inFront((whole) => `if (${runs(subcommand)}) { ${program} } else { ${whole} }`);
    }

    /** Puts a program in front of the bundle, which runs before it for one subcommand. */
    function before(subcommand: string, program: string): void {
      inFront((whole) => `if (${runs(subcommand)}) { ${program} } ${whole}`);
    }

    const runs = (subcommand: string): string => `process.argv[2] === ${JSON.stringify(subcommand)}`;

    function inFront(program: (whole: string) => string): void {
      renameSync(join(dist, "metallb.mjs"), join(dist, "metallb-whole.mjs"));
      writeFileSync(join(dist, "metallb.mjs"), `${program('await import("./metallb-whole.mjs");')}\n`);
    }

    /** Is there and says it is well, and does nothing. */
    const HEALTHY_BUT_IDLE = `
      const { createServer } = await import("node:http");
      createServer((_, response) => response.end("ok")).listen(17472);`;

    test.each([
      { part: "no bundle", take: () => rmSync(join(dist, "metallb.mjs")), step: "the bundles are built" },
      {
        part: "no addon",
        take: () => rmSync(join(dist, "metallb.node")),
        step: /speaker on node-1 is ready|one node answers/,
      },
      {
        part: "a controller that ends",
        take: () => instead("controller", "process.exit(3)"),
        step: "controller is ready",
      },
      { part: "a speaker that ends", take: () => instead("speaker", "process.exit(3)"), step: /is ready/ },
      {
        part: "an idle controller",
        take: () => instead("controller", HEALTHY_BUT_IDLE),
        step: "webapp-http has its address",
      },
      { part: "an idle speaker", take: () => instead("speaker", HEALTHY_BUT_IDLE), step: "one node answers" },
      {
        part: "speakers that don't know of each other",
        take: () => before("speaker", "delete process.env.METALLB_ML_BIND_ADDR;"),
        step: "another node answers for both addresses",
      },
    ])("$part", async ({ take, step }) => {
      take();
      const { code, output } = await run(["--once"], { entry: "metallb-dev.mjs" });
      expect(code).toBe(1);
      expect(/this step failed: (.*)/.exec(output)?.[1]).toMatch(step);
      const logs = /Logs of all programs: (\S+)/.exec(output)?.[1];
      expect(logs === undefined || existsSync(logs)).toBe(true);
      expect(processesOf(scratch)).toEqual([]);
    });
  });
});

/** Resolves when a line of the demo matches; rejects when it ends before. */
async function linesUntil(demo: ChildProcess, pattern: RegExp): Promise<void> {
  let output = "";
  for await (const chunk of demo.stdout!.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    output += chunk.toString();
    if (pattern.test(output)) {
      demo.stdout!.resume();
      return;
    }
  }
  throw new Error(`the demo ended before it said ${String(pattern)}:\n${output}`);
}

function processes(): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
}

/** Processes whose command line mentions a path; every process of a lab has the lab's folder or bundles in it. */
function processesOf(path: string): string[] {
  return processes().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(path);
    } catch {
      return false;
    }
  });
}

function processesIn(pidNamespace: string): string[] {
  return processes().filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/pid`) === pidNamespace;
    } catch {
      return false;
    }
  });
}

function inOtherPidNamespace(pid: string): boolean {
  return readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync("/proc/self/ns/pid");
}

/** A clone in somebody's home may be closed to everybody else. */
function runsAs(uid: number, program: string): boolean {
  return spawnSync(program, ["--version"], { uid, gid: uid, stdio: "ignore" }).status === 0;
}
