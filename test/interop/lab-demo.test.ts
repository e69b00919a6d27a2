import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { allProcesses, DemoSandbox } from "../support/demo-sandbox.ts";
import { requireOrSkip, toolPath } from "../support/requirements.ts";

const NOBODY = 65_534;

/** The second half of the demo is shown only with it. */
const hasFrr = !requireOrSkip(["bin:zebra", "bin:bgpd", "bin:vtysh"]).skip;

/** Connections to BGP's port are never made. */
const NO_BGP = `
  const { Socket } = await import("node:net");
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (...args) {
    return JSON.stringify(args).includes('"port":179') ? this : connect.apply(this, args);
  };`;

describe.skipIf(requireOrSkip(["root", "netns", "addon", "bin:curl"]).skip)("metallb demo", () => {
  let sandbox: DemoSandbox;

  beforeEach(() => {
    sandbox = new DemoSandbox();
  });
  afterEach(() => sandbox.remove());

  test("--once shows everything, exits 0 and leaves nothing behind", async () => {
    const { code, output } = await sandbox.run(["--once"]);
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
    expect(sandbox.leftovers()).toEqual([]);
    expect(sandbox.processes()).toEqual([]);
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
    chmodSync(sandbox.folder, 0o777);
    const { code, output } = await sandbox.run(["--once"], { uid: NOBODY });
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining("in a user namespace") as string,
    });
    expect(output).toMatch(/BGP, is left out\n(.*\n)?.*run the demo as root/);
    expect(sandbox.leftovers()).toEqual([]);
  });

  test("killed without a chance to clean up, it leaves no process, namespace or file", async () => {
    const buffers = frrBuffers();
    const demo = sandbox.start([]);
    await linesUntil(demo, hasFrr ? /has a session with the router/ : /webapp-http has its address/);
    const namespace = readlinkSync(`/proc/${sandbox.processes().find(inOtherPidNamespace)}/ns/pid`);
    expect(processesIn(namespace).length).toBeGreaterThan(7);
    demo.kill("SIGKILL");
    await expect.poll(() => processesIn(namespace), { timeout: 5000 }).toEqual([]);
    await expect.poll(() => sandbox.leftovers(), { timeout: 5000 }).toEqual([]);
    expect(sandbox.processes()).toEqual([]);
    expect(["/etc/frr", "/run/frr"].filter((folder) => existsSync(join(folder, `metallb${demo.pid}`)))).toEqual([]);
    expect(frrBuffers()).toEqual(buffers);
  });

  test("Ctrl-C ends it in order", async () => {
    const demo = sandbox.start([]);
    await linesUntil(demo, /stays up until Ctrl-C/);
    demo.kill("SIGINT");
    const [code] = (await once(demo, "close")) as [number];
    expect(code).toBe(0);
    expect(sandbox.leftovers()).toEqual([]);
    expect(sandbox.processes()).toEqual([]);
  });

  test.skipIf(!hasFrr).each([
    {
      part: "a router that ends",
      take: () => `mount --bind /bin/false ${toolPath("bgpd")}`,
      step: "a router with FRR and a client behind it are plugged in",
    },
    {
      part: "speakers that reach no router",
      take: () => sandbox.before("speaker", NO_BGP),
      step: "each node has a session with the router",
    },
  ])("$part", async ({ take, step }) => {
    const mounts = take() ?? "";
    expect(await sandbox.fail({ mounts })).toEqual({ code: 1, step: expect.stringMatching(step) as string, left: [] });
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

function processesIn(pidNamespace: string): string[] {
  return allProcesses().filter((pid) => {
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
