import { beforeEach, expect, test } from "vitest";
import { parseAddress } from "../../src/ip/address.ts";
import { parseMac } from "../../src/ip/mac.ts";
import { seconds } from "../../src/lib/duration.ts";
import { Layer2Engine } from "../../src/speaker/layer2-engine.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryHost, MemorySegment } from "../support/memory-network.ts";
import { arpRequest, CLIENT, solicitation } from "../support/request-frames.ts";

const ADDRESSES = ["192.0.2.100", "2001:db8::100"].map((text) => parseAddress(text)!);

let clock: ManualClock;
let segment: MemorySegment;
let engine: Layer2Engine;
let heldBack: boolean;

beforeEach(() => {
  clock = new ManualClock();
  segment = new MemorySegment();
  heldBack = false;
  const host = new MemoryHost();
  host.plug("eth0", segment, "02:00:00:00:00:01");
  const holdsBack = (): boolean => heldBack;
  const random = { next: () => 0 };
  engine = new Layer2Engine(/^lo$/u, { frames: host, links: host, clock, random, holdsBack, emit: () => {} });
  engine.start();
  for (const address of ADDRESSES) engine.command({ do: "announce", announcement: { address, interfaces: "all" } });
  clock.advance(seconds(10));
  segment.sent.length = 0;
});

function ask(): number {
  segment.sent.length = 0;
  const client = parseMac(CLIENT.mac)!;
  segment.inject(client, arpRequest({ target: "192.0.2.100" }));
  segment.inject(client, solicitation({ target: "2001:db8::100" }));
  return segment.sent.filter(({ from }) => from === "02:00:00:00:00:01").length;
}

test("nothing is said while another may have taken our place, and all is told again after it", () => {
  expect(ask()).toBe(2);
  heldBack = true;
  expect(ask()).toBe(0);
  engine.resume();
  clock.advance(seconds(10));
  expect(segment.sent.filter(({ from }) => from === "02:00:00:00:00:01")).toEqual([]);
  heldBack = false;
  expect(ask()).toBe(2);
  segment.sent.length = 0;
  engine.resume();
  clock.advance(seconds(1));
  // Two frames for IPv4, one for IPv6.
  expect(segment.sent).toHaveLength(3);
});
