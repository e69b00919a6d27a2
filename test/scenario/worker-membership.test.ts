import { beforeEach, describe, expect, test } from "vitest";
import { parseAddress } from "../../src/ip/address.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import type { Endpoint } from "../../src/membership/message.ts";
import { FAST_LAN } from "../../src/membership/settings.ts";
import { systemCipher } from "../../src/platform/system-cipher.ts";
import type { WorkerEvent } from "../../src/speaker/protocol.ts";
import { WorkerMembership } from "../../src/speaker/worker-membership.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryInternet } from "../support/memory-internet.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { settle } from "../support/settle.ts";

const KEY = new Uint8Array(32).fill(7);

let clock: ManualClock;
let internet: MemoryInternet;

beforeEach(() => {
  clock = new ManualClock();
  internet = new MemoryInternet();
});

function endpoint(host: number): Endpoint {
  return { address: parseAddress(`2001:db8::${host}`)!, port: 7946 };
}

function member(host: number) {
  const events: WorkerEvent[] = [];
  let resumed = 0;
  const replaced: boolean[] = [];
  const place = endpoint(host);
  const membership = new WorkerMembership(
    { node: `node-${host}`, ...place, settings: FAST_LAN, key: KEY },
    {
      clock,
      random: seededRandom(host),
      ...internet.host(place.address),
      cipher: systemCipher,
      emit: (event) => void events.push(event),
      onResume: (how) => {
        resumed++;
        replaced.push(how.replaced);
      },
    },
  );
  const members = () => events.flatMap((event) => (event.on === "members" ? [event.nodes] : []));
  return { membership, events, members, resumed: () => resumed, replaced };
}

async function pass(time: number, step = 5): Promise<void> {
  for (let passed = 0; passed < time; passed += step) {
    clock.advance(millis(step));
    await settle(12);
  }
}

async function cluster(size: number) {
  const started = Array.from({ length: size }, (_, i) => member(i + 1));
  for (const { membership } of started) {
    await membership.start();
    membership.join(Array.from({ length: size }, (_, i) => endpoint(i + 1)));
  }
  await pass(300);
  return started;
}

describe("a member", () => {
  test("tells nobody and holds back until it has joined", async () => {
    const { membership, members, resumed } = member(1);
    await membership.start();
    await pass(1000);
    expect([members(), membership.holdsBack(), resumed()]).toEqual([[], true, 0]);
    membership.join([]);
    expect([members(), membership.holdsBack(), resumed()]).toEqual([[["node-1"]], false, 1]);
  });

  test("tells who is there, and only when that changes", async () => {
    const [first, second, third] = await cluster(3);
    expect(first!.members().at(-1)).toEqual(["node-1", "node-2", "node-3"]);
    const before = first!.members().length;
    await pass(1000);
    expect(first!.members()).toHaveLength(before);
    void third!.membership.leave();
    await pass(100);
    for (const { members } of [first!, second!]) expect(members().at(-1)).toEqual(["node-1", "node-2"]);
  });

  test("tells where everybody is, and how much it refused", async () => {
    const [first] = await cluster(3);
    const rosters = () => first!.events.flatMap((event) => (event.on === "roster" ? [event] : []));
    await pass(1000);
    const byName = rosters()
      .at(-1)!
      .members.toSorted((a, b) => (a.node < b.node ? -1 : 1));
    const alive = [1, 2, 3].map((host) => ({ node: `node-${host}`, address: `2001:db8::${host}`, state: "alive" }));
    expect(byName).toEqual(alive);
    const before = rosters().length;
    const stranger = internet.host(endpoint(9).address);
    const socket = await stranger.datagrams.bind(endpoint(9), {
      onDatagram: () => undefined,
      onTrouble: () => undefined,
    });
    for (let i = 0; i < 3; i++) socket.send(endpoint(1), new Uint8Array([1, 2, 3]));
    await pass(1000);
    expect(
      rosters()
        .slice(before)
        .flatMap(({ refused }) => refused),
    ).toEqual([{ reason: "not-authentic", times: 3 }]);
  });

  test("holds back while it can't hear anybody, and tells when that is over", async () => {
    const [first] = await cluster(3);
    expect([first!.membership.holdsBack(), first!.resumed()]).toEqual([false, 1]);
    const cut = endpoint(1).address;
    internet.loses = (from, to) => from.address === cut || to.address === cut;
    await pass(450);
    expect(first!.membership.holdsBack()).toBe(true);
    internet.loses = () => false;
    await pass(1500);
    expect([first!.membership.holdsBack(), first!.resumed()]).toEqual([false, 2]);
    expect(first!.members().at(-1)).toHaveLength(3);
  });

  test("holds nothing back when somebody vouches for it in that very silence", async () => {
    const [first] = await cluster(3);
    const silence = () => {
      const standing = first!.events.findLast((event) => event.on === "standing")!.standing;
      return standing.kind === "doubtful" ? standing.since : millis(-1);
    };
    internet.loses = () => true;
    await pass(600);
    expect(first!.membership.holdsBack()).toBe(true);
    first!.membership.vouch(millis(silence() - 1));
    expect(first!.membership.holdsBack()).toBe(true);
    first!.membership.vouch(silence());
    expect([first!.membership.holdsBack(), first!.resumed()]).toEqual([false, 2]);
    // It is no licence for what comes later.
    clock.skip(millis(1000));
    await pass(10);
    expect(first!.membership.holdsBack()).toBe(true);
  });

  test("tells of a doubt only if it lasts", async () => {
    const [first] = await cluster(3);
    const told = () =>
      first!.events.flatMap((event) => {
        if (event.on !== "standing") return [];
        return [event.standing.kind === "sure" ? "sure" : event.standing.reason];
      });
    expect(told()).toEqual(["joining", "sure"]);
    // All timers of the cluster fire 300 ms late.
    clock.skip(millis(300));
    await pass(1000);
    expect([told(), first!.membership.holdsBack(), first!.resumed()]).toEqual([["joining", "sure"], false, 2]);
    const cut = endpoint(1).address;
    internet.loses = (from, to) => from.address === cut || to.address === cut;
    await pass(1000);
    expect(told()).toEqual(["joining", "sure", "silence"]);
    internet.loses = () => false;
    await pass(1500);
    expect(told()).toEqual(["joining", "sure", "silence", "sure"]);
  });

  test("holds back as soon as it runs again after a pause, before anything else has happened", async () => {
    const [first] = await cluster(2);
    // Time passes, and no timer fires.
    const now = clock.now.bind(clock);
    const later = millis(now() + 1000);
    clock.now = () => later;
    expect(first!.membership.holdsBack()).toBe(true);
    clock.now = now;
    expect(first!.membership.holdsBack()).toBe(false);
  });

  test("tells when others may have taken its place: not after a brief pause, nor where there is no other", async () => {
    const [first] = await cluster(3);
    const alone = member(9);
    await alone.membership.start();
    alone.membership.join([]);
    // It joined the others: before that, they did not know of it.
    expect([first!.replaced, alone.replaced]).toEqual([[true], [false]]);
    clock.skip(millis(300));
    await pass(1000);
    expect(first!.replaced).toEqual([true, false]);
    const cut = endpoint(1).address;
    internet.loses = (from, to) => from.address === cut || to.address === cut;
    await pass(600);
    internet.loses = () => false;
    await pass(1500);
    expect(first!.replaced).toEqual([true, false, true]);
  });

  test("goes on as it was when it has left, whatever the others do, and however long that takes", async () => {
    const [first] = await cluster(3);
    expect(first!.membership.hasPeers).toBe(true);
    let left = false;
    void first!.membership.leave().then(() => (left = true));
    internet.loses = () => true;
    await pass(990);
    expect([left, first!.membership.holdsBack()]).toEqual([true, false]);
    await pass(3000);
    expect(first!.membership.holdsBack()).toBe(false);
  });

  test("says goodbye once, while it still answers", async () => {
    const [first] = await cluster(2);
    let left = 0;
    void first!.membership.leave().then(() => left++);
    void first!.membership.leave();
    expect(first!.membership.holdsBack()).toBe(false);
    await pass(200);
    expect(left).toBe(1);
    // It has nothing to say about what others do now.
    expect(first!.members().at(-1)).toEqual(["node-1", "node-2"]);
  });
});

test("a port that another still holds is waited for, and this is said once", async () => {
  const { datagrams } = internet.host(endpoint(1).address);
  const other = await datagrams.bind(endpoint(1), { onDatagram: () => {}, onTrouble: () => {} });
  const { membership, events } = member(1);
  await membership.start();
  membership.join([]);
  clock.advance(seconds(1));
  await settle();
  expect(events.filter(({ on }) => on === "trouble")).toEqual([
    { on: "trouble", code: "EADDRINUSE", message: expect.stringContaining("membership can't begin") },
  ]);
  expect(membership.holdsBack()).toBe(true);
  other.close();
  clock.advance(seconds(1));
  await settle();
  expect(membership.holdsBack()).toBe(false);
});
