import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LEASE, leaseObject } from "../../src/k8s/lease-record.ts";
import { seconds } from "../../src/lib/duration.ts";
import { begin, fault } from "../support/election-faults.ts";
import { ElectionWorld, LEASE_NAME } from "../support/election-world.ts";
import { kubeError } from "../support/recording-kube.ts";

const KEY = `${LEASE_NAME.namespace}/${LEASE_NAME.name}`;

async function leaderAndStandby() {
  const world = new ElectionWorld();
  const leader = world.join();
  await world.pass(500);
  const standby = world.join();
  await world.pass(5000);
  expect([leader.mayWrite, standby.mayWrite]).toEqual([true, false]);
  return { world, leader, standby };
}

describe("succession", () => {
  test("the first replica leads at once when there is no Lease", async () => {
    const world = new ElectionWorld();
    const only = world.join();
    expect(await world.pass(5000, () => only.mayWrite)).toBeLessThan(150);
    expect(only.history.map(({ what }) => what)).toEqual(["may not write", "may write", "lead orderly"]);
    expect(world.kube.object(LEASE, KEY)!["spec"]).toEqual({
      holderIdentity: "replica-0",
      leaseDurationSeconds: 4,
      acquireTime: "2026-01-01T00:00:00.050000Z",
      renewTime: "2026-01-01T00:00:00.050000Z",
      leaseTransitions: 0,
    });
  });

  test("a leader that is killed is followed within five seconds, and what it sent last is to be reckoned with", async () => {
    const { world, leader, standby } = await leaderAndStandby();
    leader.kill();
    const after = await world.pass(10_000, () => standby.mayWrite);
    expect(after).toBeLessThan(4200);
    expect(standby.history.at(-1)!.what).toBe("lead unclean");
    expect(world.kube.object(LEASE, KEY)!["spec"]).toMatchObject({ holderIdentity: "replica-1", leaseTransitions: 1 });
  });

  test("a leader that stops in good order is followed within a second", async () => {
    const { world, leader, standby } = await leaderAndStandby();
    const closed = leader.elector.close({ release: true });
    expect(leader.mayWrite).toBe(false);
    expect(await world.pass(10_000, () => standby.mayWrite)).toBeLessThan(200);
    expect(standby.history.at(-1)!.what).toBe("lead orderly");
    await closed;
  });

  test("a leader that stops while writes of it are under way lets the Lease run out", async () => {
    const { world, leader, standby } = await leaderAndStandby();
    await leader.elector.close({ release: false });
    expect(await world.pass(10_000, () => standby.mayWrite)).toBeGreaterThan(2900);
    expect(standby.history.at(-1)!.what).toBe("lead unclean");
  });

  test("without a watch, followers still follow", async () => {
    const { world, leader, standby } = await leaderAndStandby();
    standby.network.watchDelay = 1e9;
    await world.pass(5000);
    leader.kill();
    expect(await world.pass(20_000, () => standby.mayWrite)).toBeLessThan(9000);
  });

  test("a stopped process may write nothing when it continues, and steps down", async () => {
    const { world, leader, standby } = await leaderAndStandby();
    const { signal } = leader.elector.permit;
    leader.clock.stop();
    await world.pass(10_000);
    expect(standby.mayWrite).toBe(true);
    expect([leader.mayWrite, signal.aborted]).toEqual([false, false]);
    leader.clock.continue();
    expect([leader.mayWrite, signal.aborted]).toEqual([false, true]);
    await world.pass(5000);
    expect(leader.history.slice(-2).map(({ what }) => what)).toEqual(["may not write", "step down"]);
    expect(world.leaders).toEqual([standby]);
  });

  test("a single replica that is cut off goes on where it was: nobody else has led", async () => {
    const world = new ElectionWorld();
    const only = world.join();
    await world.pass(2000);
    only.network.cut = true;
    await world.pass(600_000);
    expect(only.mayWrite).toBe(false);
    only.network.cut = false;
    expect(await world.pass(20_000, () => only.mayWrite)).toBeLessThan(11_000);
    expect(only.history.map(({ what }) => what)).toEqual([
      "may not write",
      "may write",
      "lead orderly",
      "may not write",
      "may write",
    ]);
    expect(only.log.messages("warn")).toHaveLength(2);
    expect(only.log.messages("info")).toEqual(["leading", "leading again; nobody else has meanwhile"]);
  });
});

describe("trouble", () => {
  test("no permission for Leases: said once with the fix, never led, tried again", async () => {
    const world = new ElectionWorld();
    let forbidden = true;
    const error = kubeError(403, "Forbidden", 'User "u" cannot get resource "leases"');
    world.kube.fail(error, Number.POSITIVE_INFINITY, ({ resource }) => forbidden && resource.kind === "Lease");
    const replica = world.join();
    await world.pass(60_000);
    expect(replica.log.messages("error")).toEqual([
      expect.stringMatching(/get, list, watch, create .*leader-elect=fal/),
    ]);
    expect(world.kube.requests.length).toBeLessThan(20);
    expect(replica.mayWrite).toBe(false);
    forbidden = false;
    await world.pass(12_000);
    expect(replica.mayWrite).toBe(true);
  });

  test("an API server that refuses everything is asked at most once a second", async () => {
    const world = new ElectionWorld();
    const replica = world.join();
    await world.pass(1000);
    const before = world.kube.requests.length;
    world.kube.fail(kubeError(500, "InternalError"), Number.POSITIVE_INFINITY);
    await world.pass(600_000);
    expect(replica.mayWrite).toBe(false);
    expect(world.kube.requests.length - before).toBeLessThan(600);
  });

  test("somebody deletes the Lease: the leader stops, and nobody leads before its time would have been over", async () => {
    const { world, leader } = await leaderAndStandby();
    const stopped = { at: 0 };
    world.kube.remove(LEASE, KEY);
    await world.pass(8000, () => {
      if (!leader.mayWrite && stopped.at === 0) stopped.at = world.clock.now();
      expect(world.leaders.length).toBeLessThan(2);
    });
    expect(world.leaders).toHaveLength(1);
    expect(stopped.at - 5500).toBeLessThan(200);
    expect(world.leaders[0]!.history.at(-1)!.what).toBe("lead unclean");
  });

  test("a Lease of another program, with a longer time, is waited for", async () => {
    const world = new ElectionWorld();
    const record = { holder: "client-go", duration: seconds(15), acquireTime: undefined, transitions: 3 };
    const lease = leaseObject(LEASE_NAME, record, { renewTime: 0, resourceVersion: undefined });
    world.kube.apply(LEASE, lease as Parameters<typeof world.kube.apply>[1]);
    const replica = world.join();
    const took = await world.pass(60_000, () => replica.mayWrite);
    expect(took).toBeGreaterThan(15_000);
    expect(took).toBeLessThan(15_500);
    expect(world.kube.object(LEASE, KEY)!["spec"]).toMatchObject({ leaseTransitions: 4 });
  });

  test("the wall clock decides nothing, but a jump ahead ends a permission until the next renewal", async () => {
    const { world, leader, standby } = await leaderAndStandby();
    for (const jump of [3600_000, -7200_000, 86_400_000]) {
      for (const { clock } of [leader, standby]) clock.jump(jump);
      if (jump > 0) expect(leader.mayWrite).toBe(false);
      await world.pass(1500);
      expect(world.leaders).toEqual([leader]);
    }
    expect(leader.history.some(({ what }) => what === "step down")).toBe(false);
  });
});

const history = fc.array(fc.tuple(fc.nat(5000), fault), { minLength: 1, maxLength: 8 });
const rates = fc.array(fc.constantFrom(0.97, 1, 1.03), { minLength: 2, maxLength: 5 });

test("whatever happens, never two that may write; and when it is over, one leads", async () => {
  await fc.assert(
    fc.asyncProperty(
      rates,
      history,
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      async (n, faults, r) => {
        const world = new ElectionWorld(() => r.next().value as number);
        for (const rate of n) world.join(rate);
        const alone = () => {
          if (world.leaders.length > 1) throw new Error(`two may write at ${world.clock.now()}`);
        };
        for (const [pause, next] of faults) {
          await world.pass(pause, alone);
          begin(world, next);
        }
        await world.pass(12_000, alone);
        await world.pass(25_000, () => (alone(), world.leaders.length === 1));
        expect(world.leaders).toHaveLength(1);
        await world.pass(3000, alone);
        expect(world.leaders).toHaveLength(1);
      },
    ),
    { seed: Number(process.env["METALLB_SEED"] ?? 1), numRuns: 100 },
  );
}, 60_000);
