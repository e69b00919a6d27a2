import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestNetwork } from "../support/netns.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { WorkerInNamespace } from "../support/worker-in-namespace.ts";

const requirement = requireOrSkip(["root", "netns", "addon", "bin:arping", "bin:ping"]);

const V4 = ["10.9.0.100", "10.9.0.101", "10.9.0.102"] as const;
const V6 = ["fd09::100", "fd09::101"] as const;
/** A claim that counts does so after two seconds. */
const SETTLED = 2100;
const BURST = { timeout: 10_000 };

/** The node, a host that takes its addresses, and a client are on one switch. */
describe.skipIf(requirement.skip)("another host that claims an address", () => {
  let network: TestNetwork;
  let node: string;
  let rival: string;
  let client: string;
  let worker: WorkerInNamespace;
  let rivalMac: string;

  beforeAll(async () => {
    network = new TestNetwork();
    const lan = network.namespace("lan");
    network.ip(lan, "link", "add", "br0", "type", "bridge");
    network.ip(lan, "link", "set", "br0", "up");
    [node, rival, client] = ["node", "rival", "client"].map((label, i) => {
      const namespace = network.namespace(label);
      network.cable([namespace, "eth0"], [lan, label]);
      network.ip(lan, "link", "set", label, "master", "br0");
      network.address(namespace, "eth0", `10.9.0.${i + 1}/24`);
      network.address(namespace, "eth0", `fd09::${i + 1}/64`);
      return namespace;
    }) as [string, string, string];
    rivalMac = network.mac(rival, "eth0");
    // A macvlan beside its parent: two stations of one node hear each other.
    network.ip(node, "link", "add", "mv0", "link", "eth0", "type", "macvlan", "mode", "bridge");
    network.ip(node, "link", "set", "mv0", "up");
    worker = new WorkerInNamespace(network, node);
    await worker.announce(...V4, ...V6);
  });

  afterAll(() => network.close());

  const heard = (address: string) =>
    worker.events.filter((event) => event.on === "duplicate" && event.address === address);

  /** The MAC that is reported. */
  async function claimant(address: string): Promise<string | undefined> {
    return (await worker.until((event) => event.on === "duplicate" && event.address === address)).mac;
  }

  const learnt = (address: string): string => network.ip(client, "neigh", "show", address, "dev", "eth0");

  test("the node's own frames, in bursts and between its interfaces, are none", async () => {
    // Two interfaces, five rounds of two frames. What follows in other tests is the defence.
    for (const address of V4) await expect.poll(() => worker.counted(address).gratuitousSent, BURST).toBe(20);
    expect(worker.events.filter((event) => event.on === "duplicate")).toEqual([]);
  });

  test("by gratuitous ARP is reported, and the clients get the owner's address back", async () => {
    const [address] = V4;
    // By default the kernel keeps what it learnt for a second, whatever comes.
    network.exec(client, "sh", "-c", "echo 0 > /proc/sys/net/ipv4/neigh/eth0/locktime");
    network.exec(client, "ping", "-c", "1", "-W", "1", address);
    network.address(rival, "eth0", `${address}/32`);
    network.exec(rival, "arping", "-A", "-I", "eth0", "-c", "1", address);
    expect(learnt(address)).toContain(rivalMac);
    expect(await claimant(address)).toBe(rivalMac);
    await expect.poll(() => learnt(address), { timeout: 5000 }).not.toContain(rivalMac);
    // The client may take either interface's frame as the later one.
    expect([network.mac(node, "eth0"), network.mac(node, "mv0")].some((mac) => learnt(address).includes(mac))).toBe(
      true,
    );
  });

  test("by a mere request for somebody else is reported", async () => {
    const address = V4[1];
    network.address(rival, "eth0", `${address}/32`);
    network.ip(rival, "neigh", "flush", "all");
    network.exec(rival, "ping", "-c", "1", "-W", "1", "-I", address, "10.9.0.3");
    expect(await claimant(address)).toBe(rivalMac);
  });

  test("by unsolicited advertisements is reported", async () => {
    const other = new WorkerInNamespace(network, rival);
    await other.announce(V6[0]);
    expect(await claimant(V6[0])).toBe(rivalMac);
    // It, too, owns the address, and hears our defence.
    await other.until((event) => event.on === "duplicate" && event.address === V6[0]);
    for (const { counters } of worker.events.filter((event) => event.on === "counters"))
      expect(counters!.every(({ duplicatesHeard }) => duplicatesHeard <= 1)).toBe(true);
  });

  test("is not one that asks first, and hears that the address is taken", async () => {
    network.ip(rival, "addr", "add", `${V6[1]}/64`, "dev", "eth0");
    await expect
      .poll(() => network.ip(rival, "addr", "show", "dev", "eth0", "to", V6[1]), { timeout: 5000 })
      .toContain("dadfailed");
    const { code } = network.exec(rival, "arping", "-D", "-I", "eth0", "-c", "2", "-w", "2", V4[2]);
    expect(code).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, SETTLED));
    expect(heard(V4[2])).toEqual([]);
    expect(heard(V6[1])).toEqual([]);
  });
});
