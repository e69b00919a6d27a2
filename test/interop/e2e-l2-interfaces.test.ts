import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestNetwork } from "../support/netns.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { WorkerInNamespace } from "../support/worker-in-namespace.ts";

const NICS = ["eth0", "eth1"] as const;
const V4 = "10.9.0.100";
const V6 = "fd09::100";

const requirement = requireOrSkip(["root", "netns", "addon", "bin:arping", "bin:ndisc6"]);

/** A node with two interfaces, each with a cable to the client, whose kernel resolves addresses. */
describe.skipIf(requirement.skip)("a node with two interfaces", () => {
  let network: TestNetwork;
  let node: string;
  let client: string;
  let worker: WorkerInNamespace;

  beforeAll(async () => {
    network = new TestNetwork();
    node = network.namespace("node");
    client = network.namespace("client");
    for (const [i, nic] of NICS.entries()) {
      network.cable([node, nic], [client, nic]);
      network.address(client, nic, `10.9.${i}.9/16`);
      network.address(client, nic, `fd09::${i}:9/64`);
    }
    worker = new WorkerInNamespace(network, node);
    await worker.until((event) => event.on === "ready");
  });

  afterAll(() => network.close());

  function limitTo(...interfaces: readonly string[]): void {
    for (const address of [V4, V6]) worker.command({ do: "announce", address, interfaces });
  }

  /** MACs in answers to one question on an interface of the client. */
  function answers(address: string, nic: string): readonly string[] {
    const { stdout } =
      address === V4
        ? network.exec(client, "arping", "-b", "-c", "1", "-w", "1", "-I", nic, address)
        : network.exec(client, "ndisc6", "-n", "-1", "-r", "1", "-w", "500", address, nic);
    return (stdout.match(/([\da-f]{2}:){5}[\da-f]{2}/gi) ?? []).map((mac) => mac.toLowerCase());
  }

  test.each([V4, V6])("interface_selector.go: the address has the MAC of the selected NIC (%s)", async (address) => {
    for (const nic of NICS) {
      limitTo(nic);
      await expect.poll(() => answers(address, nic), { timeout: 15_000 }).toEqual([network.mac(node, nic)]);
      network.exec(client, "ping", "-c", "1", "-W", "1", "-I", nic, address);
      const learnt = () => network.ip(client, "neigh", "show", address, "dev", nic);
      await expect.poll(learnt, { timeout: 15_000 }).toContain(network.mac(node, nic));
    }
  });

  test.each([V4, V6])(
    "interface_selector.go: the selected interface can be changed at runtime (%s)",
    async (address) => {
      for (const [nic, other] of [NICS, NICS.toReversed()] as const) {
        limitTo(nic);
        await expect.poll(() => answers(address, nic), { timeout: 15_000 }).toHaveLength(1);
        // What is told unasked in the first seconds looks like an answer to ndisc6.
        await expect.poll(() => answers(address, other), { timeout: 15_000 }).toEqual([]);
      }
      limitTo(...NICS);
      for (const nic of NICS)
        await expect.poll(() => answers(address, nic), { timeout: 15_000 }).toEqual([network.mac(node, nic)]);
    },
  );
});
