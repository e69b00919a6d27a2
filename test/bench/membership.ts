import { seconds } from "../../src/lib/duration.ts";
import { FAST_LAN, type MembershipSettings, REFERENCE_LAN } from "../../src/membership/settings.ts";
import { MembershipNetwork } from "../support/membership-network.ts";

interface MembershipFigures {
  readonly members: number;
  /** Until all members that start at once see each other. */
  readonly joinMs: number;
  /** From then on, until nobody has news left to pass on. */
  readonly settleMs: number;
  /** In quiet times. */
  readonly datagramsPerSecondAndMember: number;
  readonly bytesPerSecondAndMember: number;
  /** From the end of a process until nobody counts it any more. */
  readonly deathMs: number;
  /** From a goodbye until nobody counts the member any more. */
  readonly goodbyeMs: number;
  /** From the end of a partition of 5 s into a third and two thirds until all see each other. */
  readonly healMs?: number;
  /** 3 s of 30 % loss. */
  readonly loss?: {
    readonly datagramsPerSecondAndMember: number;
    /** How often somebody declared a living member dead. */
    readonly falseDeaths: number;
    /** After the loss, until all see each other. */
    readonly healMs: number;
  };
}

export interface MembershipBench {
  readonly fastLan: readonly MembershipFigures[];
  readonly referenceLan: readonly MembershipFigures[];
}

const TIMES_LIMIT = 120_000;
const QUIET = 2000;
const LOSSY = 3000;

/** In larger clusters, what is bad for all members at once takes too long to simulate. */
const LARGEST_IN_TROUBLE = 300;

/** Times are those of the simulated network, with up to 1 ms from member to member; bytes are those before encryption. */
export function benchMembership(sizes: readonly number[] = [3, 30, 300, 1000]): MembershipBench {
  return {
    fastLan: sizes.map((members) => measure(members, FAST_LAN)),
    referenceLan: [3, 30].map((members) => measure(members, REFERENCE_LAN)),
  };
}

function measure(members: number, settings: MembershipSettings): MembershipFigures {
  const network = new MembershipNetwork({ seed: members, settings });
  const names = Array.from({ length: members }, (_, i) => `node-${i}`);
  network.addAll(names);
  const agreement = (): number => network.runUntil(() => network.agree(), TIMES_LIMIT);
  const joinMs = agreement();
  const settled = (): boolean => [...network.stations.values()].every(({ core }) => core?.queued === 0);
  const settleMs = network.runUntil(settled, TIMES_LIMIT, 100);
  const quiet = traffic(network, QUIET);
  network.kill("node-0");
  const deathMs = agreement();
  network.tell("node-1", { on: "leaving", timeout: seconds(1) });
  network.runUntil(() => network.get("node-2").others.size === members - 3, TIMES_LIMIT, 1);
  const goodbyeMs = agreement();
  const calm = { members, joinMs, settleMs, ...quiet, deathMs, goodbyeMs };
  if (members > LARGEST_IN_TROUBLE) return calm;
  network.start("node-0");
  network.start("node-1");
  agreement();
  const third = Math.ceil(members / 3);
  network.cut(names.slice(0, third), names.slice(third));
  network.run(5000);
  network.mend();
  const healMs = agreement();
  network.run(QUIET);
  return { ...calm, healMs, loss: underLoss(network) };
}

function underLoss(network: MembershipNetwork): NonNullable<MembershipFigures["loss"]> {
  const before = deaths(network);
  network.loss = 0.3;
  const { datagramsPerSecondAndMember } = traffic(network, LOSSY);
  network.loss = 0;
  const healMs = network.runUntil(() => network.agree(), TIMES_LIMIT);
  return { datagramsPerSecondAndMember, falseDeaths: deaths(network) - before, healMs };
}

function traffic(network: MembershipNetwork, time: number) {
  const sum = (): readonly [number, number] => {
    let [datagrams, bytes] = [0, 0];
    for (const { sent } of network.stations.values()) {
      datagrams += sent.datagrams;
      bytes += sent.bytes;
    }
    return [datagrams, bytes];
  };
  const [datagrams, bytes] = sum();
  network.countsBytes = true;
  network.run(time);
  network.countsBytes = false;
  const [datagramsAfter, bytesAfter] = sum();
  const perMember = (amount: number): number => Math.round((amount * 10_000) / time / network.stations.size) / 10;
  return {
    datagramsPerSecondAndMember: perMember(datagramsAfter - datagrams),
    bytesPerSecondAndMember: perMember(bytesAfter - bytes),
  };
}

function deaths(network: MembershipNetwork): number {
  let count = 0;
  for (const { changes } of network.stations.values()) {
    count += changes.filter(({ change }) => change.kind === "died").length;
  }
  return count;
}
