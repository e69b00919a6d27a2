import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toHex } from "../../src/bytes/hex.ts";
import type { FrameKind } from "../../src/ports/frames.ts";
import { AgentInNamespace } from "../support/agent-in-namespace.ts";
import { TestNetwork } from "../support/netns.ts";
import { arpRequest, solicitation } from "../support/request-frames.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { WorkerInNamespace } from "../support/worker-in-namespace.ts";

/**
 * What the kernel makes of VLAN tags before a packet socket sees the frame: it takes the outermost tag off, and a frame of a
 * VLAN without a device here is marked as another host's. VLAN devices themselves need a module that many test machines
 * lack: test/scenario/layer2-devices.test.ts is about them.
 */
describe.skipIf(requireOrSkip(["root", "netns", "addon"]).skip)(
  "requests with VLAN tags on an interface without VLANs",
  () => {
    let network: TestNetwork;
    let worker: WorkerInNamespace;
    let client: AgentInNamespace;

    beforeAll(async () => {
      network = new TestNetwork();
      const node = network.namespace("node");
      const other = network.namespace("client");
      network.cable([node, "eth0"], [other, "eth0"]);
      worker = new WorkerInNamespace(network, node);
      await worker.announce("10.9.0.100", "fd09::100");
      client = new AgentInNamespace(network, other);
      await client.links((links) => links.some(({ name, up }) => name === "eth0" && up));
      for (const kind of ["arp", "ndp"] as const) await client.command({ do: "open", link: "eth0", kind });
    });

    afterAll(() => network.close());

    async function send(kind: FrameKind, tags: string): Promise<void> {
      const frame = toHex(
        kind === "arp" ? arpRequest({ target: "10.9.0.100" }) : solicitation({ target: "fd09::100" }),
      );
      const tagged = `${frame.slice(0, 24)}${tags}${frame.slice(24)}`;
      expect(await client.command({ do: "send", link: "eth0", kind, frame: tagged })).toBe(true);
    }

    test.each([
      { kind: "arp", address: "10.9.0.100" },
      { kind: "ndp", address: "fd09::100" },
    ] as const)(
      "$kind: are not answered, but for those of VLAN 0, which have a priority and no VLAN",
      async ({ kind, address }) => {
        const vlan5 = "81000005";
        for (const tags of [vlan5, `88a80005`, `88a80005${vlan5}`, `81000000${vlan5}`]) await send(kind, tags);
        for (const tags of ["", "8100e000"]) await send(kind, tags);
        const { requestsReceived, responsesSent } = await settled(address);
        expect({ requestsReceived, responsesSent }).toEqual({ requestsReceived: 2, responsesSent: 2 });
      },
    );

    /** Counters are told once a second; the last request is among the first that are told. */
    async function settled(address: string) {
      await expect.poll(() => worker.counted(address).requestsReceived, { timeout: 15_000 }).toBeGreaterThanOrEqual(2);
      await new Promise((resolve) => setTimeout(resolve, 1200));
      return worker.counted(address);
    }
  },
);
