import { describe, expect, test } from "vitest";
import { REFERENCE_LAN } from "../../src/membership/settings.ts";
import { MembershipNetwork, type NetworkOptions, type Station } from "../support/membership-network.ts";

function cluster(size: number, options: Partial<NetworkOptions> = {}): MembershipNetwork {
  const network = new MembershipNetwork({ seed: 1, ...options });
  network.addAll(Array.from({ length: size }, (_, i) => `node-${i + 1}`));
  network.runUntil(() => network.agree(), 10_000);
  network.run(2000);
  return network;
}

function others(network: MembershipNetwork): readonly Station[] {
  return [...network.stations.values()].filter(({ name }) => name !== "node-1");
}

/** When somebody first took node-1 for dead. */
function replacedAt(network: MembershipNetwork): number {
  const times = others(network).flatMap(({ changes }) =>
    changes.filter(({ change }) => change.kind === "died" && change.member.node === "node-1").map(({ at }) => at),
  );
  return Math.min(Infinity, ...times);
}

/** node-1's doubts since, as `reason`, and when they ended. */
function doubts(network: MembershipNetwork, since: number) {
  return network
    .get("node-1")
    .standings.filter(({ at }) => at >= since)
    .map(({ at, standing }) => ({ at, is: standing.kind === "sure" ? "sure" : standing.reason }));
}

describe("a member that is cut off", () => {
  test.each([3, 10, 30])("doubts itself before any of %i takes its place, every time", (size) => {
    for (let seed = 1; seed <= 5; seed++) {
      const network = cluster(size, { seed });
      const start = network.now;
      network.cut(others(network).map(({ name }) => name));
      network.run(3000);
      const [first] = doubts(network, start);
      expect(first?.is).toBe("silence");
      expect(replacedAt(network)).toBeLessThan(Infinity);
      expect(first?.at).toBeLessThan(replacedAt(network));
    }
  });

  test.each([3, 10, 30])("makes none of %i doubt or disappear by what it sent meanwhile", (size) => {
    for (let seed = 1; seed <= 5; seed++) {
      const network = cluster(size, { seed });
      network.queuesWhileCut = true;
      network.cut(others(network).map(({ name }) => name));
      network.run(2500);
      const mendedAt = network.now;
      network.mend();
      network.runUntil(() => network.agree(), 6000);
      network.run(2000);
      for (const { changes, standings } of others(network)) {
        const died = changes.filter(({ change }) => change.kind === "died").map(({ change }) => change.member.node);
        expect(died).toEqual(["node-1"]);
        expect(standings.filter(({ at }) => at >= mendedAt)).toEqual([]);
      }
    }
  });

  test("is sure again after it has spoken with others, and they take it back", () => {
    const network = cluster(3);
    const start = network.now;
    network.cut(others(network).map(({ name }) => name));
    network.run(10_000);
    network.mend();
    network.runUntil(() => network.agree(), 6000);
    network.run(1000);
    const since = doubts(network, start);
    expect(since.at(-1)?.is).toBe("sure");
    expect(since.filter(({ is }) => is === "sure")).toHaveLength(1);
  });
});

describe("a member that did not run", () => {
  test("for a moment is sure again at once", () => {
    const network = cluster(3);
    network.pause("node-1");
    network.run(300);
    const resumedAt = network.now;
    network.resume("node-1");
    expect(network.get("node-1").core?.standing).toMatchObject({ kind: "doubtful", reason: "paused" });
    network.run(20);
    expect(doubts(network, resumedAt).map(({ is }) => is)).toEqual(["paused", "sure"]);
    expect(replacedAt(network)).toBe(Infinity);
  });

  test.each([3, 30])("for long is in doubt before anything else, until it knows what %i others believe", (size) => {
    const network = cluster(size);
    network.pause("node-1");
    network.run(20_000);
    expect(replacedAt(network)).toBeLessThan(Infinity);
    const resumedAt = network.now;
    network.resume("node-1");
    expect(network.get("node-1").core?.standing.kind).toBe("doubtful");
    network.runUntil(() => network.agree(), 1000);
    network.run(500);
    const since = doubts(network, resumedAt);
    expect(since[0]).toEqual({ at: resumedAt, is: "paused" });
    expect(since.at(-1)?.is).toBe("sure");
  });

  test("declares nobody dead for what it missed", () => {
    const network = cluster(5);
    network.pause("node-1");
    network.run(1000);
    network.resume("node-1");
    network.run(5000);
    const died = network.get("node-1").changes.filter(({ change }) => change.kind === "died");
    expect(died).toEqual([]);
  });

  test("is overdue, for whoever asks before it could run", () => {
    const network = cluster(3);
    const { core } = network.get("node-1");
    expect(core?.isOverdue(network.now)).toBe(false);
    network.pause("node-1");
    network.run(150);
    expect(core?.isOverdue(network.now)).toBe(false);
    network.run(200);
    expect(core?.isOverdue(network.now)).toBe(true);
  });
});

describe("a member whose clock stood still with it", () => {
  test("is told by the first that it speaks with that it was declared dead", () => {
    const network = cluster(3);
    const { core } = network.get("node-1");
    // Nothing arrives and no time passes: what a frozen virtual machine sees of its freeze.
    network.freeze("node-1");
    network.run(5000);
    expect(replacedAt(network)).toBeLessThan(Infinity);
    const thawedAt = network.now;
    network.thaw("node-1");
    expect(core?.standing.kind).toBe("sure");
    network.run(60);
    expect(doubts(network, thawedAt)[0]).toMatchObject({ is: "declared-dead" });
    network.runUntil(() => network.agree(), 1000);
    network.run(500);
    expect(core?.standing.kind).toBe("sure");
  });
});

describe("no doubt", () => {
  test("of a single member, whatever happens", () => {
    const network = cluster(1);
    network.pause("node-1");
    network.run(60_000);
    network.resume("node-1");
    network.run(60_000);
    expect(network.get("node-1").standings.map(({ standing }) => standing.kind)).toEqual(["sure"]);
  });

  test.each([{ loss: 0.1 }, { loss: 0.3 }])("from $loss loss alone", ({ loss }) => {
    const network = cluster(10, { loss });
    network.run(20_000);
    const reasons = [...network.stations.values()].flatMap(({ standings }) =>
      standings.flatMap(({ standing }) => (standing.kind === "doubtful" ? [standing.reason] : [])),
    );
    expect(reasons.filter((reason) => reason === "silence" || reason === "paused")).toEqual([]);
  });

  test("of the reference's profile in quiet times", () => {
    const network = cluster(3, { settings: REFERENCE_LAN });
    network.run(60_000);
    for (const { core } of network.stations.values()) expect(core?.standing.kind).toBe("sure");
  });
});

test("a survivor of two keeps its doubt until the other is back, and says that there was only one", () => {
  const network = cluster(2);
  network.kill("node-2");
  network.run(20_000);
  const { core } = network.get("node-1");
  expect(core?.standing).toMatchObject({ kind: "doubtful", reason: "silence", peers: 1 });
  network.start("node-2");
  network.runUntil(() => core?.standing.kind === "sure" && network.agree(), 6000);
});
