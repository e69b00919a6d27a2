import { beforeEach, describe, expect, test } from "vitest";
import { parseAddress } from "../../src/ip/address.ts";
import { parseMac } from "../../src/ip/mac.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import type { WorkerEvent } from "../../src/speaker/protocol.ts";
import { Layer2Engine } from "../../src/speaker/layer2-engine.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryHost, MemorySegment } from "../support/memory-network.ts";
import { advertisement, arpRequest, CLIENT, solicitation } from "../support/request-frames.ts";

const MAC = { eth0: "02:00:00:00:00:01", macvlan0: "02:00:00:00:00:02" };
const RIVAL = "02:00:00:00:00:66";

let clock: ManualClock;
let segment: MemorySegment;
let host: MemoryHost;
let events: WorkerEvent[];
let engine: Layer2Engine;
let heldBack: boolean;

beforeEach(() => {
  clock = new ManualClock();
  segment = new MemorySegment();
  host = new MemoryHost();
  host.plug("eth0", segment, MAC.eth0);
  host.plug("macvlan0", segment, MAC.macvlan0);
  events = [];
  heldBack = false;
  const emit = (event: WorkerEvent): void => void events.push(event);
  const ports = { frames: host, links: host, clock, random: { next: () => 0 }, emit, holdsBack: () => heldBack };
  engine = new Layer2Engine(/^lo$/u, ports);
  engine.start();
});

const duplicates = (): WorkerEvent[] => events.filter((event) => event.on === "duplicate");

/** Gratuitous frames of ours since the last call, by interface. */
let seen = 0;
function announced(): readonly string[] {
  const frames = segment.sent.slice(seen).map(({ from }) => from);
  seen = segment.sent.length;
  return frames.filter((from) => from !== RIVAL);
}

describe.each(["10.9.0.100", "fd09::100"])("%s", (text) => {
  const address = parseAddress(text)!;
  const round = text.includes(":") ? [MAC.eth0] : [MAC.eth0, MAC.eth0];

  /** Somebody says that the address is at a MAC, where only eth0 hears it. */
  function claim(mac = RIVAL): void {
    const frame = text.includes(":")
      ? advertisement({ target: text, mac })
      : arpRequest({ target: text, senderIp: text, senderMac: mac, operation: 2 });
    segment.inject(parseMac(mac)!, frame);
  }

  beforeEach(() => {
    seen = 0;
    engine.command({ do: "announce", announcement: { address, interfaces: ["eth0"] } });
    clock.advance(seconds(6));
    announced();
  });

  test("a foreign claim is told, counted and answered with one announcement", () => {
    claim();
    clock.advance(millis(1999));
    expect(duplicates()).toEqual([]);
    expect(announced()).toEqual([]);
    clock.advance(millis(1));
    expect(duplicates()).toEqual([{ on: "duplicate", address, mac: RIVAL, interface: "eth0" }]);
    expect(announced()).toEqual(round);
    claim();
    clock.advance(seconds(5));
    expect(duplicates()).toHaveLength(1);
    expect(announced()).toEqual([]);
    const counted = events.flatMap((event) => (event.on === "counters" ? event.counters : []));
    expect(counted.reduce((sum, { duplicatesHeard }) => sum + duplicatesHeard, 0)).toBe(2);
  });

  test("a claim by the node that takes over is no duplicate", () => {
    claim();
    clock.advance(millis(100));
    engine.command({ do: "withdraw", address });
    clock.advance(seconds(20));
    expect(duplicates()).toEqual([]);
    expect(announced()).toEqual([]);
  });

  test("a claim by the node that we take over from is no duplicate", () => {
    engine.command({ do: "withdraw", address });
    clock.advance(seconds(60));
    engine.command({ do: "announce", announcement: { address, interfaces: "all" } });
    clock.advance(seconds(1));
    claim();
    clock.advance(seconds(20));
    expect(duplicates()).toEqual([]);
  });

  test("another interface of this node on the same segment is no duplicate", () => {
    engine.command({ do: "announce", announcement: { address, interfaces: "all" } });
    clock.advance(seconds(20));
    claim(MAC.macvlan0);
    clock.advance(seconds(20));
    expect(duplicates()).toEqual([]);
  });

  test("who may have been replaced does not complain, nor announce", () => {
    heldBack = true;
    claim();
    clock.advance(seconds(20));
    heldBack = false;
    engine.resume();
    clock.advance(seconds(1));
    claim();
    clock.advance(seconds(20));
    expect(duplicates()).toEqual([]);
    claim();
    clock.advance(seconds(2));
    expect(duplicates()).toHaveLength(1);
  });

  test("it goes on answering", () => {
    claim();
    clock.advance(seconds(3));
    announced();
    const request = text.includes(":") ? solicitation({ target: text }) : arpRequest({ target: text });
    segment.inject(parseMac(CLIENT.mac)!, request);
    expect(announced()).toContain(MAC.eth0);
  });
});
