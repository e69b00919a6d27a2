import { beforeEach, describe, expect, test } from "vitest";
import { parseAddress } from "../../src/ip/address.ts";
import { parseMac } from "../../src/ip/mac.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { Layer2Engine } from "../../src/speaker/layer2-engine.ts";
import type { Announcement, WorkerEvent } from "../../src/speaker/protocol.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryHost, MemorySegment } from "../support/memory-network.ts";
import { advertisement, arpRequest, CLIENT, solicitation } from "../support/request-frames.ts";

const OLD = "02:00:00:00:00:0a";
const NEW = "02:00:00:00:00:0b";
const RIVAL = "02:00:00:00:00:66";

let clock: ManualClock;
let segment: MemorySegment;

beforeEach(() => {
  clock = new ManualClock();
  segment = new MemorySegment();
});

/** A node with its worker's engine, on the segment with an interface. */
class LabNode {
  readonly host = new MemoryHost();
  readonly events: WorkerEvent[] = [];
  readonly engine: Layer2Engine;
  heldBack = false;

  constructor(mac: string) {
    this.host.plug("eth0", segment, mac);
    this.engine = new Layer2Engine(/^lo$/u, {
      frames: this.host,
      links: this.host,
      clock,
      random: { next: () => 0 },
      emit: (event) => void this.events.push(event),
      holdsBack: () => this.heldBack,
    });
    this.engine.start();
  }

  told(on: WorkerEvent["on"]): readonly WorkerEvent[] {
    return this.events.filter((event) => event.on === on);
  }
}

describe.each(["10.9.0.100", "fd09::100"])("%s", (text) => {
  const address = parseAddress(text)!;
  const v6 = text.includes(":");
  let old: LabNode;
  let next: LabNode;

  beforeEach(() => {
    old = new LabNode(OLD);
    next = new LabNode(NEW);
    announce(old);
    clock.advance(seconds(10));
  });

  function announce(
    node: LabNode,
    { takesOver = false, interfaces = "all" }: { takesOver?: boolean; interfaces?: Announcement["interfaces"] } = {},
  ): void {
    const announcement = { address, interfaces, repeatEvery: millis(0) };
    node.engine.command({ do: "announce", announcement, ...(takesOver ? { takesOver } : {}) });
  }

  const leave = (node: LabNode): void => node.engine.command({ do: "withdraw", address, handover: true });
  const takeOver = (node: LabNode): void => announce(node, { takesOver: true });

  /** Who answers a client's question. */
  function ask(on = segment): string {
    const before = on.sent.length;
    on.inject(parseMac(CLIENT.mac)!, v6 ? solicitation({ target: text }) : arpRequest({ target: text }));
    return on.sent
      .slice(before + 1)
      .map(({ from }) => (from === OLD ? "old" : from === NEW ? "new" : from))
      .join("+");
  }

  /** Who answers, asked every millisecond: the runs of equal answers, and how long they lasted. */
  function watch(time: number): readonly string[] {
    const runs: { answer: string; for: number }[] = [];
    for (let passed = 0; passed < time; passed++) {
      const answer = ask();
      if (runs.at(-1)?.answer === answer) runs.at(-1)!.for++;
      else runs.push({ answer, for: 1 });
      clock.advance(millis(1));
    }
    return runs.map((run) => `${run.answer} ${run.for}`);
  }

  /** A station says that it has the address. */
  function claim(mac: string, on = segment): void {
    const frame = v6
      ? advertisement({ target: text, mac })
      : arpRequest({ target: text, senderIp: text, senderMac: mac, operation: 2 });
    on.inject(parseMac(mac)!, frame);
  }

  /** Frames but answers since the given one, by sender. */
  function unasked(since: number): readonly string[] {
    return segment.sent.slice(since).map(({ from }) => from);
  }

  test.each([0, 1, 50, 150, 199])("both nodes hear of the move, the old one %i ms later: nobody waits", (later) => {
    takeOver(next);
    const before = watch(later);
    leave(old);
    const after = watch(1000);
    const runs = [...before, ...after].map((run) => run.split(" ")[0]);
    expect(runs.filter((run, i) => run !== runs[i - 1])).toEqual(["old", "new"]);
    // Nobody answers twice, and the new owner begins when its patience is over.
    expect(after).toEqual([`old ${200 - later}`, `new ${800 + later}`]);
  });

  test.each([0, 1, 100, 500, 799])("both nodes hear of the move, the new one %i ms later: nobody waits", (later) => {
    leave(old);
    const before = watch(later);
    takeOver(next);
    expect([...before, ...watch(1000)].join(" ")).not.toContain("old+new");
    expect(before).toEqual(later === 0 ? [] : [`old ${later}`]);
    expect(ask()).toBe("new");
  });

  test("an old owner that hears of the move only after the new one has begun stops at once", () => {
    takeOver(next);
    watch(250);
    expect(ask()).toBe("old+new");
    leave(old);
    expect(watch(1000)).toEqual(["new 1000"]);
    expect(old.told("duplicate")).toEqual([]);
    expect(next.told("duplicate")).toEqual([]);
  });

  test("where the new owner need not wait, it begins at once, with its claim", () => {
    leave(old);
    const since = segment.sent.length;
    announce(next);
    clock.advance(millis(0));
    expect(unasked(since).every((from) => from === NEW)).toBe(true);
    expect(unasked(since)).toHaveLength(v6 ? 1 : 2);
    expect(watch(10)).toEqual(["new 10"]);
    expect(old.host.sockets).toBe(0);
  });

  test("the old owner only answers: it announces, repeats and defends nothing", () => {
    announce(old, { interfaces: "all" });
    clock.advance(millis(500));
    old.engine.command({ do: "announce", announcement: { address, interfaces: "all", repeatEvery: millis(1) } });
    leave(old);
    const since = segment.sent.length;
    clock.advance(millis(900));
    claim(RIVAL);
    clock.advance(seconds(30));
    expect(unasked(since)).toEqual([RIVAL]);
    expect(old.told("duplicate")).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("without a new owner the old one stops after a second, and says so", () => {
    leave(old);
    expect(watch(1500)).toEqual(["old 1000", " 500"]);
    expect(old.told("log")).toMatchObject([{ level: "warn", fields: { addresses: 1 } }]);
    expect(old.told("announcing").at(-1)).toMatchObject({ interfaces: [] });
    expect(old.host.sockets).toBe(0);
  });

  test("a hostile claim ends it earlier, and nothing else", () => {
    leave(old);
    watch(10);
    for (let i = 0; i < 1000; i++) claim(`02:00:00:00:${(i >> 8).toString(16).padStart(2, "0")}:66`);
    expect(ask()).toBe("");
    announce(next);
    clock.advance(millis(0));
    expect(watch(100)).toEqual(["new 100"]);
  });

  test("another interface of the same node is no new owner", () => {
    old.host.plug("macvlan0", segment, RIVAL);
    leave(old);
    claim(RIVAL);
    expect(ask()).toContain("old");
  });

  test("an address that comes back before anybody else had it is owned on at once, and announced", () => {
    leave(old);
    watch(100);
    takeOver(old);
    const since = segment.sent.length;
    expect(watch(1)).toEqual(["old 1"]);
    expect(unasked(since).filter((from) => from === OLD)).toHaveLength(1 + (v6 ? 1 : 2));
    clock.advance(seconds(5));
    expect(ask()).toBe("old");
    expect(old.told("announcing").at(-1)).toMatchObject({ interfaces: [{ name: "eth0" }] });
  });

  test("an address that comes back after the other has begun is handed over the other way round", () => {
    leave(old);
    announce(next);
    watch(100);
    takeOver(old);
    leave(next);
    expect(watch(500)).toEqual(["new 200", "old 300"]);
  });

  test("who stood in for a node that was taken for dead goes on only until that one would have claimed", () => {
    announce(next);
    watch(100);
    expect(ask()).toBe("old+new");
    leave(next);
    // The old owner heard nothing of its death, and so has nothing to claim; but it answers a gratuitous ARP request.
    expect(watch(500)).toEqual(v6 ? ["old+new 300", "old 200"] : ["old 500"]);
  });

  test("a new owner that has to give the address back before it began never answers", () => {
    takeOver(next);
    watch(100);
    leave(next);
    expect(watch(500)).toEqual(["old 500"]);
    expect(next.told("announcing")).toEqual([]);
    expect(next.host.sockets).toBe(0);
  });

  test("a freed address is not answered any more, during a move or not", () => {
    leave(old);
    watch(10);
    old.engine.command({ do: "withdraw", address });
    expect(watch(10)).toEqual([" 10"]);
  });

  test("nothing is answered while another may have taken our place, and the claim is heard all the same", () => {
    leave(old);
    old.heldBack = true;
    expect(watch(10)).toEqual([" 10"]);
    claim(NEW);
    old.heldBack = false;
    expect(watch(10)).toEqual([" 10"]);
    expect(old.host.sockets).toBe(0);
  });

  test("who was stopped for longer than the limit answers nothing when it goes on", () => {
    leave(old);
    clock.skip(seconds(2));
    expect(ask()).toBe("");
  });

  test("who may have been replaced gives the others time to hear that it is back", () => {
    old.heldBack = true;
    announce(next);
    clock.advance(seconds(10));
    expect(ask()).toBe("new");
    old.heldBack = false;
    old.engine.resume({ replaced: true });
    expect(watch(50)).toEqual(["new 50"]);
    leave(next);
    expect(watch(300)).toEqual(["new 150", "old 150"]);
  });

  describe("on two networks", () => {
    let other: MemorySegment;

    beforeEach(() => {
      other = new MemorySegment();
      old.host.plug("eth1", other, OLD);
      next.host.plug("eth1", other, NEW);
      clock.advance(seconds(10));
    });

    test("each is handed over by the claim that is heard there", () => {
      leave(old);
      claim(NEW);
      expect([ask(), ask(other)]).toEqual(["", "old"]);
      claim(NEW, other);
      expect([ask(), ask(other)]).toEqual(["", ""]);
      clock.advance(millis(0));
      expect(old.host.sockets).toBe(0);
    });

    test("a new owner that announces on one of them only leaves the other to the limit", () => {
      leave(old);
      announce(next, { interfaces: ["eth1"] });
      clock.advance(millis(0));
      expect([ask(), ask(other)]).toEqual(["old", "new"]);
      clock.advance(seconds(1));
      expect([ask(), ask(other)]).toEqual(["", "new"]);
    });

    test("an interface that goes is not waited for", async () => {
      const handedOver = old.engine.handOver();
      claim(NEW);
      old.host.unplug("eth1");
      await handedOver;
      expect(old.host.sockets).toBe(0);
    });
  });
});

describe("a node that leaves", () => {
  const ADDRESSES = Array.from({ length: 500 }, (_, i) => parseAddress(`10.9.${i >> 8}.${i & 255}`)!);

  const announceAll = ({ engine }: LabNode): void => {
    for (const address of ADDRESSES) engine.command({ do: "announce", announcement: { address, interfaces: "all" } });
  };

  test("hands over everything, and has done so when the other has claimed the last address", async () => {
    const [old, next] = [new LabNode(OLD), new LabNode(NEW)];
    announceAll(old);
    clock.advance(seconds(10));
    let done = false;
    const handedOver = old.engine.handOver().then(() => (done = true));
    clock.advance(millis(500));
    announceAll(next);
    const turns = clock.pending;
    expect([done, turns > 0, old.host.sockets]).toEqual([false, true, 1]);
    clock.advance(millis(0));
    await handedOver;
    expect(old.host.sockets).toBe(0);
  });

  test("is done at once when it has nothing, or nothing that it answers for yet", async () => {
    const node = new LabNode(OLD);
    await node.engine.handOver();
    const announcement = { address: ADDRESSES[0]!, interfaces: "all" } as const;
    node.engine.command({ do: "announce", announcement, takesOver: true });
    await node.engine.handOver();
    expect(node.host.sockets).toBe(0);
  });

  test("an address that is asked for is claimed before it is answered, however many others wait", () => {
    const node = new LabNode(NEW);
    const total = 1000;
    for (let i = 0; i < total; i++) {
      const address = parseAddress(`10.8.${i >> 8}.${i & 255}`)!;
      node.engine.command({ do: "announce", announcement: { address, interfaces: "all" } });
    }
    let asked = false;
    const after: ManualClock["after"] = clock.after.bind(clock);
    clock.after = (wait, fire) =>
      after(wait, () => {
        fire();
        if (asked || segment.sent.length === 0 || segment.sent.length >= total) return;
        asked = true;
        const before = segment.sent.length;
        segment.inject(parseMac(CLIENT.mac)!, arpRequest({ target: "10.8.3.231" }));
        const operations = segment.sent.slice(before).map(({ frame }) => frame[21]);
        // The question; a gratuitous request and a reply; the answer.
        expect(operations).toEqual([1, 1, 2, 2]);
        expect(segment.sent.at(-1)!.frame.subarray(0, 6)).toEqual(parseMac(CLIENT.mac));
      });
    clock.advance(millis(500));
    expect(asked).toBe(true);
    // Each was claimed once, and there are a question and an answer.
    expect(segment.sent).toHaveLength(2 * total + 2);
  });
});
