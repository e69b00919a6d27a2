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
import { requireOrSkip, toolPath } from "../support/requirements.ts";

const NOBODY = 65_534;

/** The second half of the demo is shown only with it. */
const hasFrr = !requireOrSkip(["bin:zebra", "bin:bgpd", "bin:vtysh"]).skip;

interface Run {
  readonly code: number;
  readonly output: string;
}

interface Failure {
  readonly code: number;
  readonly step: string | undefined;
  readonly left: readonly string[];
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

  interface Options {
    readonly uid?: number;
    readonly entry?: string;
    /** Shell lines that change what the demo sees of the machine, and nobody else. */
    readonly mounts?: string;
  }

  function start(args: readonly string[], options: Options = {}): ChildProcess {
    const { uid = 0, entry = "metallb.mjs", mounts } = options;
    const env = { PATH: process.env["PATH"], HOME: scratch, TMPDIR: scratch };
    const stdio = ["ignore", "pipe", "pipe"] as const;
    const command = [process.execPath, join(dist, entry), "demo", ...args];
    const wrapped = mounts === undefined ? [] : ["unshare", "--mount", "sh", "-ec", `${mounts}\nexec "$0" "$@"`];
    const [program, ...rest] = [...wrapped, ...command];
    return spawn(program!, rest, { uid, gid: uid, env, stdio: [...stdio] });
  }

  async function run(args: readonly string[], options?: Options): Promise<Run> {
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
    for (const shown of hasFrr ? SHOWN_WITH_FRR : [/BGP, is left out\n.*apt-get install/])
      expect(output).toMatch(shown);
    expect(leftovers()).toEqual([]);
    expect(processesOf(scratch)).toEqual([]);
  });

  const SHOWN_WITH_FRR = [
    /session with the router over IPv4, and one over IPv6: 192\.168\.1\.11, .*fd00:192:168:1::11/,
    /show bgp ipv4 unicast'\n[^$]*192\.168\.1\.200\/32 +192\.168\.1\.1\d[^$]*203\.0\.113\.10\/32/,
    /show bgp ipv6 unicast'\n[^$]*2001:db8:203:113::10\/128[^$]*fd00:192:168:1::220\/128/,
    /show ip route 203\.0\.113\.10'\n[^$]*192\.168\.1\.11, .*weight 75/,
    /show ipv6 route 2001:db8:203:113::10'\n[^$]*weight 75/,
    /http:\/\/\[2001:db8:203:113::10\]\/: pod weighted-/,
    /requests to 203\.0\.113\.10 are spread as the pods are: node-1 1\d\d, node-2 \d\d/,
  ];

  test.skipIf(!runsAs(NOBODY, process.execPath))("--once works for a user without privileges", async () => {
    chmodSync(scratch, 0o777);
    const { code, output } = await run(["--once"], { uid: NOBODY });
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining("in a user namespace") as string,
    });
    expect(output).toMatch(/BGP, is left out\n(.*\n)?.*run the demo as root/);
    expect(leftovers()).toEqual([]);
  });

  test("killed without a chance to clean up, it leaves no process, namespace or file", async () => {
    const buffers = frrBuffers();
    const demo = start([]);
    await linesUntil(demo, hasFrr ? /has a session with the router/ : /webapp-http has its address/);
    const namespace = readlinkSync(`/proc/${processesOf(scratch).find(inOtherPidNamespace)}/ns/pid`);
    expect(processesIn(namespace).length).toBeGreaterThan(7);
    demo.kill("SIGKILL");
    await expect.poll(() => processesIn(namespace), { timeout: 5000 }).toEqual([]);
    await expect.poll(leftovers, { timeout: 5000 }).toEqual([]);
    expect(processesOf(scratch)).toEqual([]);
    expect(["/etc/frr", "/run/frr"].filter((folder) => existsSync(join(folder, `metallb${demo.pid}`)))).toEqual([]);
    expect(frrBuffers()).toEqual(buffers);
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
        step: "speaker on node-1 is ready",
      },
      { part: "an idle speaker", take: () => instead("speaker", HEALTHY_BUT_IDLE), step: "one node answers" },
      {
        part: "speakers that don't know of each other",
        take: () => before("speaker", "delete process.env.METALLB_ML_BIND_ADDR;"),
        step: "another node answers for both addresses",
      },
    ])("$part", async ({ take, step }) => {
      take();
      expect(await fail()).toEqual({ code: 1, step: expect.stringMatching(step) as string, left: [] });
    });

    test.skipIf(!hasFrr).each([
      {
        part: "a router that ends",
        take: () => `mount --bind /bin/false ${toolPath("bgpd")}`,
        step: "a router with FRR and a client behind it are plugged in",
      },
      {
        part: "speakers that reach no router",
        take: () => before("speaker", NO_BGP),
        step: "each node has a session with the router",
      },
    ])("$part", async ({ take, step }) => {
      const mounts = take() ?? "";
      expect(await fail({ mounts })).toEqual({ code: 1, step: expect.stringMatching(step) as string, left: [] });
    });

    /** Connections to BGP's port are never made. */
    const NO_BGP = `
      const { Socket } = await import("node:net");
      const { connect } = Socket.prototype;
      Socket.prototype.connect = function (...args) {
        return JSON.stringify(args).includes('"port":179') ? this : connect.apply(this, args);
      };`;

    /** Runs the demo; resolves to the step that failed, and to the processes that it left. */
    async function fail(options: Options = {}): Promise<Failure> {
      const { code, output } = await run(["--once"], { entry: "metallb-dev.mjs", ...options });
      const logs = /Logs of all programs: (\S+)/.exec(output)?.[1];
      if (logs !== undefined && !existsSync(logs)) throw new Error(`${logs} is not there:\n${output}`);
      return { code, step: /this step failed: (.*)/.exec(output)?.[1], left: processesOf(scratch) };
    }
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

/** What FRR's daemons that were killed leave, named by process IDs: in a new PID namespace they are low. */
function frrBuffers(): string[] {
  const folder = "/var/tmp/frr";
  return existsSync(folder) ? readdirSync(folder).filter((name) => /\.\d{1,3}$/.test(name)) : [];
}

/** A clone in somebody's home may be closed to everybody else. */
function runsAs(uid: number, program: string): boolean {
  return spawnSync(program, ["--version"], { uid, gid: uid, stdio: "ignore" }).status === 0;
}
