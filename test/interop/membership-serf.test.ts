import { describe, expect, test, vi } from "vitest";
import { gossipKey } from "../../src/membership/wire/gossip-key.ts";
import {
  type ClusterMember,
  type ClusterOptions,
  eventually,
  MembershipCluster,
  type OurMember,
  type SerfMember,
} from "../support/membership-cluster.ts";
import { requireOrSkip } from "../support/requirements.ts";

const NEEDS = ["root", "netns", "bin:serf-0.10.1", "bin:serf-0.9.4", "bin:nft"] as const;

/** Of the 22 characters that a controller puts in the Secret. */
const KEY = Buffer.from(gossipKey(new TextEncoder().encode("dGhpc2lzMTZieXRlc2xvbg")));

/** Two agents of HashiCorp's own, new and old, and two of ours. */
interface Mixed {
  readonly cluster: MembershipCluster;
  readonly alpha: SerfMember;
  readonly beta: SerfMember;
  readonly gamma: OurMember;
  readonly delta: OurMember;
}

function startMixed(options: ClusterOptions, profile: "fast" | "reference" = "reference"): Mixed {
  const cluster = new MembershipCluster(options);
  for (let i = 0; i < 4; i++) cluster.addHost();
  return {
    cluster,
    alpha: cluster.startSerf(1, "0.10.1", "alpha", []),
    beta: cluster.startSerf(2, "0.9.4", "beta", [1]),
    gamma: cluster.startOurs(3, "gamma", [1], profile),
    delta: cluster.startOurs(4, "delta", [2], profile),
  };
}

/** Waits until all observers take these members, and no others, for alive. */
async function allSee(observers: readonly ClusterMember[], names: readonly string[]): Promise<void> {
  const expected = names.toSorted().join(" ");
  const views = observers.map(async (observer) =>
    eventually(`${observer.name} sees ${expected}`, async () => {
      const alive = await observer.alive();
      return alive.toSorted().join(" ") === expected;
    }),
  );
  await Promise.all(views);
}

/** Waits until the last that `member` was told about each of the others is of this kind. */
async function hasHeard(member: OurMember, others: readonly string[], kind: string): Promise<void> {
  const heard = async (): Promise<boolean> => others.every((other) => member.changesOf(other).at(-1) === kind);
  await eventually(`${member.name} hears that ${others.join(" and ")} ${kind}`, heard, 30);
}

interface Spoiling {
  readonly name: string;
  readonly begin: (cluster: MembershipCluster) => void;
  /** How often it has shown so far. */
  readonly effect: (cluster: MembershipCluster) => number;
  /** Whether nobody has cause for suspicion all the same. */
  readonly harmless?: boolean;
}

const NAMES = ["alpha", "beta", "gamma", "delta"];

describe.skipIf(requireOrSkip([...NEEDS]).skip)("with serf 0.10.1 and 0.9.4", () => {
  test.concurrent.each<{ name: string; options: ClusterOptions }>([
    { name: "IPv4", options: { family: "IPv4" } },
    { name: "IPv6, encrypted", options: { family: "IPv6", key: KEY } },
  ])("$name: joins, pauses, leaves, comes back, crashes", async ({ options }) => {
    const mixed = startMixed(options);
    try {
      const { cluster, alpha, beta, gamma, delta } = mixed;
      await allSee([alpha, beta, gamma, delta], NAMES);

      for (const paused of [beta, delta]) {
        paused.signal("SIGSTOP");
        await hasHeard(gamma, [paused.name], "suspected");
        paused.signal("SIGCONT");
        await hasHeard(gamma, [paused.name], "cleared");
      }
      await allSee([alpha, beta, gamma, delta], NAMES);

      await Promise.all([beta.leave(), delta.leave()]);
      await hasHeard(gamma, ["beta", "delta"], "left");
      await allSee([alpha, gamma], ["alpha", "gamma"]);
      for (const name of ["beta", "delta"]) expect(gamma.changesOf(name)).not.toContain("died");

      const beta2 = cluster.startSerf(2, "0.9.4", "beta", [3]);
      const delta2 = cluster.startOurs(4, "delta", [1], "reference");
      await allSee([alpha, beta2, gamma, delta2], NAMES);

      for (const killed of [beta2, delta2]) killed.signal("SIGKILL");
      await hasHeard(gamma, ["beta", "delta"], "died");
      await allSee([alpha, gamma], ["alpha", "gamma"]);
    } finally {
      mixed.cluster.close();
    }
  });

  const loss: Spoiling = { name: "30 % loss", begin: (cluster) => cluster.lose(30), effect: ({ lost }) => lost };
  const disorder: Spoiling = {
    name: "delay and reordering",
    begin: (cluster) => cluster.delayDatagrams(20, 200),
    effect: ({ overtakings }) => overtakings,
  };

  /** alpha, of HashiCorp's, and gamma, of ours: each has to ask the others to probe, of both kinds. */
  const parted: Spoiling = {
    name: "a broken path between two",
    begin: (cluster) => cluster.part(1, 3),
    effect: ({ lost }) => lost,
    harmless: true,
  };

  test.concurrent.each<{ options: ClusterOptions; spoiling: Spoiling }>([
    { options: { family: "IPv4", key: KEY }, spoiling: loss },
    { options: { family: "IPv6" }, spoiling: loss },
    { options: { family: "IPv4" }, spoiling: parted },
    { options: { family: "IPv6", key: KEY }, spoiling: parted },
    { options: { family: "IPv4" }, spoiling: disorder },
    { options: { family: "IPv6", key: KEY }, spoiling: disorder },
  ])("$spoiling.name, $options.family: whoever lives is alive to all", async ({ options, spoiling }) => {
    const mixed = startMixed(options);
    try {
      const { cluster, alpha, beta, gamma, delta } = mixed;
      await allSee([alpha, beta, gamma, delta], NAMES);
      spoiling.begin(cluster);
      await new Promise((done) => setTimeout(done, 15_000));
      // Chance decides what becomes of a datagram, and few are sent in a second.
      await vi.waitFor(() => expect(spoiling.effect(cluster)).toBeGreaterThan(2), { timeout: 60_000, interval: 250 });
      await allSee([alpha, beta, gamma, delta], NAMES);
      if (spoiling.harmless !== true) return;
      expect(gamma.changesOf("alpha")).not.toContain("suspected");
      expect(alpha.log).not.toContain("Suspect gamma");
    } finally {
      mixed.cluster.close();
    }
  });

  test("members with our profile make the others as fast as they are", async () => {
    const { cluster, alpha, beta, gamma, delta } = startMixed({ family: "IPv4", key: KEY }, "fast");
    try {
      await allSee([alpha, beta, gamma, delta], NAMES);
      await new Promise((done) => setTimeout(done, 2000));
      expect(NAMES.flatMap((name) => gamma.changesOf(name))).not.toContain("died");

      const killedAt = Date.now();
      beta.signal("SIGKILL");
      await hasHeard(gamma, ["beta"], "died");
      await hasHeard(delta, ["beta"], "died");
      await eventually("alpha hears it", async () => alpha.log.includes("EventMemberFailed: beta"));
      expect(Date.now() - killedAt).toBeLessThan(3000);
    } finally {
      cluster.close();
    }
  });
});
