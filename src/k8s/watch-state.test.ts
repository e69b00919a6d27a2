import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { millis, seconds } from "../lib/duration.ts";
import type { KubeError } from "../ports/kube.ts";
import { type Attempt, INITIAL_STATE, NO_INITIAL_END, type Outcome, step, type WatchState } from "./watch-state.ts";

const error = (code: number, reason = "X", retryAfter?: number): KubeError => ({
  code,
  reason,
  message: reason,
  retryable: true,
  ...(retryAfter === undefined ? {} : { retryAfter: seconds(retryAfter) }),
});

const failed = (why: KubeError, lasted = 0, resourceVersion?: string): Outcome => ({
  on: "failed",
  error: why,
  resourceVersion,
  lasted: seconds(lasted),
});
const ended = (lasted: number, resourceVersion?: string): Outcome => ({
  on: "ended",
  resourceVersion,
  lasted: seconds(lasted),
});

const STREAM: Attempt = { do: "stream-list" };
const LIST: Attempt = { do: "list", pages: true };
const WATCH: Attempt = { do: "watch", from: "7" };
const watching: WatchState = { ...INITIAL_STATE, resourceVersion: "7" };

describe("restart policy", () => {
  test.each<{
    name: string;
    state?: WatchState;
    attempt: Attempt;
    outcome: Outcome;
    next: Attempt;
    backoff: boolean;
    notBefore?: number;
  }>([
    {
      name: "a list is followed by a watch from its version",
      attempt: LIST,
      outcome: { on: "listed", resourceVersion: "9" },
      next: { do: "watch", from: "9" },
      backoff: false,
    },
    {
      name: "a watch that ended in time goes on at once",
      state: watching,
      attempt: WATCH,
      outcome: ended(400, "8"),
      next: { do: "watch", from: "8" },
      backoff: false,
    },
    {
      name: "a watch that ended too soon waits",
      state: watching,
      attempt: WATCH,
      outcome: ended(1, "8"),
      next: { do: "watch", from: "8" },
      backoff: true,
    },
    {
      name: "a streaming list that ended before it was complete lists again",
      attempt: STREAM,
      outcome: ended(400),
      next: STREAM,
      backoff: false,
    },
    {
      name: "a streaming list that broke off starts again, after a wait",
      state: { ...INITIAL_STATE, failures: 1 },
      attempt: STREAM,
      outcome: failed(error(0, "ECONNRESET"), 1),
      next: STREAM,
      backoff: true,
    },
    {
      name: "streaming lists that break off again and again give way to pages",
      state: { ...INITIAL_STATE, failures: 2 },
      attempt: STREAM,
      outcome: failed(error(0, "ECONNRESET"), 20),
      next: LIST,
      backoff: true,
    },
    {
      name: "a server that is not there says nothing about streaming lists",
      state: { ...INITIAL_STATE, failures: 20 },
      attempt: STREAM,
      outcome: failed(error(0, "ECONNREFUSED")),
      next: STREAM,
      backoff: true,
    },
    {
      name: "a lost connection resumes where it was, after a wait",
      state: watching,
      attempt: WATCH,
      outcome: failed(error(0, "ECONNRESET"), 100, "8"),
      next: { do: "watch", from: "8" },
      backoff: true,
    },
    ...[429, 500, 503].map((code) => ({
      name: `${code} resumes, and the server's wish is kept`,
      state: watching,
      attempt: WATCH,
      outcome: failed(error(code, "X", 12), 0, "7"),
      next: WATCH,
      backoff: true,
      notBefore: 12_000,
    })),
    {
      name: "an expired version lists at once",
      state: watching,
      attempt: WATCH,
      outcome: failed(error(410, "Expired"), 100, "8"),
      next: STREAM,
      backoff: false,
    },
    {
      name: "a second expired version in a row waits",
      state: { ...watching, failures: 1 },
      attempt: WATCH,
      outcome: failed(error(410, "Expired"), 0, "8"),
      next: STREAM,
      backoff: true,
    },
    {
      name: "a paged list that expired is asked for in one piece",
      state: { ...INITIAL_STATE, streamsLists: false },
      attempt: LIST,
      outcome: failed(error(410, "Expired")),
      next: { do: "list", pages: false },
      backoff: false,
    },
    ...[400, 406, 415, 422].map((code) => ({
      name: `${code} to a streaming list falls back to a list at once`,
      attempt: STREAM,
      outcome: failed(error(code)),
      next: LIST,
      backoff: false,
    })),
    {
      name: "a stream that never ends its initial events falls back to a list",
      attempt: STREAM,
      outcome: failed(error(0, NO_INITIAL_END), 10),
      next: LIST,
      backoff: false,
    },
    ...[401, 403, 404].map((code) => ({
      name: `${code} says nothing about streaming lists`,
      attempt: STREAM,
      outcome: failed(error(code)),
      next: STREAM,
      backoff: true,
    })),
    ...[400, 404, 504].map((code) => ({
      name: `${code} to a watch makes the next attempt list`,
      state: watching,
      attempt: WATCH,
      outcome: failed(error(code), 0, "7"),
      next: STREAM,
      backoff: true,
    })),
  ])("$name", ({ state = INITIAL_STATE, attempt, outcome, next, backoff, notBefore = 0 }) => {
    const result = step(state, attempt, outcome);
    expect(result.attempt).toEqual(next);
    expect(result.backoff).toBe(backoff);
    expect(result.notBefore).toBe(notBefore);
  });

  test("failures add up until an attempt lasts", () => {
    let state = watching;
    for (let i = 0; i < 3; i++) state = step(state, WATCH, failed(error(0), 0, "7")).state;
    expect(state.failures).toBe(3);
    expect(step(state, WATCH, failed(error(0), 60, "7")).state.failures).toBe(1);
    expect(step(state, WATCH, ended(60, "7")).state.failures).toBe(0);
  });

  test("property: whatever a server answers, attempts that don't last are limited", () => {
    const outcome = fc.oneof(
      fc.constant<Outcome>(ended(0, "7")),
      fc.constant<Outcome>({ on: "listed", resourceVersion: "7" }),
      fc
        .tuple(fc.constantFrom(0, 400, 401, 404, 410, 422, 429, 500, 504), fc.option(fc.constant("7")))
        .map(([code, version]) => failed(error(code), 0, version ?? undefined)),
    );
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 40, maxLength: 80 }), (outcomes) => {
        let state = INITIAL_STATE;
        let attempt: Attempt = STREAM;
        let waits = 0;
        let watches = 0;
        for (const each of outcomes) {
          // A list can't end like a watch, nor a watch like a list.
          if ((each.on === "listed") !== (attempt.do === "list") && each.on !== "failed") continue;
          const next = step(state, attempt, each);
          if (each.on !== "listed") watches++;
          if (next.backoff) waits++;
          ({ state, attempt } = next);
        }
        // Free are: one fallback from streaming, one first expiry.
        expect(waits).toBeGreaterThanOrEqual(watches - 2);
      }),
    );
  });

  test("the wait that the server asked for is taken from the last answer only", () => {
    const first = step(watching, WATCH, failed(error(429, "X", 30), 0, "7"));
    expect(first.notBefore).toBe(30_000);
    expect(step(first.state, WATCH, failed(error(0), 0, "7")).notBefore).toBe(millis(0));
  });
});
