import { describe, expect, test } from "vitest";
import { millis } from "../lib/duration.ts";
import { SelfDoubt } from "./self-doubt.ts";

/** Sure at 0, with others that would have 400 ms to declare us dead. */
function sureWith(peers: number) {
  const doubt = new SelfDoubt(() => peers, millis(0));
  doubt.setShortestSuspicion(millis(400));
  doubt.alone();
  return doubt;
}

function reason({ standing }: SelfDoubt): string {
  return standing.kind === "sure" ? "sure" : standing.reason;
}

describe("a beginner", () => {
  test("is in doubt until it has spoken with others", () => {
    const doubt = new SelfDoubt(() => 0, millis(0));
    expect(doubt.standing).toEqual({ kind: "doubtful", reason: "joining", since: 0, peers: 0, cure: "exchange" });
    doubt.exchanged(millis(5));
    expect(reason(doubt)).toBe("sure");
  });

  test("waits for others from when it knows of them, but not for long", () => {
    const doubt = new SelfDoubt(() => 0, millis(0));
    expect(doubt.wakeAt).toBe(Infinity);
    doubt.beginJoining(millis(1000));
    doubt.beginJoining(millis(2000));
    expect(doubt.wakeAt).toBe(4000);
    doubt.wake(millis(4000));
    expect(reason(doubt)).toBe("sure");
  });

  test("is no more in doubt because another life of it was declared dead", () => {
    const doubt = new SelfDoubt(() => 1, millis(0));
    doubt.doubt("declared-dead", millis(1));
    expect(reason(doubt)).toBe("joining");
  });
});

describe("silence", () => {
  test("is in time before anybody can have taken our place", () => {
    const doubt = sureWith(2);
    doubt.heard(millis(1000));
    expect(doubt.wakeAt).toBe(1400);
    doubt.wake(millis(1399));
    expect(reason(doubt)).toBe("sure");
    doubt.wake(millis(1400));
    expect(doubt.standing).toMatchObject({ kind: "doubtful", reason: "silence", since: 1400, peers: 2 });
    expect(doubt.wakeAt).toBe(Infinity);
  });

  test("ends only with an exchange that was begun since", () => {
    const doubt = sureWith(2);
    doubt.wake(millis(400));
    doubt.heard(millis(450));
    doubt.answered(millis(450));
    doubt.exchanged(millis(399));
    expect(reason(doubt)).toBe("silence");
    doubt.exchanged(millis(400));
    expect(reason(doubt)).toBe("sure");
  });

  test("means nothing to who is alone, nor where nobody is probed", () => {
    expect(sureWith(0).wakeAt).toBe(Infinity);
    const doubt = sureWith(2);
    doubt.setShortestSuspicion(millis(0));
    expect(doubt.wakeAt).toBe(Infinity);
  });

  test("is not what passed while we did not run", () => {
    const doubt = sureWith(2);
    doubt.postpone(millis(100));
    expect(doubt.wakeAt).toBe(500);
  });
});

describe("a pause", () => {
  test.each([
    [199, "sure", false],
    [200, "paused", false],
    [399, "paused", false],
    [400, "paused", true],
    [60_000, "paused", true],
  ])("of %i ms: %s; needs an exchange: %s", (late, want, exchange) => {
    const doubt = sureWith(2);
    doubt.ranLate(millis(late), millis(5000));
    expect([reason(doubt), doubt.needsExchange]).toEqual([want, exchange]);
    doubt.answered(millis(4999));
    expect(reason(doubt)).toBe(want);
    doubt.answered(millis(5000));
    expect(reason(doubt)).toBe(exchange ? "paused" : "sure");
  });

  test("means nothing to who is alone", () => {
    const doubt = sureWith(0);
    doubt.ranLate(millis(5000), millis(5000));
    expect(reason(doubt)).toBe("sure");
  });

  test("in the middle of another doubt makes it no smaller, and what was begun before counts no more", () => {
    const doubt = sureWith(2);
    doubt.doubt("declared-dead", millis(100));
    doubt.ranLate(millis(250), millis(1000));
    expect([reason(doubt), doubt.needsExchange]).toEqual(["paused", true]);
    doubt.exchanged(millis(999));
    expect(reason(doubt)).toBe("paused");
    doubt.exchanged(millis(1000));
    expect(reason(doubt)).toBe("sure");
  });
});
