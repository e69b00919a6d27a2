import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Holder, openHolder } from "../../src/dev/lab/holder.ts";
import { CLIENT, NODES, STATIONS, SWITCH, topologyScript } from "../../src/dev/lab/topology.ts";
import { requireOrSkip } from "../support/requirements.ts";

const run = promisify(execFile);

const VIPS = [
  { family: "IPv4", vip: "192.168.1.200", own: NODES[0]!.ipv4, add: ["192.168.1.200/32"] },
  {
    family: "IPv6",
    vip: "fd00:192:168:1::200",
    own: NODES[0]!.ipv6,
    add: ["fd00:192:168:1::200/128", "nodad", "preferred_lft", "0"],
  },
];

describe.skipIf(requireOrSkip(["root", "netns", "bin:arping", "bin:ndisc6"]).skip)("the lab's network", () => {
  let holder: Holder;

  const inside = async (namespace: string, ...command: string[]): Promise<{ ok: boolean; output: string }> => {
    const [file, ...args] = holder.enter(namespace, command);
    return run(file!, args).then(
      ({ stdout }) => ({ ok: true, output: stdout }),
      (error: { stdout: string; stderr: string }) => ({ ok: false, output: error.stdout + error.stderr }),
    );
  };

  /** Resolves an address from the client as a host on the LAN does, with one question. */
  const solicit = (address: string): Promise<{ ok: boolean; output: string }> =>
    address.includes(":")
      ? inside(CLIENT.name, "ndisc6", "-n", "-m", "-r", "1", "-w", "300", address, "eth0")
      : inside(CLIENT.name, "arping", "-c", "1", "-w", "1", "-I", "eth0", address);

  beforeAll(async () => {
    holder = await openHolder(mkdtempSync(join(tmpdir(), "metallb-lab-test-")));
    holder.script(topologyScript());
  });

  afterAll(() => holder?.close());

  test.each([...STATIONS, SWITCH])("$name is reached over both families", async ({ ipv4, ipv6 }) => {
    expect(await inside(CLIENT.name, "ping", "-c", "1", "-W", "2", ipv4)).toMatchObject({ ok: true });
    expect(await inside(CLIENT.name, "ping", "-c", "1", "-W", "2", ipv6)).toMatchObject({ ok: true });
  });

  test("the switch keeps its MAC address, whoever is plugged in", async () => {
    const mac = async (): Promise<string> =>
      (await inside(SWITCH.name, "cat", "/sys/class/net/br0/address")).output.trim();
    expect(await mac()).toBe(SWITCH.mac);
    const lowest = ["address", "02:00:00:00:00:00", "type", "veth", "peer", "name", "lowest-peer"];
    await inside(SWITCH.name, "ip", "link", "add", "lowest", ...lowest);
    expect(await inside(SWITCH.name, "ip", "link", "set", "lowest", "master", "br0", "up")).toMatchObject({ ok: true });
    expect(await mac()).toBe(SWITCH.mac);
  });

  describe.each(VIPS)("a service address on a node's lo, $family", ({ vip, own, add }) => {
    beforeAll(async () => {
      const { ok, output } = await inside("node-1", "ip", "address", "add", ...add, "dev", "lo");
      if (!ok) throw new Error(output);
    });

    test("the kernel does not speak for it, but for the node's own address", async () => {
      expect((await solicit(own)).output.toLowerCase()).toContain(NODES[0]!.mac);
      expect(await solicit(vip)).toMatchObject({ ok: false });
    });

    test("the kernel does not confirm it to a client that asks by unicast", async () => {
      const replace = ["neigh", "replace", vip, "lladdr", NODES[0]!.mac, "dev", "eth0", "nud", "probe"];
      await inside(CLIENT.name, "ip", ...replace);
      await expect
        .poll(async () => (await inside(CLIENT.name, "ip", "neigh", "show", vip)).output, { timeout: 10_000 })
        .toContain("FAILED");
    });

    test("traffic sent to the node's MAC is accepted", async () => {
      await inside(CLIENT.name, "ip", "neigh", "replace", vip, "lladdr", NODES[0]!.mac, "dev", "eth0");
      expect(await inside(CLIENT.name, "ping", "-c", "1", "-W", "2", vip)).toMatchObject({ ok: true });
    });
  });

  test("nothing of it is seen outside", async () => {
    const { stdout } = await run("ip", ["netns", "list"]);
    for (const { name } of STATIONS) expect(stdout).not.toContain(name);
  });
});
