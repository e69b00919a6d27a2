import { beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { millis, seconds } from "../lib/duration.ts";
import { ExpiringPermit, momentOf } from "./write-permit.ts";

let clock: ManualClock & { offset: number };
let ended: number;
let permit: ExpiringPermit;

beforeEach(() => {
  clock = Object.assign(new ManualClock(), { offset: 0 });
  const wallTime = clock.wallTime.bind(clock);
  clock.wallTime = () => wallTime() + clock.offset;
  ended = 0;
  permit = new ExpiringPermit(clock, () => ended++);
});

describe("a permission", () => {
  test("is not there before it is granted", () => {
    expect([permit.remaining(), permit.signal.aborted, ended]).toEqual([0, true, 0]);
  });

  test("lasts from when the request for it was sent", () => {
    const sent = momentOf(clock);
    clock.advance(seconds(1));
    permit.grant(sent, seconds(3));
    expect([permit.remaining(), permit.signal.aborted]).toEqual([2000, false]);
    clock.advance(millis(1999));
    expect([permit.remaining(), permit.signal.aborted, ended]).toEqual([1, false, 0]);
    clock.advance(millis(1));
    expect([permit.remaining(), permit.signal.aborted, ended]).toEqual([0, true, 1]);
  });

  test("that comes too late is none", () => {
    const sent = momentOf(clock);
    clock.advance(seconds(3));
    permit.grant(sent, seconds(3));
    expect([permit.remaining(), permit.signal.aborted, ended]).toEqual([0, true, 0]);
  });

  test("that is renewed goes on for what is under way", () => {
    permit.grant(momentOf(clock), seconds(3));
    const { signal } = permit;
    for (let i = 0; i < 10; i++) {
      clock.advance(seconds(2));
      permit.grant(momentOf(clock), seconds(3));
    }
    expect([signal.aborted, permit.signal === signal, ended]).toEqual([false, true, 0]);
  });

  test("that begins again doesn't revive what was given up", () => {
    permit.grant(momentOf(clock), seconds(3));
    const { signal } = permit;
    clock.advance(seconds(3));
    permit.grant(momentOf(clock), seconds(3));
    expect([signal.aborted, permit.signal.aborted]).toEqual([true, false]);
  });

  test("that is revoked ends without a word", () => {
    permit.grant(momentOf(clock), seconds(3));
    permit.revoke();
    clock.advance(seconds(10));
    expect([permit.remaining(), permit.signal.aborted, ended, clock.pending]).toEqual([0, true, 0, 0]);
  });
});

test.each([
  { name: "an hour ahead, as after a suspend", jump: 3600_000, remaining: 0 },
  { name: "a second ahead", jump: 1000, remaining: 1000 },
  { name: "an hour back", jump: -3600_000, remaining: 2000 },
])("the wall clock jumps $name", ({ jump, remaining }) => {
  permit.grant(momentOf(clock), seconds(3));
  clock.advance(seconds(1));
  clock.offset = jump;
  expect(permit.remaining()).toBe(remaining);
});
