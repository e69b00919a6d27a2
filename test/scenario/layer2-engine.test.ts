import { beforeEach, describe, expect, test } from "vitest";
import { formatAddress, parseAddress } from "../../src/ip/address.ts";
import { formatMac, parseMac } from "../../src/ip/mac.ts";
import { parsePrefix } from "../../src/ip/prefix.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { EnvironmentError } from "../../src/lib/errors.ts";
import { Layer2Engine } from "../../src/speaker/layer2-engine.ts";
import type { Announcement, WorkerEvent } from "../../src/speaker/protocol.ts";
import type { Link, Links } from "../../src/ports/links.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryHost, MemorySegment } from "../support/memory-network.ts";
import { arpRequest, CLIENT, solicitation } from "../support/request-frames.ts";

const V4 = "10.9.0.100";
const V6 = "fd09::100";
const MAC = { eth0: "02:00:00:00:00:01", eth1: "02:00:00:00:00:02" };

let clock: ManualClock;
let segment: MemorySegment;
let host: MemoryHost;
let events: WorkerEvent[];
let engine: Layer2Engine;

beforeEach(() => {
  clock = new ManualClock();
  segment = new MemorySegment();
  host = new MemoryHost();
  host.plug("lo", new MemorySegment(), "00:00:00:00:00:00");
  host.plug("eth0", segment, MAC.eth0);
  events = [];
  const emit = (event: WorkerEvent): void => void events.push(event);
  engine = new Layer2Engine(/^lo$/u, { frames: host, links: host, clock, random: { next: () => 0 }, emit });
  engine.start();
});

/** Without repeats, which layer2-repeats.test.ts is about. */
function announce(address: string, interfaces: Announcement["interfaces"] = "all"): void {
  const announcement = { address: parseAddress(address)!, interfaces, repeatEvery: millis(0) };
  engine.command({ do: "announce", announcement });
  clock.advance(millis(0));
}

function withdraw(address: string): void {
  engine.command({ do: "withdraw", address: parseAddress(address)! });
}

const request = (address: string): Uint8Array =>
  address.includes(":") ? solicitation({ target: address }) : arpRequest({ target: address });

/** The MACs that answer the client's request on a segment. */
function answers(address: string, on = segment): readonly string[] {
  const before = on.sent.length;
  on.inject(parseMac(CLIENT.mac)!, request(address));
  return on.sent.slice(before + 1).map(({ from }) => from);
}

/** Frames on a segment since the last call, by sender. */
let seen = 0;
function sent(): readonly string[] {
  const frames = segment.sent.slice(seen).map(({ from }) => from);
  seen = segment.sent.length;
  return frames;
}

beforeEach(() => {
  seen = 0;
});

function told<K extends WorkerEvent["on"]>(on: K): Extract<WorkerEvent, { on: K }>[] {
  return events.filter((event): event is Extract<WorkerEvent, { on: K }> => event.on === on);
}

/** Interfaces as last told for the address. */
function answeredOn(address: string): readonly string[] | undefined {
  const event = told("announcing").findLast((event) => event.address === parseAddress(address));
  return event?.interfaces.map(({ name }) => name);
}

test("it is ready once the interfaces are known, and names those that are not excluded, up or down", () => {
  expect(events.map((event) => event.on)).toEqual(["subnets", "interfaces", "ready"]);
  host.plug("eth1", segment, MAC.eth1, { up: false });
  expect(told("interfaces").map((event) => event.names)).toEqual([["eth0"], ["eth0", "eth1"]]);
  host.change("eth1", { addresses: [] });
  expect(told("interfaces")).toHaveLength(2);
});

test("it tells the subnets of the interfaces that are not excluded, again when they change", () => {
  const addresses = ["10.9.0.1", "10.9.0.2", "fe80::1"].map((text) => ({
    address: parseAddress(text)!,
    prefixLength: 24,
  }));
  host.change("eth0", { addresses });
  host.change("eth0", { addresses: addresses.slice(1) });
  const subnets = [parsePrefix("10.9.0.0/24")!];
  expect(told("subnets").map((event) => event.interfaces)).toEqual([
    [{ name: "eth0", subnets: [] }],
    [{ name: "eth0", subnets }],
  ]);
});

describe.each([V4, V6])("%s", (address) => {
  /** Gratuitous frames of one round. */
  const round = address === V4 ? [MAC.eth0, MAC.eth0] : [MAC.eth0];

  test("is answered while it is announced", () => {
    expect(answers(address)).toEqual([]);
    announce(address);
    expect(answeredOn(address)).toEqual(["eth0"]);
    expect(answers(address)).toEqual([MAC.eth0]);
    withdraw(address);
    expect(answers(address)).toEqual([]);
    clock.advance(millis(0));
    expect(answeredOn(address)).toEqual([]);
    expect(host.sockets).toBe(0);
  });

  test("is told in rounds at 0, 1.1, 2.2, 3.3 and 4.4 seconds", () => {
    announce(address);
    expect(sent()).toEqual(round);
    for (let i = 1; i <= 4; i++) {
      clock.advance(millis(1099));
      expect(sent()).toEqual([]);
      clock.advance(millis(1));
      expect(sent()).toEqual(round);
    }
    clock.advance(seconds(60));
    expect(sent()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("is not told any more once it is withdrawn", () => {
    announce(address);
    sent();
    withdraw(address);
    clock.advance(seconds(60));
    expect(sent()).toEqual([]);
  });

  test("is told at once on an interface that appears while the rounds run, and after them", () => {
    announce(address);
    clock.advance(millis(500));
    const late = new MemorySegment();
    host.plug("eth1", late, MAC.eth1);
    expect(late.sent).toHaveLength(round.length);
    expect(answeredOn(address)).toEqual(["eth0", "eth1"]);
    expect(answers(address, late)).toEqual([MAC.eth1]);
    clock.advance(seconds(60));
    host.unplug("eth1");
    expect(answeredOn(address)).toEqual(["eth0"]);
    const again = new MemorySegment();
    host.plug("eth1", again, MAC.eth1);
    expect(again.sent).toHaveLength(round.length);
  });

  test.each([
    { what: "comes up", lost: { up: false, running: false }, back: { up: true, running: true } },
    { what: "has its carrier back", lost: { running: false }, back: { running: true } },
  ])("is told again when its interface $what", ({ lost, back }) => {
    announce(address);
    clock.advance(seconds(60));
    sent();
    host.change("eth0", lost);
    expect(answeredOn(address)).toEqual([]);
    expect(answers(address)).toEqual([]);
    sent();
    host.change("eth0", back);
    expect(sent()).toEqual(round);
    expect(answers(address)).toEqual([MAC.eth0]);
  });

  test("is answered with a changed Ethernet address, which is told", () => {
    announce(address);
    clock.advance(seconds(60));
    sent();
    const mac = "02:00:00:00:77:01";
    host.change("eth0", { mac: parseMac(mac)! });
    expect(sent()).toEqual(round.map(() => mac));
    expect(answers(address)).toEqual([mac]);
    expect(told("announcing").at(-1)!.interfaces).toEqual([{ name: "eth0", mac }]);
    expect(host.sockets).toBe(1);
  });

  test("is answered only on its interfaces", () => {
    const other = new MemorySegment();
    host.plug("eth1", other, MAC.eth1);
    announce(address, ["eth1"]);
    expect(answeredOn(address)).toEqual(["eth1"]);
    expect(answers(address)).toEqual([]);
    expect(answers(address, other)).toEqual([MAC.eth1]);
    announce(address, ["eth0"]);
    expect(answers(address)).toEqual([MAC.eth0]);
    expect(answers(address, other)).toEqual([]);
    announce(address, ["eth9"]);
    expect(answeredOn(address)).toEqual([]);
  });

  test("requests, answers and gratuitous frames are counted, and told at most once a second", () => {
    announce(address);
    answers(address);
    clock.advance(millis(300));
    answers(address);
    expect(told("counters")).toEqual([]);
    clock.advance(millis(700));
    const counters = { address: parseAddress(address), requestsReceived: 2, responsesSent: 2, duplicatesHeard: 0 };
    const lastAnswered = { agoMs: 700, interface: "eth0", to: CLIENT.mac };
    const facts = { gratuitousSent: round.length, lastAnswered, lastGratuitous: { agoMs: 1000 } };
    expect(told("counters")).toEqual([{ on: "counters", counters: [{ ...counters, ...facts }] }]);
    clock.advance(seconds(60));
    expect(told("counters")[1]!.counters[0]).not.toHaveProperty("lastAnswered");
    expect(told("counters").length).toBeLessThanOrEqual(6);
    const total = told("counters").flatMap((event) => event.counters);
    expect(total.reduce((sum, { gratuitousSent }) => sum + gratuitousSent, 0)).toBe(5 * round.length);
  });
});

test("sockets are open only for families that are announced", () => {
  announce(V4);
  expect(host.sockets).toBe(1);
  announce(V6);
  expect(host.sockets).toBe(2);
  withdraw(V6);
  clock.advance(millis(0));
  expect(host.sockets).toBe(1);
});

test("a port of a bridge leaves the answers to the bridge", () => {
  announce(V4);
  host.plug("br0", segment, MAC.eth1);
  host.change("eth0", { hasMaster: true });
  expect(answers(V4)).toEqual([MAC.eth1]);
});

test("an address that is withdrawn and announced in one go is told to be answered again", () => {
  announce(V4);
  events.length = 0;
  withdraw(V4);
  announce(V4);
  expect(told("announcing").map((event) => event.interfaces)).toEqual([[], [{ name: "eth0", mac: MAC.eth0 }]]);
});

test("an address that is announced before the interfaces are known is told once they are", () => {
  let tell: (links: readonly Link[]) => void = () => undefined;
  const links: Links = {
    watch: (onChange) => {
      tell = onChange;
      return { close: () => undefined };
    },
  };
  const emit = (event: WorkerEvent): void => void events.push(event);
  engine = new Layer2Engine(/^lo$/u, { frames: host, links, clock, random: { next: () => 0 }, emit });
  events.length = 0;
  engine.start();
  announce(V4);
  expect(events).toEqual([]);
  tell([host.plug("eth1", segment, MAC.eth1)]);
  expect(told("announcing").map((event) => event.interfaces)).toEqual([[{ name: "eth1", mac: MAC.eth1 }]]);
  expect(events.at(-1)).toEqual({ on: "ready" });
});

describe("a socket that can't be had", () => {
  test("is known before anything is announced", () => {
    host.refusal = new EnvironmentError("no-permission", "needs CAP_NET_RAW", { retryable: false });
    const emit = (event: WorkerEvent): void => void events.push(event);
    engine = new Layer2Engine(/^lo$/u, { frames: host, links: host, clock, random: { next: () => 0 }, emit });
    events.length = 0;
    engine.start();
    expect(events[0]).toEqual({ on: "trouble", code: "no-permission", message: "needs CAP_NET_RAW" });
  });

  test("is reported again when it was had in between", () => {
    const gone = () => new EnvironmentError("no-link", "eth0 is gone", { retryable: true });
    host.failures.push(gone(), gone());
    announce(V4);
    clock.advance(seconds(60));
    expect(answers(V4)).toEqual([MAC.eth0]);
    expect(told("trouble")).toHaveLength(1);
    withdraw(V4);
    clock.advance(millis(0));
    host.failures.push(gone());
    announce(V4);
    expect(told("trouble")).toHaveLength(2);
  });

  test("is tried again with a backoff until it is there", () => {
    const gone = () => new EnvironmentError("no-link", "eth0 is gone", { retryable: true });
    host.failures.push(gone(), gone());
    announce(V4);
    expect(answeredOn(V4)).toEqual([]);
    clock.advance(seconds(1));
    expect(answers(V4)).toEqual([]);
    clock.advance(seconds(2));
    expect(answeredOn(V4)).toEqual(["eth0"]);
    expect(answers(V4)).toEqual([MAC.eth0]);
  });

  test("is reported once, and the other interfaces answer", () => {
    const refused = new EnvironmentError("no-permission", "needs CAP_NET_RAW", { retryable: false });
    const other = new MemorySegment();
    host.plug("eth1", other, MAC.eth1);
    host.failures.push(refused);
    announce(V4);
    expect(told("trouble")).toMatchObject([{ code: "no-permission", message: expect.stringContaining("CAP_NET_RAW") }]);
    expect(answeredOn(V4)).toEqual(["eth1"]);
    expect(answers(V4, other)).toEqual([MAC.eth1]);
  });
});

test("told to stop it withdraws everything, tells the last counters and leaves nothing behind", () => {
  announce(V4);
  announce(V6);
  answers(V4);
  engine.command({ do: "stop" });
  expect(host.sockets).toBe(0);
  expect(clock.pending).toBe(0);
  expect([answeredOn(V4), answeredOn(V6)]).toEqual([[], []]);
  expect(
    told("counters")
      .flatMap((event) => event.counters)
      .map((c) => formatAddress(c.address))
      .sort(),
  ).toEqual([V4, V6]);
  expect(events.at(-1)).toEqual({ on: "stopped" });
});

test("a burst of many addresses on many interfaces leaves room for requests between its frames", () => {
  const cables = Array.from({ length: 16 }, () => new MemorySegment());
  for (const [i, cable] of cables.entries())
    host.plug(`eth${i + 1}`, cable, formatMac(Uint8Array.of(2, 0, 0, 0, 1, i)));
  for (let i = 0; i < 100; i++) {
    const address = parseAddress(`10.10.0.${i}`)!;
    engine.command({ do: "announce", announcement: { address, interfaces: "all" } });
  }
  const total = () => [segment, ...cables].reduce((sum, { sent }) => sum + sent.length, 0);
  let longest = 0;
  const turns: ManualClock["after"] = clock.after.bind(clock);
  clock.after = (after, fire) =>
    turns(after, () => {
      const before = total();
      fire();
      longest = Math.max(longest, total() - before);
    });
  clock.advance(millis(0));
  expect(total()).toBe(17 * 100 * 2);
  clock.advance(millis(1099));
  for (let second = 0; second < 4; second++) {
    const before = total();
    clock.advance(seconds(1));
    // What comes after the first round is limited to 2,000 frames a second.
    expect(total() - before).toBeGreaterThan(1900);
    expect(total() - before).toBeLessThanOrEqual(2256);
  }
  expect(longest).toBeLessThanOrEqual(256);
});
