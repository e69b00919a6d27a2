import { beforeEach, describe, expect, test } from "vitest";
import { parseAddress } from "../../src/ip/address.ts";
import { type Millis, millis, seconds } from "../../src/lib/duration.ts";
import { Layer2Engine } from "../../src/speaker/layer2-engine.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryHost, MemorySegment } from "../support/memory-network.ts";
import { settle } from "../support/settle.ts";
import { SpeakerLab } from "../support/speaker-lab.ts";

const MAC = "02:00:00:00:00:01";

let clock: ManualClock;
let segment: MemorySegment;
let host: MemoryHost;
let engine: Layer2Engine;
let heldBack: boolean;

beforeEach(() => {
  clock = new ManualClock();
  segment = new MemorySegment();
  host = new MemoryHost();
  host.plug("eth0", segment, MAC);
  heldBack = false;
  engine = new Layer2Engine(/^lo$/u, {
    frames: host,
    links: host,
    clock,
    random: { next: () => 0 },
    holdsBack: () => heldBack,
    emit: () => {},
  });
  engine.start();
});

describe.each(["10.9.0.100", "fd09::100"])("%s", (text) => {
  const address = parseAddress(text)!;
  const round = text.includes(":") ? 1 : 2;

  function announce(repeatEvery?: Millis): void {
    engine.command({ do: "announce", announcement: { address, interfaces: "all", repeatEvery } });
    clock.advance(seconds(10));
    segment.sent.length = 0;
  }

  /** Frames in this time. */
  function framesIn(time: Millis): number {
    segment.sent.length = 0;
    clock.advance(time);
    return segment.sent.length;
  }

  test("is told again every minute after the burst", () => {
    announce();
    expect(framesIn(millis(49_999))).toBe(0);
    expect(framesIn(millis(1))).toBe(round);
    expect(framesIn(millis(59_999))).toBe(0);
    expect(framesIn(millis(1))).toBe(round);
    expect(framesIn(seconds(600))).toBe(10 * round);
  });

  test("is told as often as it is wanted, or never", () => {
    announce(seconds(20));
    expect(framesIn(seconds(60))).toBe(3 * round);
    engine.command({ do: "announce", announcement: { address, interfaces: "all", repeatEvery: millis(0) } });
    clock.advance(seconds(10));
    expect(framesIn(seconds(3600))).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("is not told once it is withdrawn, nor where nothing can be sent", () => {
    announce();
    host.change("eth0", { running: false });
    expect(framesIn(seconds(120))).toBe(0);
    engine.command({ do: "withdraw", address });
    host.change("eth0", { running: true });
    expect(framesIn(seconds(3600))).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("is not told while another node may own it", () => {
    announce();
    heldBack = true;
    expect(framesIn(seconds(300))).toBe(0);
    heldBack = false;
    expect(framesIn(seconds(60))).toBe(round);
  });
});

test("a thousand addresses on two interfaces are told again in 40 s, evenly", () => {
  const other = new MemorySegment();
  host.plug("eth1", other, "02:00:00:00:00:02");
  for (let i = 0; i < 1000; i++) {
    const address = parseAddress(`10.9.${i >> 8}.${i & 255}`)!;
    engine.command({ do: "announce", announcement: { address, interfaces: "all" } });
  }
  const sent = (): number => segment.sent.length + other.sent.length;
  clock.advance(millis(59_900));
  const start = sent();
  for (let second = 0; second < 40; second++) {
    const before = sent();
    clock.advance(seconds(1));
    expect(sent() - before).toBeGreaterThanOrEqual(90);
    expect(sent() - before).toBeLessThanOrEqual(104);
  }
  clock.advance(millis(99));
  expect(sent() - start).toBe(4000);
});

test("the interval of the L2Advertisements reaches the worker, and a change does, too", async () => {
  const lab = new SpeakerLab();
  lab.node("node-1");
  lab.pool("pool", "192.168.1.200-192.168.1.210", "fd00:1::/112");
  lab.advertisement("l2", { gratuitousInterval: "90s" });
  const speaker = await lab.speaker("node-1");
  lab.service("web", ["192.168.1.200", "fd00:1::1"]);
  await settle();
  const told = () =>
    speaker.worker.commands.flatMap((command) => (command.do === "announce" ? [command.announcement.repeatEvery] : []));
  expect(told()).toEqual([90_000, 90_000]);
  lab.advertisement("l2", { gratuitousInterval: "0s" });
  await settle();
  expect(told().slice(2)).toEqual([0, 0]);
  lab.advertisement("l2", {});
  await settle();
  expect(told().slice(4)).toEqual([undefined, undefined]);
});
