import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AgentInNamespace } from "../support/agent-in-namespace.ts";
import { TestNetwork } from "../support/netns.ts";
import type { AgentCommand } from "../support/platform-agent.ts";
import { requireOrSkip } from "../support/requirements.ts";

const REQUESTER = "020000000009";
const BROADCAST = "ffffffffffff";

/** An ARP request, or reply, for an IPv4 address given in hex. */
function arp(operation: "0001" | "0002", target: string): string {
  const header = `${BROADCAST} ${REQUESTER} 0806`;
  return plain(`${header} 0001 0800 06 04 ${operation} ${REQUESTER} 0a090009 000000000000 ${target}`);
}

/** A neighbour solicitation for fd09::SUFFIX; its checksum is not right, which is the receiver's concern. */
function solicitation(suffix: string, { hopLimit = "ff", destination = `3333ff${suffix}` } = {}): string {
  const group = `ff02 0000 0000 0000 0000 0001 ff${suffix}`;
  const ipv6 = `60000000 0020 3a ${hopLimit} fd09 0000 0000 0000 0000 0000 0000 0009 ${group}`;
  const ndp = `87 00 0000 00000000 fd09 0000 0000 0000 0000 0000 00${suffix} 0101 ${REQUESTER}`;
  return plain(`${destination} ${REQUESTER} 86dd ${ipv6} ${ndp}`);
}

function plain(text: string): string {
  return text.replaceAll(" ", "");
}

const eth0 = (kind: "arp" | "ndp", rest: { do: "open" } | { do: "close" }): AgentCommand => ({
  link: "eth0",
  kind,
  ...rest,
});

describe.skipIf(requireOrSkip(["root", "netns", "addon", "bin:tcpdump"]).skip)("frames between two namespaces", () => {
  let network: TestNetwork;
  let here: string;
  let there: string;
  let agent: AgentInNamespace;
  let peer: AgentInNamespace;

  const start = async (namespace: string): Promise<AgentInNamespace> => {
    const started = new AgentInNamespace(network, namespace);
    await started.links((links) => links.some(({ name, up }) => name === "eth0" && up));
    return started;
  };

  beforeEach(async () => {
    network = new TestNetwork();
    here = network.namespace("here");
    there = network.namespace("there");
    network.cable([here, "eth0"], [there, "eth0"]);
    network.address(here, "eth0", "10.9.0.1/24");
    network.address(there, "eth0", "10.9.0.9/24");
    [agent, peer] = await Promise.all([start(here), start(there)]);
  });

  afterEach(async () => {
    await Promise.all([agent.close(), peer.close()]).finally(() => network.close());
  });

  /** Opens both ends, sends all frames from the peer, and waits for the last of them, which must be one to receive. */
  async function exchange(
    kind: "arp" | "ndp",
    addresses: readonly string[],
    sent: readonly string[],
  ): Promise<readonly string[]> {
    await agent.command(eth0(kind, { do: "open" }));
    await agent.command({ do: "listen", link: "eth0", kind, addresses });
    await peer.command(eth0(kind, { do: "open" }));
    for (const frame of sent) expect(await peer.command({ do: "send", link: "eth0", kind, frame })).toBe(true);
    await agent.until((event) => event.on === "frame" && event.frame === sent.at(-1));
    return agent.frames.filter((frame) => frame.includes(REQUESTER));
  }

  test("ARP requests for listened addresses arrive, and nothing else", async () => {
    const asked = arp("0001", "0a090064");
    const last = arp("0001", "0a090065");
    const others = [arp("0001", "0a090066"), arp("0002", "0a090064"), solicitation("000100")];
    const received = await exchange("arp", ["10.9.0.100", "10.9.0.101", "fd09::100"], [asked, ...others, last]);
    expect(received).toEqual([asked, last]);
  });

  test("frames for an interface on top of the link are not taken for the link's own", async () => {
    const mac = "02000000aa01";
    const colons = mac.replaceAll(/(..)(?!$)/g, "$1:");
    network.ip(here, "link", "add", "top0", "link", "eth0", "address", colons, "type", "macvlan", "mode", "bridge");
    network.ip(here, "link", "set", "top0", "up");
    const forTop = arp("0001", "0a090064").replace(BROADCAST, mac);
    const last = arp("0001", "0a090064");
    expect(await exchange("arp", ["10.9.0.100"], [forTop, last])).toEqual([last]);
  });

  test("neighbour solicitations with hop limit 255 arrive, by multicast and by unicast", async () => {
    const mac = network.mac(here, "eth0").replaceAll(":", "");
    const asked = solicitation("000100");
    const probe = solicitation("000100", { destination: mac });
    const last = solicitation("abcdef");
    const others = [solicitation("000101"), solicitation("000100", { hopLimit: "40" }), arp("0001", "0a090064")];
    const received = await exchange("ndp", ["fd09::100", "fd09::ab:cdef"], [asked, ...others, probe, last]);
    expect(received).toEqual([asked, probe, last]);
  });

  test("frames for other hosts are not delivered on a promiscuous card", async () => {
    network.ip(here, "link", "set", "eth0", "promisc", "on");
    const foreign = solicitation("000100", { destination: "020000000077" });
    const last = solicitation("000100");
    expect(await exchange("ndp", ["fd09::100"], [foreign, last])).toEqual([last]);
  });

  test("with nothing to listen for, nothing arrives; a change takes effect on the open socket", async () => {
    const before = arp("0001", "0a090064");
    const after = arp("0001", "0a090065");
    await agent.command(eth0("arp", { do: "open" }));
    await peer.command(eth0("arp", { do: "open" }));
    await peer.command({ do: "send", link: "eth0", kind: "arp", frame: before });
    expect(await exchange("arp", ["10.9.0.101"], [before, after])).toEqual([after]);
  });

  test("more addresses than the kernel takes in one filter are still heard", async () => {
    const addresses = Array.from({ length: 3000 }, (_, i) => `10.9.${100 + (i >> 8)}.${i & 255}`);
    const asked = arp("0001", "0a096400");
    const last = arp("0001", "0a096fb7");
    expect(await exchange("arp", addresses, [asked, last])).toEqual([asked, last]);
    expect(agent.events.filter(({ on }) => on === "trouble")).toEqual([]);
  });

  test("a link that goes down and comes back is heard again", async () => {
    const first = arp("0001", "0a090064");
    await exchange("arp", ["10.9.0.100"], [first]);
    network.ip(here, "link", "set", "eth0", "down");
    await agent.links((links) => links.some(({ name, up }) => name === "eth0" && !up));
    expect(await agent.command({ do: "send", link: "eth0", kind: "arp", frame: first })).toBe(false);
    network.ip(here, "link", "set", "eth0", "up");
    const since = agent.events.length;
    await expect
      .poll(async () => {
        await peer.command({ do: "send", link: "eth0", kind: "arp", frame: first });
        return agent.events.slice(since).some((event) => event.on === "frame");
      })
      .toBe(true);
    // The link monitor tells that a link is down; the sockets on it don't have to.
    expect(agent.events.filter(({ on }) => on === "trouble")).toEqual([]);
  });

  test("solicited-node groups are reported by MLD, once per group, and left when not wanted", async () => {
    const tcpdump = network.spawn(there, "tcpdump", "-i", "eth0", "-nn", "-l", "-v", "ip6");
    const reports: string[] = [];
    const listening = new Promise<void>((resolve) => {
      createInterface({ input: tcpdump.stderr! }).on("line", (line) => line.includes("listening on") && resolve());
    });
    createInterface({ input: tcpdump.stdout! }).on("line", (line) => reports.push(line));
    await listening;
    await agent.command(eth0("ndp", { do: "open" }));
    const listen = (addresses: readonly string[]): Promise<boolean> =>
      agent.command({ do: "listen", link: "eth0", kind: "ndp", addresses });
    const memberships = (): number =>
      network.ip(here, "maddr", "show", "dev", "eth0").split("ff02::1:ffab:cdef").length;
    await listen(["fd09::ab:cdef", "fd0a::ab:cdef", "fd09::1:1"]);
    const told = (pattern: RegExp) => (): boolean => reports.some((line) => pattern.test(line));
    await expect.poll(told(/ff02::1:ffab:cdef .*(to_ex|is_ex)/), { timeout: 5000 }).toBe(true);
    expect(memberships()).toBe(2);
    await listen(["fd09::1:1"]);
    await expect.poll(told(/ff02::1:ffab:cdef .*(to_in|is_in)/), { timeout: 5000 }).toBe(true);
    expect(memberships()).toBe(1);
    tcpdump.kill();
  });

  test("a thousand groups are joined, and all are left by close", async () => {
    const count = (): number => network.ip(here, "maddr", "show", "dev", "eth0").split("inet6 ff02::1:ff").length - 1;
    const before = count();
    const addresses = Array.from({ length: 1000 }, (_, i) => `fd09::77:${(i + 1).toString(16)}`);
    await agent.command(eth0("ndp", { do: "open" }));
    await agent.command({ do: "listen", link: "eth0", kind: "ndp", addresses });
    expect(agent.events.filter(({ on }) => on === "trouble")).toEqual([]);
    expect(count()).toBe(before + 1000);
    await agent.command(eth0("ndp", { do: "close" }));
    await expect.poll(count).toBe(before);
  });

  test("a group that can't be joined is told, and the socket still works", async () => {
    // Below the least MTU of IPv6 (RFC 8200 §5) a link has no IPv6, and no groups.
    network.ip(here, "link", "set", "eth0", "mtu", "1279");
    const asked = solicitation("000100", { destination: network.mac(here, "eth0").replaceAll(":", "") });
    expect(await exchange("ndp", ["fd09::100"], [asked])).toEqual([asked]);
    expect(agent.events).toContainEqual(
      expect.objectContaining({ on: "trouble", message: expect.stringContaining("ff02::1:ff00:100") }),
    );
  });

  test("a link that is gone is no-link", async () => {
    await expect(agent.command({ do: "open", link: "eth7", kind: "arp" })).rejects.toThrow(/^no-link: .*eth7/);
  });

  test("without CAP_NET_RAW it is no-permission, which names the capability", async () => {
    const wrapper = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"];
    const bare = new AgentInNamespace(network, here, wrapper);
    await bare.links((links) => links.length > 1);
    await expect(bare.command(eth0("arp", { do: "open" }))).rejects.toThrow(/^no-permission: .*CAP_NET_RAW/);
    await bare.close();
  });
});
