import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BgpLab } from "../../../test/support/bgp-lab.ts";
import { millis, seconds } from "../../lib/duration.ts";
import { SpeakerObjects } from "../speaker-objects.ts";
import { BgpState } from "./bgp-state.ts";

const OPTIONS = { node: "node-1", loadBalancerClass: "", ignoreExcludeLabel: false, weightInterval: seconds(5) };

type Change = (lab: BgpLab) => unknown;

const name = fc.constantFrom("a", "b", "c");
const ips = fc.subarray(["10.0.0.1", "10.0.0.2", "2001:db8::1"]);
const on = fc.array(fc.constantFrom("node-1", "node-2", "!node-1", "~node-1"), { maxLength: 3 });
const rack = fc.constantFrom("1", "2");

const advertisementSpec = fc.record(
  {
    aggregationLength: fc.constantFrom(24, 32),
    communities: fc.subarray(["1:1", "2:2"]),
    peers: fc.subarray(["x", "y"]),
    localPref: fc.constantFrom(100, 200),
    nodeSelectors: rack.map((value) => [{ matchLabels: { rack: value } }]),
    weightByEndpoints: fc.boolean(),
  },
  { requiredKeys: [] },
);

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(name, ips, on, fc.constantFrom("Cluster" as const, "Local" as const)).map(
    ([service, addresses, where, policy]): Change =>
      (lab) =>
        lab.service(service, addresses, { on: where, policy }),
  ),
  fc.tuple(name, on).map(
    ([service, where]): Change =>
      (lab) =>
        lab.endpoints(service, where),
  ),
  name.map(
    (service): Change =>
      (lab) =>
        lab.deleteService(service),
  ),
  fc.tuple(name, advertisementSpec).map(
    ([bgp, spec]): Change =>
      (lab) =>
        lab.advertisement(bgp, spec),
  ),
  name.map(
    (bgp): Change =>
      (lab) =>
        lab.remove("BGPAdvertisement", bgp),
  ),
  fc.constantFrom("x", "y").map(
    (peer): Change =>
      (lab) =>
        lab.peer(peer, { dualStackAddressFamily: true }),
  ),
  fc.constantFrom("x", "y").map(
    (peer): Change =>
      (lab) =>
        lab.remove("BGPPeer", peer),
  ),
  fc.tuple(fc.constantFrom("node-1", "node-2"), rack, fc.boolean()).map(
    ([node, value, networkUnavailable]): Change =>
      (lab) =>
        lab.node(node, { labels: { rack: value }, networkUnavailable }),
  ),
);

function start(lab: BgpLab): BgpLab {
  lab.pool("pool", "10.0.0.0/24", "2001:db8::/64").peer("x", { dualStackAddressFamily: true }).advertisement("a");
  return lab.service("a", ["10.0.0.1"]).service("b", ["10.0.0.1", "2001:db8::1"], { policy: "Local" });
}

test("planning what changed, in whatever batches, gives the peers what everything at once gives them", () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 10 }), (batches) => {
      const lab = start(new BgpLab()).settle();
      const fresh = start(new BgpLab());
      for (const batch of batches) {
        for (const apply of batch) apply(lab);
        lab.settle().advance(seconds(60));
      }
      lab.settle();
      for (const apply of batches.flat()) apply(fresh);
      fresh.settle();
      // What was refused on the way there leaves the last good configuration in force.
      if (lab.refusals.length > 0) return;
      expect(lab.peers()).toEqual(fresh.peers());
      for (const peer of lab.peers()) expect(lab.told(peer)).toEqual(fresh.told(peer));
      for (const service of ["a", "b", "c"]) expect(lab.decision(service)).toEqual(fresh.decision(service));
      const heard = lab.peers().map((peer) => lab.heard(peer));
      expect(lab.settle().last).toEqual({ changes: [], routes: new Map(), again: undefined });
      expect(lab.peers().map((peer) => lab.heard(peer))).toEqual(heard);
    }),
    { numRuns: 200 },
  );
});

test("of 10,000 Services, one whose endpoints change is looked at alone", () => {
  class CountingObjects extends SpeakerObjects {
    readonly asked: string[] = [];

    override slicesOf(key: string) {
      this.asked.push(key);
      return super.slicesOf(key);
    }
  }
  const objects = new CountingObjects(OPTIONS);
  const state = new BgpState(OPTIONS, objects);
  const lab = new BgpLab();
  for (let i = 0; i < 10_000; i++) lab.service(`s${i}`, [`10.${i >> 8}.${i & 255}.1`]);
  for (const [key, service] of lab.objects.services) objects.setService(key, service);
  state.setConfig({ pools: [], peers: [], advertisements: [], bfdProfiles: [] });
  expect(state.replan(millis(0)).changes).toHaveLength(10_000);
  objects.asked.length = 0;
  const slice = { service: "shop/s77", usable: true, nodes: ["node-1"], ready: [1], family: "IPv4" as const };
  objects.setSlice("shop/s77-1", slice);
  state.replan(millis(0));
  expect(objects.asked).toEqual(["shop/s77"]);
  objects.setSlice("shop/s77-1", { ...slice });
  objects.setNode({ name: "node-2", labels: {}, networkUnavailable: true });
  objects.asked.length = 0;
  expect(state.replan(millis(0)).changes).toEqual([]);
  expect(objects.asked).toEqual([]);
});

describe("endpoint-weighted routes", () => {
  const weighted = () =>
    new BgpLab()
      .pool("pool", "10.0.0.0/24", "2001:db8::/64")
      .advertisement("bgp", { weightByEndpoints: true })
      .peer("x", { dualStackAddressFamily: true });
  const bandwidth = (lab: BgpLab) => lab.told("x")["10.0.0.1/32"];

  test("count the ready endpoints of this node", () => {
    const lab = weighted().service("web", ["10.0.0.1", "2001:db8::1"], {
      policy: "Local",
      on: ["node-1", "node-1", "node-2", "node-1", "!node-1", "~node-1"],
    });
    expect(lab.settle().told("x")).toEqual({
      "10.0.0.1/32": "bandwidth 375000",
      "2001:db8::1/128": "bandwidth 375000",
    });
  });

  test("count them once for each Service, however many of its addresses are in the prefix", () => {
    const lab = weighted().advertisement("bgp", { weightByEndpoints: true, aggregationLength: 24 });
    lab.service("web", ["10.0.0.1", "10.0.0.1", "10.0.0.2"], { policy: "Local" });
    lab.service("db", ["10.0.0.3"], { policy: "Local", on: ["node-1", "node-1"] });
    expect(lab.settle().told("x")).toEqual({ "10.0.0.0/24": "bandwidth 375000" });
  });

  test("a node whose endpoints all terminate asks for the least", () => {
    const lab = weighted().service("web", ["10.0.0.1"], { policy: "Local", on: ["~node-1", "~node-1"] });
    expect(bandwidth(lab.settle())).toBe("bandwidth 125000");
  });

  test("say nothing with policy Cluster, or unless it is asked for", () => {
    const cluster = weighted().service("web", ["10.0.0.1"], { on: ["node-1", "node-1"] });
    expect(bandwidth(cluster.settle())).toBe("");
    const plain = weighted().advertisement("bgp").service("web", ["10.0.0.1"], { policy: "Local" });
    expect(bandwidth(plain.settle())).toBe("");
  });

  test("follow the endpoints, but not more often than they should; the end of endpoints is told at once", () => {
    const lab = weighted().service("web", ["10.0.0.1"], { policy: "Local" }).settle().advance(seconds(10));
    expect(bandwidth(lab.endpoints("web", ["node-1", "node-1"]).settle())).toBe("bandwidth 250000");
    lab.advance(seconds(1)).endpoints("web", ["node-1", "node-1", "node-1"]).settle();
    expect([bandwidth(lab), lab.last.again]).toEqual(["bandwidth 250000", seconds(4)]);
    lab.advance(seconds(4)).settle();
    expect([bandwidth(lab), lab.last.again]).toEqual(["bandwidth 375000", undefined]);
    lab.endpoints("web", ["node-2"]).settle();
    expect([lab.told("x"), lab.last.again]).toEqual([{}, undefined]);
  });
});

test("a configuration with a mistake leaves the old one in force, and peers with what they have", () => {
  const lab = start(new BgpLab()).settle();
  const before = lab.told("x");
  lab.advertisement("a", { aggregationLength: 33 }).service("c", ["10.0.0.3"]).settle();
  expect(lab.refusals).toEqual([
    "BGPAdvertisement metallb-system/a: spec.aggregationLength: invalid aggregation length 33; write at most 32",
  ]);
  expect(lab.told("x")).toEqual({ ...before, "10.0.0.3/32": "" });
  lab.advertisement("a", { communities: ["1:1"] }).settle();
  expect(lab.refusals).toEqual([]);
  expect(lab.told("x")["10.0.0.3/32"]).toBe("1:1");
});

test("a configuration that leaves an announced address without a pool waits", () => {
  const lab = start(new BgpLab()).settle();
  lab.pool("pool", "10.0.9.0/24", "2001:db8::/64").settle();
  expect(lab.refusals[0]).toContain("announced with 10.0.0.1, which no single pool would contain any more");
  expect(Object.keys(lab.told("x"))).toEqual(["10.0.0.1/32", "2001:db8::1/128"]);
  lab.service("a", []).service("b", []).settle();
  lab.settle();
  expect(lab.refusals).toEqual([]);
});
