/** What the reference's unit tests of its BGP controller assert, on everything but sessions and sockets. */
import { describe, expect, test } from "vitest";
import { BgpLab } from "../support/bgp-lab.ts";

const DUAL_POOL = ["10.20.30.0/24", "2001:db8:30::/64"] as const;

function lab(...peers: string[]): BgpLab {
  const made = new BgpLab().pool("default", ...DUAL_POOL);
  for (const name of peers) made.peer(name, { dualStackAddressFamily: true });
  return made;
}

test("a Service through its life, and what each peer hears of it", () => {
  const world = lab("a", "b").advertisement("bgp");
  const expectAll = (...prefixes: string[]): void => {
    world.settle();
    for (const peer of ["a", "b"]) expect(Object.keys(world.told(peer))).toEqual(prefixes);
  };
  expectAll();
  world.service("web", [], { on: ["node-2"] });
  expectAll();
  world.service("web", ["10.20.30.1"], { on: ["!node-2"] });
  expectAll();
  world.endpoints("web", ["!node-2", "node-2"]);
  expectAll("10.20.30.1/32");
  world.service("web", ["10.20.30.1"], { policy: "Local", on: ["node-2"] });
  expectAll();
  world.endpoints("web", ["node-2", "node-1"]);
  expectAll("10.20.30.1/32");
  world.service("web", ["10.20.30.2"], { policy: "Local" });
  expectAll("10.20.30.2/32");
  world.service("web", ["10.20.30.2", "2001:db8:30::2"], { policy: "Local" });
  expectAll("10.20.30.2/32", "2001:db8:30::2/128");
  world.service("db", ["10.20.30.3"]);
  expectAll("10.20.30.2/32", "10.20.30.3/32", "2001:db8:30::2/128");
  world.service("web", ["10.20.30.2", "not an address"]);
  expectAll("10.20.30.3/32");
  world.service("db", ["10.20.31.3"]);
  expectAll();
  world.service("db", ["10.20.30.3"]);
  expectAll("10.20.30.3/32");
  world.deleteService("db");
  expectAll();
});

test("several advertisements of one address make a route of each length", () => {
  const world = lab("a")
    .advertisement("host", { communities: ["64512:1234"], localPref: 100 })
    .advertisement("net", { aggregationLength: 24, aggregationLengthV6: 64, communities: ["64512:5"], localPref: 200 })
    .peer("a", { peerASN: 64_512 })
    .service("web", ["10.20.30.1"])
    .settle();
  expect(world.told("a")).toEqual({ "10.20.30.0/24": "pref 200 64512:5", "10.20.30.1/32": "64512:1234" });
});

test("two Services in one prefix: it goes with the second", () => {
  const world = lab("a").advertisement("net", { aggregationLength: 24 });
  world.service("web", ["10.20.30.1"]).service("db", ["10.20.30.2"]).settle();
  world.deleteService("web").settle();
  expect(world.told("a")).toEqual({ "10.20.30.0/24": "" });
  expect(world.heard("a")).toBe(1);
  expect(world.deleteService("db").settle().told("a")).toEqual({});
});

test("Services that share an address each keep it announced", () => {
  const world = lab("a").advertisement("bgp");
  world.service("tcp", ["10.20.30.1"]).service("udp", ["10.20.30.1"], { policy: "Local" }).settle();
  world.endpoints("tcp", []).settle();
  expect(world.told("a")).toEqual({ "10.20.30.1/32": "" });
  expect(world.endpoints("udp", ["node-2"]).settle().told("a")).toEqual({});
  expect(world.endpoints("tcp", ["node-2"]).settle().told("a")).toEqual({ "10.20.30.1/32": "" });
});

describe("advertisements for some nodes", () => {
  const on = (rack: string) => ({ nodeSelectors: [{ matchLabels: { rack } }] });

  test("each node makes its own routes", () => {
    for (const [rack, community] of [
      ["1", "64512:1"],
      ["2", "64512:2"],
    ]) {
      const world = lab("a").node("node-1", { labels: { rack: rack! } });
      world.advertisement("one", { ...on("1"), communities: ["64512:1"] });
      world.advertisement("two", { ...on("2"), communities: ["64512:2"] });
      expect(world.service("web", ["10.20.30.1"]).settle().told("a")).toEqual({ "10.20.30.1/32": community });
    }
  });

  test("labels decide while the speaker runs", () => {
    const world = lab("a").advertisement("bgp", on("1")).service("web", ["10.20.30.1"]).settle();
    expect(world.outcome("web")).toBe("noAdvertisementForNode");
    expect(
      world
        .node("node-1", { labels: { rack: "1" } })
        .settle()
        .outcome("web"),
    ).toBe("announced");
    expect(
      world
        .node("node-2", { labels: { rack: "2" } })
        .settle()
        .told("a"),
    ).toEqual({ "10.20.30.1/32": "" });
    expect(
      world
        .node("node-1", { labels: { rack: "2" } })
        .settle()
        .told("a"),
    ).toEqual({});
  });
});

describe("peers of a Service", () => {
  const peersOf = (world: BgpLab) => {
    const decision = world.settle().decision("web");
    return decision?.announce === true ? decision.peers : [];
  };

  test("are those that any of its advertisements is for", () => {
    const world = lab("b", "a", "c").service("web", ["10.20.30.1"]);
    expect(peersOf(world)).toEqual([]);
    expect(peersOf(world.advertisement("one", { peers: ["b"] }))).toEqual(["b"]);
    expect(peersOf(world.advertisement("two", { peers: ["a", "gone"] }))).toEqual(["a", "b"]);
    expect(peersOf(world.advertisement("other", { serviceSelectors: [{ matchLabels: { app: "db" } }] }))).toEqual([
      "a",
      "b",
    ]);
    expect(peersOf(world.advertisement("three"))).toEqual(["a", "b", "c"]);
  });

  test("don't count for another Service that shares the prefix", () => {
    const world = lab("a", "b")
      .advertisement("web", { peers: ["a"], serviceSelectors: [{ matchLabels: { app: "web" } }] })
      .advertisement("db", { peers: ["b"], serviceSelectors: [{ matchLabels: { app: "db" } }] })
      .service("web", ["10.20.30.1"], { labels: { app: "web" } })
      .service("db", ["10.20.30.1"], { labels: { app: "db" } });
    expect(peersOf(world)).toEqual(["a"]);
  });

  test("are only those that this node has a session with", () => {
    const world = lab("a")
      .peer("b", { nodeSelectors: [{ matchLabels: { rack: "9" } }] })
      .advertisement("bgp");
    expect(peersOf(world.service("web", ["10.20.30.1"]))).toEqual(["a"]);
    expect(peersOf(world.node("node-1", { labels: { rack: "9" } }))).toEqual(["a", "b"]);
  });
});

test("routes say the same whatever the order in which Services come", () => {
  const services: readonly (readonly [string, string])[] = [
    ["web", "10.20.30.1"],
    ["db", "10.20.30.2"],
    ["mq", "10.20.30.3"],
  ];
  const told = [services, [...services].reverse()].map((order) => {
    const world = lab().peer("a", { peerASN: 64_512 });
    for (const [i, [name]] of services.entries())
      world.advertisement(name, {
        serviceSelectors: [{ matchLabels: { app: name } }],
        localPref: 100 * (i + 1),
        communities: [`64512:${i}`],
        med: 10 - i,
      });
    for (const [name, ip] of order) world.service(name, [ip, "2001:db8:30::1"], { labels: { app: name } });
    return world.settle().told("a");
  });
  expect(told[0]).toEqual(told[1]);
  expect(told[0]).toEqual({
    "10.20.30.1/32": "med 10 64512:0",
    "10.20.30.2/32": "pref 200 med 9 64512:1",
    "10.20.30.3/32": "pref 300 med 8 64512:2",
  });
});
