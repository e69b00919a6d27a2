import fc from "fast-check";
import { seconds } from "../../src/lib/duration.ts";
import type { ElectionWorld } from "./election-world.ts";

/** What can happen to a replica; times in milliseconds. */
export type Fault =
  | { readonly do: "stop" | "cut" | "deaf"; readonly who: number; readonly for: number }
  | {
      readonly do: "slow";
      readonly who: number;
      readonly for: number;
      readonly delays: readonly [number, number, number];
    }
  | { readonly do: "jump"; readonly who: number; readonly by: number }
  | { readonly do: "kill" | "join"; readonly who: number };

/** Instead of a number: whoever leads. */
const LEADER = -1;

const who = fc.oneof(fc.nat(4), fc.constant(LEADER));
const duration = fc.integer({ min: 50, max: 12_000 });
const delay = fc.oneof(fc.nat(100), fc.nat(6000));
export const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ do: fc.constantFrom("stop" as const, "cut" as const, "deaf" as const), who, for: duration }),
  fc.record({ do: fc.constant("slow" as const), who, for: duration, delays: fc.tuple(delay, delay, delay) }),
  fc.record({ do: fc.constant("jump" as const), who, by: fc.integer({ min: -10_000, max: 10_000 }) }),
  fc.record({ do: fc.constantFrom("kill" as const, "join" as const), who }),
);

/** Makes it happen, and ends it when its time is over. */
export function begin(world: ElectionWorld, next: Fault): void {
  const leader = next.who === LEADER ? world.leaders[0] : undefined;
  const replica = leader ?? world.replicas[Math.abs(next.who) % world.replicas.length]!;
  const { clock, network } = replica;
  const undo = (time: number, act: () => void) =>
    void world.clock.after(seconds(time / 1000), () => replica.alive && act());
  switch (next.do) {
    case "stop":
      clock.stop();
      return undo(next.for, () => clock.continue());
    case "cut":
    case "deaf": {
      const what = next.do;
      network[what] = true;
      return undo(next.for, () => void (network[what] = false));
    }
    case "slow":
      [network.toServer, network.fromServer, network.watchDelay] = next.delays;
      return undo(next.for, () => Object.assign(network, { toServer: 100, fromServer: 1, watchDelay: 1 }));
    case "jump":
      return clock.jump(next.by);
    case "kill":
      if (world.replicas.filter(({ alive }) => alive).length > 1) replica.kill();
      return;
    case "join":
      world.join();
  }
}

/** What a leader sends comes to the server seconds later, and then the leader is stopped for long. */
export function lateWrites<T>(changes: readonly T[], delay: number): readonly (readonly [number, Fault | T])[] {
  return [
    [10, { do: "slow", who: LEADER, for: 15_000, delays: [delay, 1, 2] }],
    ...changes.map((change) => [30, change] as const),
    [50, { do: "stop", who: LEADER, for: 10_000 }],
  ];
}
