import { describe, expect, test } from "vitest";
import type { SessionConfig } from "../../src/bgp/session/config.ts";
import type { EndCode } from "../../src/bgp/session/reason.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { PLACES, sessionConfig } from "../support/bgp-session-config.ts";
import { SessionNetwork, type SpeakerName } from "../support/bgp-session-network.ts";
import { seededRandom } from "../support/seeded-random.ts";

const NAMES: readonly SpeakerName[] = ["a", "b"];

interface Setting {
  readonly a?: Partial<SessionConfig>;
  readonly b?: Partial<SessionConfig>;
  readonly family?: "IPv4" | "IPv6";
}

/** Which of the two dominates in collisions, and how slow the network is, follows from the seed. */
function network(seed: number, { a = {}, b = {}, family = "IPv4" }: Setting = {}): SessionNetwork {
  const timers = { holdTime: seconds(9), keepaliveTime: seconds(3) };
  const one = sessionConfig({ ...timers, ...a });
  const routerId = one.routerId + (seed % 2 === 0 ? 1 : -1);
  const other = sessionConfig({ ...timers, localAsn: 64_513, remoteAs: { is: "number", asn: 64_512 }, routerId, ...b });
  const addresses = { a: PLACES[family].us, b: PLACES[family].peer };
  const net = new SessionNetwork({ a: one, b: other }, addresses, seededRandom(seed));
  net.weather.delay = 1 + (seed % 50);
  net.at(0, () => net.handle("a", { on: "start" }));
  net.at(seededRandom(seed + 1).next() * 100, () => net.handle("b", { on: "start" }));
  return net;
}

/** What can be seen of the two, and what their drivers hold for them. */
function view(net: SessionNetwork) {
  const sessions = NAMES.map((name) => ({
    state: net.session(name).state,
    timers: net.armed(name).map((timer) => timer.split("/")[0]),
    forgotten: net.session(name).timers.filter((timer) => !net.armed(name).includes(timer)),
  }));
  return { sessions, connections: net.openConnections };
}

const SETTLED = { state: "Established", timers: ["hold", "keepalive"], forgotten: [] };

/** Both have the same one connection, and nothing is left of others. */
const ONE_SESSION = { sessions: [SETTLED, SETTLED], connections: 1 };

/** The seeds after which not all is as it should be, with the first view of it. */
function failures(runs: number, run: (seed: number) => SessionNetwork): readonly unknown[] {
  const failed: unknown[] = [];
  for (let seed = 0; seed < runs && failed.length < 3; seed++) {
    const seen = view(run(seed));
    if (JSON.stringify(seen) !== JSON.stringify(ONE_SESSION)) failed.push({ seed, seen });
  }
  return failed;
}

function downs(net: SessionNetwork, name: SpeakerName): readonly EndCode[] {
  return net.done(name).flatMap(({ action }) => (action.do === "down" ? [action.reason.code] : []));
}

describe("two speakers come to exactly one session", () => {
  test("when both connect, whoever begins and whatever crosses on the way, in 10,000 runs", () => {
    let flaps = 0;
    const run = (seed: number): SessionNetwork => {
      const net = network(seed);
      net.run(3000);
      flaps += downs(net, "a").length + downs(net, "b").length;
      return net;
    };
    expect(failures(10_000, run)).toEqual([]);
    expect(flaps).toBe(0);
  });

  test.each<[string, Setting]>([
    ["one only waits", { a: { passive: true } }],
    ["one lets the other speak first", { b: { delayOpenTime: millis(40) } }],
    ["both let the other speak first", { a: { delayOpenTime: millis(60) }, b: { delayOpenTime: millis(30) } }],
    ["both have the same identifier, in two AS", { b: { routerId: sessionConfig().routerId } }],
    ["both are in one AS", { b: { localAsn: 64_512 }, a: { remoteAs: { is: "internal" } } }],
    ["over IPv6", { family: "IPv6" }],
  ])("%s", (_, setting) => {
    const run = (seed: number): SessionNetwork => {
      const net = network(seed, setting);
      net.run(5000);
      return net;
    };
    expect(failures(500, run)).toEqual([]);
  });

  test("after a minute of lost connections, restarts and crashes, in 1,000 runs", () => {
    const run = (seed: number): SessionNetwork => {
      const net = network(seed, { family: seed % 3 === 0 ? "IPv6" : "IPv4" });
      const random = seededRandom(seed + 7);
      Object.assign(net.weather, { refused: random.next() * 0.5, lost: random.next() * 0.5 });
      for (let i = 0; i < 12; i++) net.at(200 + random.next() * 60_000, () => trouble(net, random.next()));
      net.at(60_200, () => Object.assign(net.weather, { refused: 0, lost: 0 }));
      // Enough for a hold timer of four minutes, which those have that wait for an OPEN.
      net.run(420_000);
      return net;
    };
    expect(failures(1000, run)).toEqual([]);
  });

  test("after a hundred flaps, with nothing left behind", () => {
    const net = network(1);
    for (let flap = 0; flap < 100; flap++) {
      net.run(net.now + 400_000);
      expect(view(net)).toEqual(ONE_SESSION);
      net.breakAll(true);
    }
    expect(downs(net, "a")).toHaveLength(99);
  });
});

function trouble(net: SessionNetwork, draw: number): void {
  if (draw < 0.2) net.breakAll(true);
  else if (draw < 0.4) net.breakAll(false);
  else if (draw < 0.7) net.restart(draw < 0.55 ? "a" : "b", true);
  else net.restart(draw < 0.85 ? "a" : "b", false);
}

describe("the end of a session", () => {
  test.each(["IPv4", "IPv6"] as const)(
    "over %s: silence is noticed on both sides when the hold time is over",
    (family) => {
      const net = network(3, { family });
      net.run(10_000);
      expect(view(net)).toEqual(ONE_SESSION);
      net.breakAll(false);
      net.run(22_000);
      for (const name of NAMES) {
        const down = net.done(name).find(({ action }) => action.do === "down");
        expect(down?.action).toMatchObject({ reason: { code: "hold-timer-expired" } });
        // What came last was on the way when the line broke, or up to a keepalive time before.
        expect(down!.at).toBeGreaterThan(10_000 + 9000 - 3100);
        expect(down!.at).toBeLessThan(10_000 + 9000 + 100);
      }
      net.run(80_000);
      expect(view(net)).toEqual(ONE_SESSION);
    },
  );

  test("a session without a hold time stands for a day without a word", () => {
    const net = network(4, { b: { holdTime: millis(0) } });
    net.run(1000);
    const before = net.done("a").length;
    net.run(86_400_000);
    expect(net.done("a")).toHaveLength(before);
    expect(net.session("a").state).toBe("Established");
  });

  test("who is stopped says so, leaves nothing behind and refuses to come back", () => {
    const net = network(5);
    net.run(5000);
    net.handle("a", { on: "stop", why: "admin-shutdown", text: "maintenance" });
    net.run(60_000);
    expect(net.session("a").state).toBe("Idle");
    expect([net.armed("a"), net.session("a").timers, net.openConnections]).toEqual([[], [], 0]);
    expect(net.done("b").find(({ action }) => action.do === "down")?.action).toMatchObject({
      reason: { code: "peer-notified", text: 'the peer says: cease: administrative shutdown: "maintenance"' },
    });
    net.handle("a", { on: "start" });
    net.run(200_000);
    expect(view(net)).toEqual(ONE_SESSION);
  });
});
