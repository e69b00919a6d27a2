import { describe, expect, test } from "vitest";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { parseAddress } from "../ip/address.ts";
import { type Millis, millis, seconds } from "../lib/duration.ts";
import type { MembershipAction } from "./action.ts";
import type { MembershipEvent } from "./event.ts";
import { Membership } from "./membership.ts";
import type { Alive, Endpoint, MemberState, PacketMessage, Versions } from "./message.ts";
import { OUR_VERSIONS } from "./registry.ts";
import { FAST_LAN, type MembershipSettings } from "./settings.ts";

const US = { node: "us", address: parseAddress("192.0.2.1")!, port: 7946 };
const MAX_VERSION_2: Versions = { ...OUR_VERSIONS, protocolMax: 2 };

function place(number: number): Endpoint {
  return { address: parseAddress(`2001:db8::${number}`)!, port: 7946 };
}

function alive(number: number, more: Partial<Alive> = {}): Alive {
  const node = `n${number}`;
  return { type: "alive", node, incarnation: 1, endpoint: place(number), meta: new Uint8Array(), ...more };
}

/** A member that knows `others` and has no news left. */
function memberWith(others: number, settings: Partial<MembershipSettings> = {}, versions: Versions = OUR_VERSIONS) {
  const core = new Membership(
    {
      self: US,
      settings: { ...FAST_LAN, pushPullInterval: millis(0), ...settings },
      random: seededRandom(3),
      overhead: 45,
      sizeOf: () => 100,
    },
    millis(0),
  );
  let now = 0;
  const handle = (event: MembershipEvent, at = now): readonly MembershipAction[] => {
    now = at;
    return core.handle(event, millis(at));
  };
  const receive = (from: number, ...messages: readonly PacketMessage[]) =>
    handle({ on: "received", from: place(from), messages });
  handle({ on: "seeds-known", seeds: [] });
  for (let i = 1; i <= others; i++) receive(i, alive(i, { versions }));
  /** Runs until the time, waking as asked for. Returns what was done, by time. */
  const runTo = (end: number): { at: number; action: MembershipAction }[] => {
    const done: { at: number; action: MembershipAction }[] = [];
    while (core.wakeAt <= end) {
      const at = core.wakeAt;
      for (const action of handle({ on: "woken" }, at)) done.push({ at, action });
    }
    now = end;
    return done;
  };
  return { core, handle, receive, runTo, time: () => now };
}

function sends(actions: readonly MembershipAction[]): { to: Endpoint; messages: readonly PacketMessage[] }[] {
  return actions.flatMap((action) => (action.do === "send" ? [{ to: action.to, messages: action.messages }] : []));
}

type Done = readonly { at: number; action: MembershipAction }[];

/** The first message of the type and when it was sent. */
function first<T extends PacketMessage["type"]>(done: Done, type: T) {
  for (const { at, action } of done) {
    if (action.do !== "send") continue;
    const message = action.messages.find((message) => message.type === type);
    if (message !== undefined) return { at, to: action.to, message: message as Extract<PacketMessage, { type: T }> };
  }
  throw new Error(`no ${type} was sent`);
}

describe("answers", () => {
  const ping = { type: "ping", seq: 7, node: "us" } as const;
  const ack = { type: "ack", seq: 7, payload: new Uint8Array() };

  test.each([
    ["to where a ping came from", ping, place(9)],
    ["to its source", { ...ping, source: { ...place(1), node: "n1" } }, place(1)],
    [
      "to where it came from when the source has no port",
      { ...ping, source: { ...place(1), port: 0, node: "n1" } },
      place(9),
    ],
    ["a ping that names nobody", { ...ping, node: "" }, place(9)],
  ])("%s", (_, message, to) => {
    const [answer] = sends(memberWith(0).receive(9, message));
    expect(answer?.to).toEqual(to);
    expect(answer?.messages[0]).toEqual(ack);
  });

  test("no ping for another member", () => {
    const { core, receive } = memberWith(1);
    expect(sends(receive(1, { ...ping, node: "them" })).flatMap(({ messages }) => messages)).not.toContainEqual(ack);
    expect(core.ignored.get("not-for-us")).toBe(1);
  });

  test("tell whom we take for dead that we do", () => {
    const { receive, runTo } = memberWith(2);
    receive(2, { type: "dead", node: "n1", incarnation: 1, from: "n2" });
    runTo(1);
    const [answer] = sends(receive(1, { ...ping, source: { ...place(1), node: "n1" } }));
    expect(answer?.messages).toContainEqual({ type: "dead", node: "n1", incarnation: 1, from: "us" });
  });
});

describe("probe", () => {
  const noGossip = { gossipInterval: millis(0) };

  test("goes to every member in turn, once in an interval", () => {
    const { runTo, receive } = memberWith(3, noGossip);
    const probed: { at: number; node: string }[] = [];
    for (let end = 5; end <= 600; end += 5) {
      for (const { at, action } of runTo(end)) {
        if (action.do !== "send") continue;
        for (const message of action.messages) {
          if (message.type !== "ping") continue;
          probed.push({ at, node: message.node });
          receive(Number(message.node.slice(1)), { type: "ack", seq: message.seq, payload: new Uint8Array() });
        }
      }
    }
    expect(probed.length).toBeGreaterThanOrEqual(11);
    expect(new Set(probed.slice(0, 3).map(({ node }) => node)).size).toBe(3);
    for (const [i, { at }] of probed.entries()) if (i > 0) expect(at - probed[i - 1]!.at).toBeCloseTo(50);
  });

  test("without an answer goes through others and over a stream, then accuses", () => {
    const { runTo, core } = memberWith(5, noGossip);
    const done = runTo(160);
    const ping = first(done, "ping");
    const indirect = done.filter(({ at, action }) => {
      return action.do === "send" && action.messages[0]!.type === "indirect-ping" && at < ping.at + 40;
    });
    expect(indirect).toHaveLength(3);
    expect(new Set(indirect.map(({ at }) => Math.round(at - ping.at)))).toEqual(new Set([20]));
    const request = first(done, "indirect-ping");
    expect(request.message).toEqual({
      type: "indirect-ping",
      seq: ping.message.seq,
      target: { ...ping.to, node: ping.message.node },
      nack: true,
      source: US,
    });
    const stream = done.find(({ action }) => action.do === "stream-ping")!;
    expect(stream.at - ping.at).toBeCloseTo(20);
    expect(stream.action).toMatchObject({ to: ping.to, ping: ping.message });
    const accused = done.find(({ action }) => action.do === "tell")!;
    expect(accused.at - ping.at).toBeCloseTo(50);
    expect(accused.action).toMatchObject({ change: { kind: "suspected", member: { node: ping.message.node } } });
    // Three nacks were expected, none came.
    expect(core.healthScore).toBe(3);
  });

  test.each<[string, (seq: number) => MembershipEvent]>([
    [
      "an ack",
      (seq) => ({
        on: "received",
        from: place(1),
        messages: [{ type: "ack", seq, payload: new Uint8Array() }],
      }),
    ],
    ["an answer over the stream", (seq) => ({ on: "stream-ping-answered", seq })],
  ])("is over with %s until the end of the interval", (_, answer) => {
    const { runTo, handle, core } = memberWith(1, noGossip);
    const ping = first(runTo(50), "ping");
    runTo(ping.at + 49);
    handle(answer(ping.message.seq));
    expect(runTo(ping.at + 50).filter(({ action }) => action.do === "tell")).toEqual([]);
    expect(core.ignored.get("unexpected-answer")).toBeUndefined();
    handle(answer(ping.message.seq));
    expect(core.ignored.get("unexpected-answer")).toBe(1);
  });

  test.each([
    ["members that don't know nacks", OUR_VERSIONS.protocolMax - 2, false, true],
    ["members that don't know stream pings", 2, false, false],
  ])("of %s", (_, protocolMax, nack, stream) => {
    const { runTo, core } = memberWith(3, noGossip, { ...MAX_VERSION_2, protocolMax });
    const done = runTo(110);
    expect(first(done, "indirect-ping").message.nack).toBe(nack);
    expect(done.some(({ action }) => action.do === "stream-ping")).toBe(stream);
    // Where nobody sends nacks, every failure is taken for a bad sign.
    expect(core.healthScore).toBe(1);
  });

  test("can do without streams", () => {
    const { runTo } = memberWith(3, { ...noGossip, disableTcpPings: true });
    expect(runTo(110).some(({ action }) => action.do === "stream-ping")).toBe(false);
  });

  test("of a suspect says so", () => {
    const { runTo, receive } = memberWith(1, noGossip);
    receive(9, { type: "suspect", node: "n1", incarnation: 1, from: "n9" });
    const probe = runTo(60).find(({ action }) => action.do === "send" && action.messages[0]!.type === "ping")!;
    expect(probe.action.do === "send" && probe.action.messages[1]).toEqual({
      type: "suspect",
      node: "n1",
      incarnation: 1,
      from: "us",
    });
  });

  test("interval is stretched while the trouble seems to be ours", () => {
    const { runTo, core } = memberWith(5, noGossip);
    runTo(110);
    expect(core.healthScore).toBeGreaterThan(0);
    const tells = runTo(400).filter(({ action }) => action.do === "tell");
    // With a health score of 3 a probe takes 200 ms.
    expect(tells.length).toBeLessThanOrEqual(2);
  });
});

describe("probes for others", () => {
  const request = { type: "indirect-ping", seq: 42, target: { ...place(2), node: "n2" }, nack: true } as const;

  test("are carried out, and the answer is passed on", () => {
    const { receive } = memberWith(0);
    const [ping] = sends(receive(9, { ...request, source: { ...place(1), node: "n1" } }));
    expect(ping?.to).toEqual(place(2));
    expect(ping?.messages[0]).toMatchObject({ type: "ping", node: "n2", source: US });
    const { seq } = ping!.messages[0] as Extract<PacketMessage, { type: "ping" }>;
    const ack = { type: "ack", seq, payload: new Uint8Array() } as const;
    const [answer, ...more] = sends(receive(2, ack));
    expect([answer?.to, answer?.messages[0], more]).toEqual([place(1), { ...ack, seq: 42 }, []]);
    expect(sends(receive(2, ack))).toEqual([]);
  });

  test.each([true, false])("are answered by a nack if that is wanted: %s", (nack) => {
    const { receive, runTo } = memberWith(0);
    receive(9, { ...request, nack });
    const done = runTo(500);
    if (nack) expect(first(done, "nack")).toMatchObject({ at: 20, to: place(9), message: { seq: 42 } });
    else expect(done.flatMap(({ action }) => sends([action]))).toEqual([]);
  });

  test("are answered late rather than not at all", () => {
    const { receive, runTo } = memberWith(0);
    const [ping] = sends(receive(9, request));
    runTo(900);
    const { seq } = ping!.messages[0] as Extract<PacketMessage, { type: "ping" }>;
    expect(sends(receive(2, { type: "ack", seq, payload: new Uint8Array() }))).toHaveLength(1);
  });

  test("are limited in number", () => {
    const { core, receive } = memberWith(0);
    for (let i = 0; i < 1025; i++) receive(9, request);
    expect(core.ignored.get("too-many-relays")).toBe(1);
  });
});

describe("gossip", () => {
  test("goes to some members at once, then once in an interval until it was sent often enough", () => {
    const { receive, runTo, core } = memberWith(9);
    runTo(2000);
    const start = 2000;
    const sent = [
      ...sends(receive(1, alive(1, { incarnation: 2 }))).map(() => start),
      ...runTo(start + 200).flatMap(({ at, action }) =>
        action.do === "send" && action.messages.some(({ type }) => type === "alive") ? [at] : [],
      ),
    ];
    expect(sent.filter((at) => at === start)).toHaveLength(3);
    expect(sent.length).toBe(4 * 2);
    expect(core.queued).toBe(0);
  });

  test("fills datagrams up to their size, never beyond", () => {
    const { handle } = memberWith(0);
    const messages = Array.from({ length: 60 }, (_, i) => alive(i + 1));
    const actions = handle({ on: "received", from: place(1), messages });
    for (const { messages } of sends(actions)) {
      // 1400 - 45 bytes hold a header of 2 and 13 messages of 100 + 2.
      expect(messages).toHaveLength(13);
    }
    expect(sends(actions)).toHaveLength(3);
  });

  test("rides on other messages", () => {
    const { handle } = memberWith(0, { gossipInterval: millis(0) });
    const ping = { type: "ping", seq: 1, node: "us" } as const;
    const [answer] = sends(handle({ on: "received", from: place(1), messages: [alive(2), alive(3), ping] }));
    expect(answer?.messages.map(({ type }) => type)).toEqual(["ack", "alive", "alive", "alive"]);
  });

  test("is not for those who left", () => {
    const { receive, runTo } = memberWith(2);
    receive(1, { type: "dead", node: "n1", incarnation: 1, from: "n1" });
    const done = [...runTo(2000), ...receive(2, alive(2, { incarnation: 9 })).map((action) => ({ at: 2000, action }))];
    for (const { action } of done) for (const { to } of sends([action])) expect(to).not.toEqual(place(1));
  });
});

describe("accusations of ourselves", () => {
  test("are answered directly, also when they are old", () => {
    const { receive } = memberWith(3);
    for (const incarnation of [1, 1, 0]) {
      const answers = sends(receive(2, { type: "suspect", node: "us", incarnation, from: "n1" }));
      expect(answers.at(-1)?.to).toEqual(place(2));
      expect(answers.flatMap(({ messages }) => messages)).toContainEqual(
        expect.objectContaining({ type: "alive", node: "us", incarnation: 2 }),
      );
    }
  });
});

describe("exchanges of state", () => {
  const state = (members: readonly MemberState[]) =>
    ({ type: "push-pull", join: false, members, userState: new Uint8Array() }) as const;

  test("are begun with a random member now and then", () => {
    const { runTo } = memberWith(3, { pushPullInterval: seconds(1), probeInterval: millis(0) });
    const begun = runTo(5000).filter(({ action }) => action.do === "exchange");
    expect(begun).toHaveLength(5);
    expect(begun[1]!.at - begun[0]!.at).toBe(1000);
  });

  test("are begun with seeds that are not members, a few at a time, until they are", () => {
    const { handle, runTo } = memberWith(1, { probeInterval: millis(0) });
    const seeds = [{ address: US.address, port: US.port }, place(1), place(2), place(3), place(4), place(5)];
    const joins = (actions: readonly MembershipAction[]) =>
      actions.flatMap((action) => (action.do === "exchange" ? [action] : []));
    const begun = joins(handle({ on: "seeds-known", seeds }));
    expect(begun).toHaveLength(3);
    for (const { to, state } of begun) {
      expect([2, 3, 4, 5].map(place)).toContainEqual(to);
      expect(state.join).toBe(true);
      expect(state.members.map(({ node }) => node).toSorted()).toEqual(["n1", "us"]);
    }
    for (const { id } of begun) handle({ on: "exchange-failed", id });
    expect(joins(runTo(5000).map(({ action }) => action))).toHaveLength(3);
    // Not ever more while nobody says how these ended.
    expect(joins(runTo(30_000).map(({ action }) => action))).toHaveLength(9);
  });

  test("bring in whom the other side knows", () => {
    const { core, handle } = memberWith(0);
    const { type: _, ...known } = alive(4);
    handle({ on: "exchanged", state: state([{ ...known, status: "alive" }]) });
    expect(core.members.map(({ node }) => node).toSorted()).toEqual(["n4", "us"]);
    expect(core.ourState().members).toHaveLength(2);
  });
});

describe("leaving", () => {
  const leave = { on: "leaving", timeout: seconds(1) } as const;

  test("is over when it was said often enough", () => {
    const { core, handle, runTo } = memberWith(2, { probeInterval: millis(0) });
    runTo(1000);
    expect(sends(handle(leave)).flatMap(({ messages }) => messages)).toContainEqual({
      type: "dead",
      incarnation: 1,
      node: "us",
      from: "us",
    });
    const left = runTo(2000).filter(({ action }) => action.do === "left");
    expect(left).toEqual([{ at: 1050, action: { do: "left" } }]);
    expect(core.members.map(({ node }) => node)).not.toContain("us");
  });

  test.each([
    ["at once when there is nobody", 0, {}, 0],
    ["after the timeout when gossip is off", 2, { gossipInterval: millis(0), probeInterval: millis(0) }, 1000],
  ])("is over %s", (_, others, settings, after) => {
    const { handle, runTo, time } = memberWith(others, settings);
    const start = time();
    const done = [...handle(leave).map((action) => ({ at: start, action })), ...runTo(start + 5000)];
    expect(done.filter(({ action }) => action.do === "left").map(({ at }) => at - start)).toEqual([after]);
  });
});

test("an own pause is not held against others", () => {
  const { core, handle, runTo } = memberWith(5);
  runTo(40);
  const late = core.wakeAt + 5000;
  const told = (at: Millis): readonly string[] =>
    handle({ on: "woken" }, at).flatMap((action) => (action.do === "tell" ? [action.change.kind] : []));
  expect(told(millis(late))).toEqual([]);
  expect(runTo(late + 15).filter(({ action }) => action.do === "tell")).toEqual([]);
});
