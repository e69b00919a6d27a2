import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { constructedDevices } from "../../scripts/construct-netlink-devices.ts";
import { hex } from "../../src/bytes/hex.ts";
import { parseAddress } from "../../src/ip/address.ts";
import { formatMac, parseMac } from "../../src/ip/mac.ts";
import { linkRefusal } from "../../src/layer2/links.ts";
import { millis } from "../../src/lib/duration.ts";
import { LinkTable } from "../../src/platform/link-table.ts";
import { decodeNetlink } from "../../src/platform/netlink.ts";
import type { Link } from "../../src/ports/links.ts";
import { Layer2Engine } from "../../src/speaker/layer2-engine.ts";
import type { WorkerEvent } from "../../src/speaker/protocol.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryHost, MemorySegment } from "../support/memory-network.ts";
import { arpRequest, CLIENT, solicitation } from "../support/request-frames.ts";

/**
 * VLAN, bond and VRF devices from what netlink says of them to what is answered on them. The messages are constructed (see
 * test/golden/netlink/README.md); what could not be run without the kernel's modules is how frames get to such a device.
 */
const text = readFileSync(join(import.meta.dirname, "../golden/netlink/constructed-devices.txt"), "utf8");

test("the messages are what the script constructs", () => {
  expect(text).toBe(constructedDevices());
});

function devices(): readonly Link[] {
  const table = new LinkTable();
  for (const line of text.split("\n").filter((each) => /^[\da-f]/.test(each)))
    for (const message of decodeNetlink(hex`${line}`)) expect(table.apply(message)).toBe(true);
  const linkLocal = { address: parseAddress("fe80::1")!, prefixLength: 64 };
  return table.links().map((link) => ({ ...link, addresses: [linkLocal] }));
}

const byName = new Map(devices().map((link) => [link.name, link]));

/** The rules of the reference: not for ports of a master, nor where address resolution is off. */
const RULES = [
  { name: "eth0", refusal: undefined },
  { name: "eth0.100", refusal: undefined },
  { name: "outer", refusal: undefined },
  { name: "outer.7", refusal: undefined },
  { name: "eth0.8", refusal: "enslaved" },
  { name: "eth1", refusal: "enslaved" },
  { name: "eth2", refusal: "enslaved" },
  { name: "bond0", refusal: undefined },
  { name: "bond0.300", refusal: undefined },
  { name: "bond1", refusal: "no-carrier" },
  { name: "blue", refusal: "no-arp" },
  { name: "eth3", refusal: "enslaved" },
] as const;

test("there is a rule for each device", () => {
  expect([...byName.keys()].sort()).toEqual(RULES.map(({ name }) => name).sort());
});

describe.each([
  { kind: "arp", address: "10.9.0.100" },
  { kind: "ndp", address: "fd09::100" },
] as const)("$kind", ({ kind, address }) => {
  test.each(RULES)("$name: $refusal", ({ name, refusal }) => {
    expect(linkRefusal(byName.get(name)!, kind, /^lo$/u)).toBe(refusal);
  });

  test("a request is answered on the device that it comes in on, with its MAC, and tagged on none", () => {
    const clock = new ManualClock();
    const host = new MemoryHost();
    const lans = new Map([...byName.keys()].map((name) => [name, new MemorySegment()]));
    for (const { name, mac, addresses: _, index: __, ...link } of byName.values())
      host.plug(name, lans.get(name)!, formatMac(mac!), link);
    const events: WorkerEvent[] = [];
    const emit = (event: WorkerEvent): void => void events.push(event);
    const engine = new Layer2Engine(/^lo$/u, { frames: host, links: host, clock, random: { next: () => 0 }, emit });
    engine.start();
    const announcement = { address: parseAddress(address)!, interfaces: "all" as const, repeatEvery: millis(0) };
    engine.command({ do: "announce", announcement });
    clock.advance(millis(60_000));

    const request = kind === "arp" ? arpRequest({ target: address }) : solicitation({ target: address });
    const tagged = Uint8Array.of(...request.subarray(0, 12), 0x81, 0x00, 0x00, 0x64, ...request.subarray(12));
    for (const { name, refusal } of RULES) {
      const lan = lans.get(name)!;
      const before = lan.sent.length;
      lan.inject(parseMac(CLIENT.mac)!, tagged);
      lan.inject(parseMac(CLIENT.mac)!, request);
      const answers = lan.sent.slice(before + 2).map(({ from }) => from);
      expect([name, answers]).toEqual([name, refusal === undefined ? [formatMac(byName.get(name)!.mac!)] : []]);
    }
  });
});
