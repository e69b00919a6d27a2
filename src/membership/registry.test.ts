import { describe, expect, test } from "vitest";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { parseAddress } from "../ip/address.ts";
import { millis } from "../lib/duration.ts";
import { Awareness } from "./awareness.ts";
import { BroadcastQueue, type News } from "./broadcast-queue.ts";
import { MOST_MEMBERS } from "./member-table.ts";
import type { Alive, Endpoint, MemberStatus } from "./message.ts";
import { MemberRegistry, OUR_VERSIONS } from "./registry.ts";
import { FAST_LAN } from "./settings.ts";

const HERE: Endpoint = { address: parseAddress("192.0.2.1")!, port: 7946 };
const THERE: Endpoint = { address: parseAddress("2001:db8::2")!, port: 7946 };
const ELSEWHERE: Endpoint = { address: parseAddress("192.0.2.3")!, port: 7946 };

function harness(meta = new Uint8Array()) {
  const told: string[] = [];
  const queue = new BroadcastQueue(() => 50);
  const awareness = new Awareness(8);
  const registry = new MemberRegistry(
    {
      self: { ...HERE, node: "us" },
      meta,
      versions: OUR_VERSIONS,
      settings: FAST_LAN,
      random: seededRandom(1),
      queue,
      awareness,
      tell: ({ kind, member }) => told.push(`${kind} ${member.node}`),
      ignore: (reason) => told.push(reason),
      declaredDead: () => told.push("declared dead"),
      mayBeCutOff: () => false,
    },
    millis(0),
  );
  const news = (): readonly News[] => queue.take(10_000, 2, 1);
  news();
  return { registry, told, queue, awareness, news };
}

function alive(node: string, incarnation = 1, more: Partial<Alive> = {}): Alive {
  return { type: "alive", node, incarnation, endpoint: THERE, meta: new Uint8Array(), versions: OUR_VERSIONS, ...more };
}

const suspect = (incarnation: number, from = "x") => ({ type: "suspect", node: "them", incarnation, from }) as const;
const dead = (incarnation: number, from = "x") => ({ type: "dead", node: "them", incarnation, from }) as const;

/** Brings `them` into a status with incarnation 5. */
function withThem(status: MemberStatus) {
  const h = harness();
  const { registry } = h;
  registry.alive(alive("them", 5), millis(0));
  if (status === "suspect") registry.suspect(suspect(5), millis(0));
  if (status === "dead") registry.dead(dead(5), millis(0));
  if (status === "left") registry.dead(dead(5, "them"), millis(0));
  h.told.length = 0;
  h.news();
  return h;
}

describe("precedence: what is passed on is what changed something", () => {
  test.each<[MemberStatus, News, MemberStatus, readonly string[]]>([
    ["alive", alive("them", 4), "alive", ["outdated"]],
    ["alive", alive("them", 5), "alive", ["outdated"]],
    ["alive", alive("them", 6), "alive", []],
    ["alive", suspect(4), "alive", ["outdated"]],
    ["alive", suspect(5), "suspect", ["suspected them"]],
    ["alive", suspect(6), "suspect", ["suspected them"]],
    ["alive", dead(4), "alive", ["outdated"]],
    ["alive", dead(5), "dead", ["died them"]],
    ["alive", dead(5, "them"), "left", ["left them"]],
    ["suspect", alive("them", 5), "suspect", ["outdated"]],
    ["suspect", alive("them", 6), "alive", ["cleared them"]],
    ["suspect", suspect(4), "suspect", ["outdated"]],
    ["suspect", dead(4), "suspect", ["outdated"]],
    ["suspect", dead(5), "dead", ["died them"]],
    ["suspect", dead(5, "them"), "left", ["left them"]],
    ["dead", alive("them", 5), "dead", ["outdated"]],
    ["dead", alive("them", 6), "alive", ["joined them"]],
    ["dead", suspect(6), "dead", ["gone-already"]],
    ["dead", dead(6), "dead", ["gone-already"]],
    ["left", alive("them", 5), "left", ["outdated"]],
    ["left", alive("them", 6), "alive", ["joined them"]],
    ["left", suspect(6), "left", ["gone-already"]],
    ["left", dead(6), "left", ["gone-already"]],
  ])("row %#: of a member that is %s", (before, message, after, told) => {
    const h = withThem(before);
    if (message.type === "alive") h.registry.alive(message, millis(1));
    else if (message.type === "suspect") h.registry.suspect(message, millis(1));
    else h.registry.dead(message, millis(1));
    expect(h.registry.table.get("them")?.status).toBe(after);
    expect(h.told).toEqual(told);
    const changed = before !== after || (message.type === "alive" && message.incarnation === 6);
    expect(h.news()).toEqual(changed ? [message] : []);
    expect(h.registry.peers).toBe(after === "alive" || after === "suspect" ? 1 : 0);
  });
});

describe("a member at another address", () => {
  test.each<[MemberStatus, boolean]>([
    ["alive", false],
    ["suspect", false],
    ["dead", true],
    ["left", true],
  ])("that has the name of a member which is %s: taken is %s", (status, taken) => {
    const { registry, told, news } = withThem(status);
    registry.alive(alive("them", 1, { endpoint: ELSEWHERE }), millis(1));
    registry.alive(alive("them", 1, { endpoint: ELSEWHERE }), millis(2));
    expect(registry.table.get("them")?.endpoint).toEqual(taken ? ELSEWHERE : THERE);
    expect(news()).toHaveLength(taken ? 1 : 0);
    // The conflict is counted every time and told once.
    const conflict = ["name-conflict", "name-conflict them", "name-conflict"];
    expect(told).toEqual(taken ? ["joined them", "outdated"] : conflict);
  });
});

describe("suspicions", () => {
  test("end in death after their time, in the name of whoever noticed", () => {
    const { registry, told, news } = withThem("suspect");
    expect(registry.wakeAt).toBe(400);
    registry.wake(millis(399));
    expect(told).toEqual([]);
    registry.wake(millis(400));
    expect(told).toEqual(["died them"]);
    expect(news()).toEqual([dead(5, "us")]);
    expect(registry.wakeAt).toBe(Infinity);
  });

  test("that are cleared or postponed don't end then", () => {
    const cleared = withThem("suspect");
    cleared.registry.alive(alive("them", 6), millis(100));
    expect(cleared.registry.wakeAt).toBe(Infinity);
    const postponed = withThem("suspect");
    postponed.registry.postpone(millis(50));
    expect(postponed.registry.wakeAt).toBe(450);
  });

  test("are passed on when another member confirms them, and get shorter", () => {
    const { registry, news } = harness();
    for (let i = 0; i < 9; i++) registry.alive(alive(i === 0 ? "them" : `n${i}`), millis(0));
    registry.suspect(suspect(1, "n1"), millis(0));
    news();
    const first = registry.wakeAt;
    registry.suspect(suspect(1, "n1"), millis(1));
    expect(news()).toEqual([]);
    registry.suspect(suspect(1, "n2"), millis(1));
    expect(news()).toEqual([suspect(1, "n2")]);
    expect(registry.wakeAt).toBeLessThan(first);
  });
});

describe("what is said about ourselves", () => {
  const us = { node: "us", from: "x" };

  test.each([
    ["suspect", () => harness().registry, 1, 2],
    ["dead", () => harness().registry, 7, 8],
  ] as const)("%s is refuted with a higher incarnation", (type, _, accused, want) => {
    const { registry, awareness, news, told } = harness();
    if (type === "suspect") registry.suspect({ type, incarnation: accused, ...us }, millis(1));
    else registry.dead({ type, incarnation: accused, ...us }, millis(1));
    expect(news()).toEqual([{ ...alive("us", want), endpoint: HERE }]);
    expect(registry.self.status).toBe("alive");
    expect(awareness.score).toBe(1);
    expect(told).toEqual(type === "dead" ? ["declared dead"] : []);
  });

  test("is ignored when it is older than what we said", () => {
    const { registry, news, told } = harness();
    registry.suspect({ type: "suspect", incarnation: 0, ...us }, millis(1));
    registry.dead({ type: "dead", incarnation: 0, ...us }, millis(1));
    expect([news(), told]).toEqual([[], ["outdated", "outdated"]]);
  });

  test.each<[string, Partial<Alive>, number | undefined]>([
    ["the same", {}, undefined],
    ["an older life", { incarnation: 0 }, undefined],
    ["a longer life", { incarnation: 9 }, 10],
    ["other metadata", { meta: Uint8Array.of(1) }, 2],
    ["other versions", { versions: { ...OUR_VERSIONS, protocolMax: 4 } }, 2],
  ])("%s: incarnation %s", (_, more, want) => {
    const { registry, news } = harness();
    registry.alive(alive("us", 1, { endpoint: HERE, ...more }), millis(1));
    expect(news().map(({ incarnation }) => incarnation)).toEqual(want === undefined ? [] : [want]);
  });

  test("a forged incarnation at the top of the range breaks nothing", () => {
    const { registry } = harness();
    registry.suspect({ type: "suspect", incarnation: 0xffff_ffff, ...us }, millis(1));
    expect(registry.self.incarnation).toBe(0xffff_ffff);
  });

  test("new metadata is said with a new incarnation", () => {
    const { registry, news } = harness();
    registry.setMeta(Uint8Array.of(7));
    expect(news()).toEqual([alive("us", 2, { endpoint: HERE, meta: Uint8Array.of(7) })]);
  });
});

describe("leaving", () => {
  test("says so, and nothing brings us back", () => {
    const { registry, news } = harness();
    registry.leave(millis(1));
    expect(news()).toEqual([{ type: "dead", incarnation: 1, node: "us", from: "us" }]);
    registry.alive(alive("us", 9, { endpoint: HERE }), millis(2));
    registry.suspect({ type: "suspect", incarnation: 9, node: "us", from: "x" }, millis(2));
    registry.dead({ type: "dead", incarnation: 9, node: "us", from: "x" }, millis(2));
    registry.setMeta(Uint8Array.of(7));
    expect([news(), registry.self.status]).toEqual([[], "left"]);
  });
});

describe("merge", () => {
  test("takes over members, but suspects those who are dead elsewhere", () => {
    const { registry, told } = withThem("alive");
    const member = { endpoint: ELSEWHERE, meta: new Uint8Array(), incarnation: 3, versions: OUR_VERSIONS };
    registry.merge(
      [
        { ...member, node: "a", status: "alive" },
        { ...member, node: "b", status: "dead" },
        { ...member, node: "c", status: "left" },
        { ...member, node: "them", endpoint: THERE, incarnation: 5, status: "dead" },
      ],
      millis(1),
    );
    expect(told).toEqual(["joined a", "unknown-member", "unknown-member", "suspected them"]);
    expect(registry.table.get("them")?.status).toBe("suspect");
  });

  test.each<[MemberStatus, number, readonly string[]]>([
    ["alive", 4, []],
    ["suspect", 4, []],
    ["dead", 4, ["declared dead"]],
    ["left", 4, ["declared dead"]],
    ["dead", 0, ["outdated"]],
  ])("goes beyond what another life of ours said: %s with incarnation %i", (status, incarnation, want) => {
    const { registry, told } = harness();
    registry.merge(
      [{ node: "us", endpoint: HERE, meta: new Uint8Array(), incarnation, status, versions: OUR_VERSIONS }],
      millis(1),
    );
    expect(told).toEqual(want);
    expect(registry.self.incarnation).toBe(incarnation === 0 ? 1 : 5);
  });
});

describe("what makes no sense is ignored", () => {
  test.each([
    [alive("", 1), "no-name"],
    [alive("a", 1, { endpoint: { ...THERE, port: 0 } }), "no-port"],
    [alive("a", 1, { versions: { ...OUR_VERSIONS, protocolMin: 0 } }), "bad-versions"],
    [alive("a", 1, { versions: { ...OUR_VERSIONS, protocolMin: 3, protocolMax: 2 } }), "bad-versions"],
  ])("row %#: %s", (message, reason) => {
    const { registry, told, news } = harness();
    registry.alive(message, millis(0));
    expect([told, news(), registry.table.size]).toEqual([[reason], [], 1]);
  });

  test("news about strangers", () => {
    const { registry, told } = harness();
    registry.suspect(suspect(1), millis(0));
    registry.dead({ ...dead(1), node: "" }, millis(0));
    expect(told).toEqual(["unknown-member", "no-name"]);
  });

  test("more members than there can be", () => {
    const { registry, told } = harness();
    for (let i = 1; i <= MOST_MEMBERS; i++) registry.alive(alive(`n${i}`), millis(0));
    expect(registry.table.size).toBe(MOST_MEMBERS);
    expect(told.at(-1)).toBe("too-many-members");
  });
});

test("the dead are forgotten after a while, and may then come back with any incarnation", () => {
  const { registry, told } = withThem("dead");
  registry.nextToProbe(millis(30_000));
  registry.nextToProbe(millis(30_000));
  expect(told).toEqual([]);
  registry.nextToProbe(millis(30_001));
  registry.nextToProbe(millis(30_001));
  expect(told).toEqual(["forgotten them"]);
  registry.alive(alive("them", 1), millis(30_002));
  expect(registry.table.get("them")?.status).toBe("alive");
});
