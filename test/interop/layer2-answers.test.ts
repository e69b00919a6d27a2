import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestNetwork } from "../support/netns.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { WorkerInNamespace } from "../support/worker-in-namespace.ts";

const requirement = requireOrSkip(["root", "netns", "addon", "bin:arping", "bin:ndisc6"]);

/** Both nodes are on one switch with the client; node-1 owns the addresses. */
describe.skipIf(requirement.skip)("who asks on the link gets the owner's MAC", () => {
  const OWNED = { v4: "10.9.0.100", v6: "fd09::100" };
  const FOREIGN = { v4: "10.9.0.101", v6: "fd09::101" };
  const nodes: { namespace: string; worker: WorkerInNamespace }[] = [];
  let network: TestNetwork;
  let client: string;
  let ownerMac: string;

  beforeAll(async () => {
    network = new TestNetwork();
    const lan = network.namespace("lan");
    network.ip(lan, "link", "add", "br0", "type", "bridge");
    network.ip(lan, "link", "set", "br0", "up");
    const attach = (label: string, host: number): string => {
      const namespace = network.namespace(label);
      network.cable([namespace, "eth0"], [lan, label]);
      network.ip(lan, "link", "set", label, "master", "br0");
      network.address(namespace, "eth0", `10.9.0.${host}/24`);
      network.address(namespace, "eth0", `fd09::${host}/64`);
      return namespace;
    };
    for (const [label, host] of [
      ["node-1", 1],
      ["node-2", 2],
    ] as const) {
      const namespace = attach(label, host);
      nodes.push({ namespace, worker: new WorkerInNamespace(network, namespace) });
    }
    client = attach("client", 9);
    ownerMac = network.mac(nodes[0]!.namespace, "eth0");
    await nodes[0]!.worker.announce(OWNED.v4, OWNED.v6);
    await nodes[1]!.worker.until((event) => event.on === "ready");
  });

  afterAll(() => network.close());

  const neighbour = (address: string): string => network.ip(client, "neigh", "show", address, "dev", "eth0");

  test("arping gets one answer per request, all from the owner", () => {
    const { stdout, code } = network.exec(client, "arping", "-I", "eth0", "-c", "3", OWNED.v4);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Received 3 response\(s\)/);
    const macs = [...stdout.matchAll(/\[([0-9A-F:]+)\]/gi)].map((match) => match[1]!.toLowerCase());
    expect(macs).toEqual([ownerMac, ownerMac, ownerMac]);
  });

  test("ndisc6 gets one answer, from the owner", async () => {
    // ndisc6 takes unsolicited advertisements for answers.
    await expect.poll(() => nodes[0]!.worker.counted(OWNED.v6).gratuitousSent, { timeout: 10_000 }).toBe(5);
    const { stdout, code } = network.exec(client, "ndisc6", "-m", "-n", "-r", "1", "-w", "1000", OWNED.v6, "eth0");
    expect(code).toBe(0);
    expect(stdout.match(/Target link-layer address/g)).toHaveLength(1);
    expect(stdout.toLowerCase()).toContain(ownerMac);
  });

  test("nobody answers for an address that is not announced", () => {
    expect(network.exec(client, "arping", "-I", "eth0", "-c", "1", "-w", "1", FOREIGN.v4).stdout).toMatch(/Received 0/);
    expect(network.exec(client, "ndisc6", "-n", "-r", "1", "-w", "500", FOREIGN.v6, "eth0").code).not.toBe(0);
  });

  test("probes for duplicates find the addresses in use", async () => {
    expect(network.exec(client, "arping", "-D", "-I", "eth0", "-c", "2", "-w", "2", OWNED.v4).code).toBe(1);
    network.ip(client, "addr", "add", `${OWNED.v6}/64`, "dev", "eth0");
    await expect
      .poll(() => network.ip(client, "-6", "addr", "show", "dev", "eth0"), { timeout: 5000 })
      .toMatch(/fd09::100\/64 .*dadfailed/);
    network.ip(client, "addr", "del", `${OWNED.v6}/64`, "dev", "eth0");
  });

  test.each(Object.values(OWNED))(
    "the kernel of a client that uses %s finds it reachable again and again",
    async (address) => {
      const prod = () => network.exec(client, "ping", "-c", "1", "-W", "1", address);
      prod();
      await expect.poll(() => neighbour(address), { timeout: 5000 }).toContain(ownerMac);
      // A stale entry that is used is verified by unicast (RFC 4861 §7.3); multicast comes only after that has failed.
      const entry = ["dev", "eth0", "lladdr", ownerMac, "nud", "stale"] as const;
      network.ip(client, "neigh", "replace", address, ...entry);
      expect(neighbour(address)).toContain("STALE");
      prod();
      await expect.poll(() => neighbour(address), { timeout: 10_000 }).toContain("REACHABLE");
    },
  );

  test("requests and answers are counted per address", async () => {
    for (const address of Object.values(OWNED)) {
      await expect.poll(() => nodes[0]!.worker.counted(address).responsesSent, { timeout: 3000 }).toBeGreaterThan(0);
      const { requestsReceived, responsesSent } = nodes[0]!.worker.counted(address);
      expect(responsesSent).toBe(requestsReceived);
    }
    expect(nodes[1]!.worker.events.filter((event) => event.on === "counters")).toEqual([]);
  });

  test("an address that was withdrawn is not answered any more", async () => {
    const { worker } = nodes[0]!;
    for (const address of Object.values(OWNED)) worker.command({ do: "withdraw", address });
    for (const address of Object.values(OWNED))
      await worker.until((event) => event.address === address && event.interfaces?.length === 0);
    expect(network.exec(client, "arping", "-I", "eth0", "-c", "1", "-w", "1", OWNED.v4).stdout).toMatch(/Received 0/);
    expect(network.exec(client, "ndisc6", "-n", "-r", "1", "-w", "500", OWNED.v6, "eth0").code).not.toBe(0);
  });
});
