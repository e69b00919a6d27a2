import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { millis, seconds } from "../../src/lib/duration.ts";
import type { MemberChangeKind } from "../../src/membership/change.ts";
import { REFERENCE_LAN } from "../../src/membership/settings.ts";
import { MembershipNetwork, type NetworkOptions } from "../support/membership-network.ts";

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `node-${i + 1}`);
}

/** A cluster that has come together. */
function cluster(size: number, options: Partial<NetworkOptions> = {}): MembershipNetwork {
  const network = new MembershipNetwork({ seed: 1, ...options });
  network.addAll(names(size));
  network.runUntil(() => network.agree(), 10_000);
  return network;
}

/** Who told such a change, about whom. */
function told(network: MembershipNetwork, kind: MemberChangeKind): readonly string[] {
  return [...network.stations.values()].flatMap(({ name, changes }) =>
    changes.flatMap(({ change }) => (change.kind === kind ? [`${name}: ${change.member.node}`] : [])),
  );
}

describe("a cluster", () => {
  test.each([1, 2, 3, 30])("of %i comes together and stays together", (size) => {
    const network = cluster(size);
    network.run(10_000);
    expect(network.agree()).toBe(true);
    expect(told(network, "suspected")).toEqual([]);
    for (const { core } of network.stations.values()) {
      expect(core?.standing).toEqual({ kind: "sure" });
      expect(core?.queued).toBe(size === 1 ? 1 : 0);
    }
  });

  test.each([
    { size: 2, loss: 0, within: 600 },
    { size: 3, loss: 0, within: 600 },
    { size: 3, loss: 0.1, within: 700 },
    { size: 10, loss: 0, within: 800 },
    { size: 30, loss: 0, within: 950 },
    { size: 30, loss: 0.1, within: 950 },
  ])("of $size, losing $loss, sees a killed member within $within ms, every time", ({ size, loss, within }) => {
    for (let seed = 1; seed <= 10; seed++) {
      const network = cluster(size, { seed, loss });
      network.run(500 + 13 * seed);
      network.kill("node-1");
      expect(network.runUntil(() => network.agree(), 5000)).toBeLessThanOrEqual(within);
      expect(told(network, "died").every((death) => death.endsWith(": node-1"))).toBe(true);
    }
  });

  test("sees a goodbye at once, and does not take it for a death", () => {
    const network = cluster(5);
    network.tell("node-1", { on: "leaving", timeout: seconds(1) });
    network.runUntil(() => network.agree(), 100);
    network.runUntil(() => network.get("node-1").left, 300);
    network.run(2000);
    expect(told(network, "left")).toHaveLength(5);
    expect(told(network, "suspected")).toEqual([]);
  });

  test("takes back whoever comes back, after a goodbye or without one", () => {
    const network = cluster(5);
    network.tell("node-1", { on: "leaving", timeout: seconds(1) });
    network.kill("node-2");
    network.runUntil(() => network.agree(), 2000);
    for (const name of ["node-1", "node-2"]) network.start(name);
    network.runUntil(() => network.agree(), 3000);
    network.run(5000);
    expect(network.agree()).toBe(true);
  });

  test("takes over what a restarted member says anew, before its death was noticed", () => {
    const network = cluster(3);
    network.kill("node-1");
    network.start("node-1");
    network.tell("node-1", { on: "meta-changed", meta: Uint8Array.of(9) });
    network.run(2000);
    expect(network.agree()).toBe(true);
    const seen = network.get("node-2").core!.members.find(({ node }) => node === "node-1");
    expect(seen?.meta).toEqual(Uint8Array.of(9));
  });

  test("loses nobody to 30 % loss for good, and comes together when the loss ends", () => {
    const network = cluster(10, { loss: 0.3 });
    network.run(30_000);
    network.loss = 0;
    network.runUntil(() => network.agree(), 10_000);
    network.run(5000);
    expect(network.agree()).toBe(true);
  });

  test("with members of the reference's profile follows the first that notices a death", () => {
    const network = new MembershipNetwork({ seed: 5 });
    network.addAll(["fast"]);
    network.addAll(names(4), REFERENCE_LAN);
    network.runUntil(() => network.agree(), 10_000);
    network.run(20_000);
    expect(told(network, "died")).toEqual([]);
    network.kill("node-1");
    expect(network.runUntil(() => network.agree(), 5000)).toBeLessThanOrEqual(1000);
  });
});

describe("a partition", () => {
  test("makes two clusters, and one again when it ends", () => {
    const network = cluster(10);
    const [left, right] = [names(10).slice(0, 4), names(10).slice(4)];
    network.cut(left, right);
    network.run(3000);
    for (const name of left) expect(network.get(name).sees).toEqual(left.toSorted());
    for (const name of right) expect(network.get(name).sees).toEqual(right.toSorted());
    network.run(60_000);
    network.mend();
    network.runUntil(() => network.agree(), 6000);
    network.run(2000);
    expect(network.agree()).toBe(true);
  });

  test("in one direction ends one member's part, and that member knows it", () => {
    const network = cluster(5);
    // Nothing that node-1 sends arrives.
    network.blocks = (from) => from.name === "node-1";
    network.run(3000);
    for (const name of names(5).slice(1)) expect(network.get(name).sees).not.toContain("node-1");
    expect(network.get("node-1").core?.standing.kind).toBe("doubtful");
    network.blocks = () => false;
    network.runUntil(() => network.agree(), 6000);
  });
});

test("whatever happens to it, a cluster that is left alone comes together and trusts itself", () => {
  const step = fc.record({
    what: fc.constantFrom("kill", "start", "pause", "resume", "leave", "cut", "mend", "loss", "nothing"),
    who: fc.integer({ min: 1, max: 6 }),
    time: fc.integer({ min: 0, max: 2500 }),
  });
  const act = (network: MembershipNetwork, what: string, name: string): void => {
    const { core, paused } = network.get(name);
    if (what === "kill") network.kill(name);
    if (what === "start" && core === undefined) network.start(name);
    if (what === "pause") network.pause(name);
    if (what === "resume" && paused) network.resume(name);
    if (what === "leave") network.tell(name, { on: "leaving", timeout: millis(500) });
    if (what === "cut")
      network.cut(
        [name],
        names(6).filter((other) => other !== name),
      );
    if (what === "mend") network.mend();
    if (what === "loss") network.loss = 0.3;
  };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.integer({ min: 1, max: 1e6 }), (steps, seed) => {
      const network = cluster(6, { seed });
      for (const { what, who, time } of steps) {
        act(network, what, `node-${who}`);
        network.run(time);
      }
      network.mend();
      network.loss = 0;
      for (const name of names(6)) act(network, "resume", name);
      network.run(1000);
      for (const name of names(6)) act(network, "start", name);
      network.runUntil(() => network.agree(), 15_000);
      network.run(5000);
      expect(network.agree()).toBe(true);
      for (const { core } of network.stations.values()) expect(core?.standing.kind).toBe("sure");
    }),
    { numRuns: 60 },
  );
});
