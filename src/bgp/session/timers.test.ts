import { expect, test } from "vitest";
import { millis, seconds } from "../../lib/duration.ts";
import { Timers } from "./timers.ts";
import { connectRetryDelay, jittered, keepaliveInterval, sendHoldTime } from "./timing.ts";

function recorded() {
  const did: string[] = [];
  const timers = new Timers((action) => did.push(action.do === "set-timer" ? `set ${action.after}` : "cancel"));
  return { did, timers };
}

test("a timer that is started again for later costs nothing, and expires when it should", () => {
  const { did, timers } = recorded();
  timers.start("hold/1", millis(100), millis(0));
  timers.start("hold/1", millis(100), millis(60));
  expect(timers.dueAt("hold/1")).toBe(160);
  expect(timers.fired("hold/1", millis(100))).toBeUndefined();
  expect(timers.fired("hold/1", millis(163))).toBe(3);
  expect(did).toEqual(["set 100", "set 60"]);
  expect(timers.names).toEqual([]);
});

test("a timer that is started again for sooner is set", () => {
  const { did, timers } = recorded();
  timers.start("hold/1", millis(100), millis(0));
  timers.start("hold/1", millis(20), millis(10));
  expect(did).toEqual(["set 100", "set 20"]);
});

test("a timer that was stopped doesn't expire, and is stopped once", () => {
  const { did, timers } = recorded();
  timers.start("hold/1", millis(100), millis(0));
  timers.stop("hold/1");
  timers.stop("hold/1");
  expect(timers.fired("hold/1", millis(100))).toBeUndefined();
  expect(did).toEqual(["set 100", "cancel"]);
});

test.each([
  [0, 7500],
  [0.5, 8750],
  [1, 10_000],
])("jitter of a chance of %d: %d ms of 10 s (RFC 4271 §10)", (random, want) => {
  expect(jittered(seconds(10), random)).toBe(want);
});

test.each([
  [0, 0, 0],
  [30, 0, 0],
  [0, 90, 30],
  [30, 30, 10],
  [5, 90, 5],
  [1, 3, 1],
  [0.1, 90, 1],
])("keepalive time %d s and hold time %d s: every %d s", (configured, hold, want) => {
  expect(keepaliveInterval(seconds(configured), seconds(hold))).toBe(seconds(want));
});

test.each([
  [0, 480],
  [90, 480],
  [300, 600],
])("with a hold time of %d s, a peer may read nothing for %d s (RFC 9687 §6)", (hold, want) => {
  expect(sendHoldTime(seconds(hold))).toBe(seconds(want));
});

test.each([
  [0, 10, 1],
  [1, 10, 2],
  [3, 10, 8],
  [4, 10, 10],
  [1000, 10, 10],
  [0, 0.5, 0.5],
])("after %d failures, at most %d s: %d s", (failures, connectTime, want) => {
  expect(connectRetryDelay(failures, seconds(connectTime))).toBe(seconds(want));
});
