import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestNetwork } from "../support/netns.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { WorkerInNamespace } from "../support/worker-in-namespace.ts";

const requirement = requireOrSkip(["root", "netns", "addon", "bin:arping", "bin:ndisc6", "bin:tcpdump"]);

const V4 = "10.9.0.100";
const V6 = "fd09::100";

describe.skipIf(requirement.skip)("layer 2 follows the network", () => {
  let network: TestNetwork;
  let node: string;
  let client: string;

  beforeEach(() => {
    network = new TestNetwork();
    node = network.namespace("node");
    client = network.namespace("client");
    connect("eth0");
  });

  afterEach(() => network.close());

  /** A cable with this interface name at both ends, and addresses on the client's. */
  function connect(name: string): void {
    network.cable([node, name], [client, name]);
    network.address(client, name, "10.9.0.9/24");
    network.address(client, name, "fd09::9/64");
  }

  function answer(name: string): string | undefined {
    const { stdout } = network.exec(client, "arping", "-I", name, "-c", "1", "-w", "1", V4);
    return /\[([0-9A-F:]+)\]/i.exec(stdout)?.[1]?.toLowerCase();
  }

  /** EtherType and interface of every packet socket on the node, as the kernel lists them. */
  function packetSockets(): readonly string[] {
    const names = new Map(
      (JSON.parse(network.ip(node, "-j", "link")) as { ifindex: number; ifname: string }[]).map(
        ({ ifindex, ifname }) => [String(ifindex), ifname],
      ),
    );
    const [, ...rows] = network.exec(node, "cat", "/proc/net/packet").stdout.trim().split("\n");
    return rows
      .map((row) => row.trim().split(/\s+/))
      .map((row) => `${row[3]} ${names.get(row[4]!)}`)
      .sort();
  }

  /** Lines of tcpdump, from the moment that it listens. */
  async function capture(name: string, filter: string): Promise<readonly string[]> {
    const lines: string[] = [];
    const tcpdump = network.spawn(client, "tcpdump", "-i", name, "-nn", "-l", "-v", "--immediate-mode", filter);
    createInterface({ input: tcpdump.stdout! }).on("line", (line) => void lines.push(line));
    await new Promise<void>((listening) => {
      createInterface({ input: tcpdump.stderr! }).on("line", (line) => {
        if (line.includes("listening on")) listening();
      });
    });
    return lines;
  }

  test("an address is told to everybody in five rounds over 4.4 s, and then not for a while", async () => {
    const worker = new WorkerInNamespace(network, node);
    await worker.until((event) => event.on === "announcing" || event.on === "ready");
    await expect
      .poll(() => network.ip(node, "-6", "addr", "show", "dev", "eth0"), { timeout: 5000 })
      .not.toMatch(/tentative/);
    const requests = await capture("eth0", `arp[6:2] = 1 and arp[24:4] = 0x0a090064`);
    const replies = await capture("eth0", `arp[6:2] = 2 and arp[14:4] = 0x0a090064`);
    const advertisements = await capture("eth0", "icmp6[0] = 136 and dst host ff02::1");
    const started = Date.now();
    await worker.announce(V4, V6);
    await expect.poll(() => worker.counted(V4).gratuitousSent, { timeout: 10_000 }).toBe(10);
    await expect.poll(() => worker.counted(V6).gratuitousSent, { timeout: 10_000 }).toBe(5);
    expect(Date.now() - started).toBeGreaterThan(4400);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(requests.filter((line) => line.includes(`who-has ${V4}`))).toHaveLength(5);
    expect(replies.filter((line) => line.includes(`${V4} is-at`))).toHaveLength(5);
    const overrides = advertisements.filter((line) => line.includes(`tgt is ${V6}`) && /Flags \[override\]/.test(line));
    expect(overrides).toHaveLength(5);
  });

  test("an address that is withdrawn is not told about any more", async () => {
    const worker = new WorkerInNamespace(network, node);
    await worker.announce(V4);
    worker.command({ do: "withdraw", address: V4 });
    await worker.until((event) => event.address === V4 && event.interfaces?.length === 0);
    const frames = await capture("eth0", "arp");
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(frames).toEqual([]);
  });

  test("an interface that appears later answers both families, and is a member of the groups", async () => {
    const worker = new WorkerInNamespace(network, node);
    await worker.announce(V4, V6);
    connect("eth1");
    for (const address of [V4, V6])
      await worker.until(
        (event) => event.address === address && event.interfaces?.some(({ name }) => name === "eth1") === true,
      );
    expect(answer("eth1")).toBe(network.mac(node, "eth1"));
    const { stdout } = network.exec(client, "ndisc6", "-n", "-r", "3", "-w", "1000", V6, "eth1");
    expect(stdout.toLowerCase()).toContain(network.mac(node, "eth1"));
    for (const name of ["eth0", "eth1"])
      expect(network.ip(node, "maddr", "show", "dev", name)).toContain("ff02::1:ff00:100");
  });

  test("an interface that appears later reports its groups by MLD, for switches that look", async () => {
    const worker = new WorkerInNamespace(network, node);
    await worker.announce(V6);
    network.cable([node, "eth1"], [client, "eth1"]);
    const reports = await capture("eth1", "ip6 proto 0");
    await worker.until((event) => event.address === V6 && event.interfaces?.length === 2);
    const report = /ff02::1:ff00:100 .*(to_ex|is_ex)/;
    await expect.poll(() => reports.some((line) => report.test(line)), { timeout: 5000 }).toBe(true);
  });

  test("packets of a family are looked at only on interfaces that announce an address of it", async () => {
    const worker = new WorkerInNamespace(network, node);
    connect("eth1");
    worker.command({ do: "announce", address: V4, interfaces: "all" });
    worker.command({ do: "announce", address: V6, interfaces: ["eth1"] });
    await worker.until((event) => event.address === V4 && event.interfaces?.length === 2);
    await worker.until((event) => event.address === V6 && event.interfaces?.length === 1);
    expect(packetSockets()).toEqual(["0806 eth0", "0806 eth1", "86dd eth1"]);
    worker.command({ do: "withdraw", address: V6 });
    await expect.poll(packetSockets).toEqual(["0806 eth0", "0806 eth1"]);
  });

  test("an interface with another name is answered on, as long as that name is wanted", async () => {
    const worker = new WorkerInNamespace(network, node);
    await worker.announce(V4);
    worker.command({ do: "announce", address: V6, interfaces: ["eth0"] });
    await worker.until((event) => event.address === V6 && event.interfaces?.length === 1);
    network.ip(node, "link", "set", "eth0", "down");
    network.ip(node, "link", "set", "eth0", "name", "lan0");
    network.ip(node, "link", "set", "lan0", "up");
    await worker.until((event) => event.address === V4 && event.interfaces?.[0]?.name === "lan0");
    await expect.poll(() => answer("eth0"), { timeout: 5000 }).toBe(network.mac(node, "lan0"));
    await expect.poll(packetSockets).toEqual(["0806 lan0"]);
    worker.command({ do: "announce", address: V6, interfaces: ["lan0"] });
    await worker.until((event) => event.address === V6 && event.interfaces?.[0]?.name === "lan0");
  });

  test("an interface that is removed is forgotten, and one of the same name is another", async () => {
    const worker = new WorkerInNamespace(network, node);
    await worker.announce(V4, V6);
    network.ip(node, "link", "del", "eth0");
    for (const address of [V4, V6])
      await worker.until((event) => event.address === address && event.interfaces?.length === 0);
    expect(packetSockets()).toEqual([]);
    connect("eth0");
    await expect.poll(() => answer("eth0"), { timeout: 5000 }).toBe(network.mac(node, "eth0"));
    expect(worker.events.filter((event) => event.on === "trouble")).toEqual([]);
  });

  test("a changed Ethernet address is used at once, and told", async () => {
    const worker = new WorkerInNamespace(network, node);
    await worker.announce(V4);
    const mac = "02:00:00:00:77:01";
    network.exec(client, "arping", "-I", "eth0", "-c", "1", V4);
    network.ip(node, "link", "set", "eth0", "address", mac);
    await expect.poll(() => answer("eth0"), { timeout: 5000 }).toBe(mac);
  });

  test("a port of a bridge leaves the answers to the bridge", async () => {
    const worker = new WorkerInNamespace(network, node);
    await worker.announce(V4);
    network.ip(node, "link", "add", "br0", "type", "bridge");
    network.ip(node, "link", "set", "br0", "up");
    network.ip(node, "link", "set", "eth0", "master", "br0");
    await worker.until((event) => event.address === V4 && event.interfaces?.map(({ name }) => name).join() === "br0");
    await expect.poll(() => answer("eth0"), { timeout: 5000 }).toBe(network.mac(node, "br0"));
  });

  test("after an interface went down and up again it answers", async () => {
    const worker = new WorkerInNamespace(network, node);
    await worker.announce(V4);
    network.ip(node, "link", "set", "eth0", "down");
    await worker.until((event) => event.address === V4 && event.interfaces?.length === 0);
    network.ip(node, "link", "set", "eth0", "up");
    await expect.poll(() => answer("eth0"), { timeout: 5000 }).toBe(network.mac(node, "eth0"));
    expect(worker.events.filter((event) => event.on === "trouble")).toEqual([]);
  });

  test("an interface that lost its carrier while it was up tells its addresses again", async () => {
    const worker = new WorkerInNamespace(network, node);
    await worker.announce(V4);
    await expect.poll(() => worker.counted(V4).gratuitousSent, { timeout: 10_000 }).toBe(10);
    network.ip(client, "link", "set", "eth0", "down");
    await worker.until((event) => event.address === V4 && event.interfaces?.length === 0);
    expect(network.ip(node, "link", "show", "eth0")).toContain("NO-CARRIER");
    network.ip(client, "link", "set", "eth0", "up");
    await expect.poll(() => worker.counted(V4).gratuitousSent, { timeout: 10_000 }).toBe(20);
    expect(answer("eth0")).toBe(network.mac(node, "eth0"));
  });

  test("a process that may not open packet sockets says so before there is anything to announce", async () => {
    const wrapper = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"];
    const worker = new WorkerInNamespace(network, node, wrapper);
    await worker.until((event) => event.on === "ready");
    expect(worker.events[0]).toMatchObject({ on: "trouble", code: "no-permission" });
    expect(worker.events[0]!.message).toContain("CAP_NET_RAW");
  });

  test.each([
    { how: "terminated with its sockets open", command: { do: "terminate" } as const },
    { how: "told to stop", command: { do: "stop" } as const },
  ])("a worker that is $how leaves a process that ends well", async ({ command }) => {
    const worker = new WorkerInNamespace(network, node);
    await worker.announce(V4, V6);
    worker.command(command);
    if (command.do === "stop") {
      await worker.until((event) => event.on === "stopped");
      worker.command({ do: "terminate" });
    }
    expect(await worker.ended).toBe(0);
    expect(worker.stderr).toBe("");
  });
});
