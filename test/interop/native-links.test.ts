import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AgentInNamespace } from "../support/agent-in-namespace.ts";
import { TestNetwork } from "../support/netns.ts";
import type { AgentLink } from "../support/platform-agent.ts";
import { requireOrSkip } from "../support/requirements.ts";

/** A change of the kernel is known within this time, in ms; a poll would not be. */
const SOON = 1000;

describe.skipIf(requireOrSkip(["root", "netns", "addon"]).skip)("links of a namespace", () => {
  let network: TestNetwork;
  let here: string;
  let agent: AgentInNamespace;

  beforeEach(async () => {
    network = new TestNetwork();
    here = network.namespace("here");
    network.cable([here, "eth0"], [network.namespace("there"), "eth0"]);
    network.address(here, "eth0", "10.9.0.1/24");
    network.address(here, "eth0", "fd09::1/64");
    agent = new AgentInNamespace(network, here);
    await agent.links((links) => links.some(({ name }) => name === "eth0"));
  });

  afterEach(async () => {
    await agent.close().finally(() => network.close());
  });

  const named = (name: string) => (links: readonly AgentLink[]) => links.find((link) => link.name === name);

  test("the first list is complete and ordered by index", () => {
    const [first] = agent.events;
    const links = first?.on === "links" ? first.links : [];
    expect(links.map(({ name }) => name)).toEqual(["lo", "eth0"]);
    expect(links[0]!.addresses).toEqual(["127.0.0.1/8", "::1/128"]);
    expect(links[1]!.mac).toBe(network.mac(here, "eth0"));
    expect(links[1]!.addresses.slice(0, 2)).toEqual(["10.9.0.1/24", "fd09::1/64"]);
  });

  const eth0 = named("eth0");
  test.each([
    { what: "down", command: "link set eth0 down", seen: (all: readonly AgentLink[]) => eth0(all)?.up === false },
    {
      what: "an IPv4 address added",
      command: "addr add 10.9.7.7/32 dev eth0",
      seen: (all: readonly AgentLink[]) => eth0(all)!.addresses.includes("10.9.7.7/32"),
    },
    {
      what: "an IPv6 address added",
      command: "addr add fd09::7/128 dev eth0 nodad",
      seen: (all: readonly AgentLink[]) => eth0(all)!.addresses.includes("fd09::7/128"),
    },
    {
      what: "an IPv4 address removed",
      command: "addr del 10.9.0.1/24 dev eth0",
      seen: (all: readonly AgentLink[]) => !eth0(all)!.addresses.includes("10.9.0.1/24"),
    },
    {
      what: "an IPv6 address removed",
      command: "addr del fd09::1/64 dev eth0",
      seen: (all: readonly AgentLink[]) => !eth0(all)!.addresses.includes("fd09::1/64"),
    },
    {
      what: "another MAC",
      command: "link set eth0 address 02:00:00:00:00:99",
      seen: (all: readonly AgentLink[]) => eth0(all)?.mac === "02:00:00:00:00:99",
    },
    {
      what: "a link added",
      command: "link add br0 type bridge",
      seen: (all: readonly AgentLink[]) => named("br0")(all) !== undefined,
    },
    { what: "a link removed", command: "link del eth0", seen: (all: readonly AgentLink[]) => eth0(all) === undefined },
  ])("$what is told at once", async ({ command, seen }) => {
    const since = agent.events.length;
    network.ip(here, ...command.split(" "));
    expect(await agent.links(seen, { within: SOON, since })).toSatisfy(seen);
  });

  test("a rename keeps index and addresses", async () => {
    const since = agent.events.length;
    const { index } = eth0(await agent.links((links) => eth0(links) !== undefined))!;
    network.ip(here, "link", "set", "eth0", "down");
    network.ip(here, "link", "set", "eth0", "name", "lan0");
    network.ip(here, "link", "set", "lan0", "up");
    const links = await agent.links((links) => named("lan0")(links)?.up === true, { within: SOON, since });
    expect(links.map(({ name }) => name)).toEqual(["lo", "lan0"]);
    expect(named("lan0")(links)).toMatchObject({ index, addresses: expect.arrayContaining(["10.9.0.1/24"]) });
  });

  test("a bridge's port has a master, and is no less a link when it leaves", async () => {
    network.ip(here, "link", "add", "br0", "type", "bridge");
    network.ip(here, "link", "set", "eth0", "master", "br0");
    await agent.links((links) => eth0(links)?.hasMaster === true, { within: SOON });
    const since = agent.events.length;
    network.ip(here, "link", "set", "eth0", "nomaster");
    network.ip(here, "link", "del", "br0");
    const links = await agent.links((links) => named("br0")(links) === undefined, { within: SOON, since });
    expect(eth0(links)).toMatchObject({ hasMaster: false, up: true });
  });

  test("nothing is told while nothing changes", async () => {
    network.ip(here, "link", "set", "eth0", "down");
    await agent.links((links) => eth0(links)?.up === false);
    const before = agent.events.length;
    network.ip(here, "link", "set", "eth0", "down");
    network.ip(here, "addr", "replace", "10.9.0.1/24", "dev", "eth0");
    network.ip(here, "addr", "add", "10.9.8.8/32", "dev", "eth0");
    await agent.links((links) => eth0(links)!.addresses.includes("10.9.8.8/32"), { within: SOON, since: before });
    expect(agent.events.length).toBe(before + 1);
  });

  test("a burst that overflows the socket ends with the last state", async () => {
    const since = agent.events.length;
    const lines = Array.from({ length: 3000 }, (_, i) => `addr add 10.50.${i >> 8}.${i & 255}/32 dev eth0`);
    const batch = `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")} | ip -batch -`;
    agent.paused(() => expect(network.exec(here, "sh", "-c", batch).stderr).toBe(""));
    await agent.until((event) => event.on === "error" && event.code === "ENOBUFS", { since });
    await agent.links((links) => eth0(links)!.addresses.length >= 3002, { within: 10_000, since });
    const last = agent.events.findLast((event) => event.on === "links");
    const addresses = last?.on === "links" ? eth0(last.links)!.addresses : [];
    expect(addresses.filter((address) => address.startsWith("10.50.")).length).toBe(3000);
  });
});
