import { describe, expect, test } from "vitest";
import { millis, seconds } from "../lib/duration.ts";
import type { LeaseRecord } from "./lease-record.ts";
import {
  doubtLease,
  type LeaseState,
  nextLeaseAction,
  sawLease,
  UNKNOWN,
  WRITE_DURATION,
  wroteLease,
} from "./lease-step.ts";

const T = (n: number) => seconds(n);

function lease(holder: string, version: string, more: Partial<LeaseRecord> = {}): LeaseRecord {
  return { holder, duration: T(4), acquireTime: "then", transitions: 7, resourceVersion: version, ...more };
}

/** What has happened, in order: what was seen (`undefined`: no Lease), written, or failed, and when. */
type Past = readonly (
  | { readonly saw: LeaseRecord | undefined; readonly at: number }
  | { readonly wrote: LeaseRecord; readonly sentAt: number }
  | "doubt"
)[];

function after(past: Past): LeaseState {
  return past.reduce<LeaseState>((state, entry) => {
    if (entry === "doubt") return doubtLease(state);
    if ("saw" in entry) return sawLease(state, entry.saw, "me", T(entry.at));
    return wroteLease(entry.wrote, T(entry.sentAt));
  }, UNKNOWN);
}

describe("what to do next", () => {
  test.each<{ name: string; past: Past; now: number; want: object }>([
    { name: "nothing is known", past: [], now: 0, want: { do: "read" } },
    {
      name: "there is no Lease",
      past: [{ saw: undefined, at: 0 }],
      now: 0,
      want: { do: "write", replaces: undefined, unclean: false, lease: { holder: "me", transitions: 0 } },
    },
    {
      name: "another holds it",
      past: [{ saw: lease("other", "1"), at: 10 }],
      now: 13.9,
      want: { do: "wait", until: T(14) },
    },
    {
      name: "another has not renewed it in time",
      past: [{ saw: lease("other", "1"), at: 10 }],
      now: 14,
      want: { do: "write", replaces: "1", unclean: true, lease: { holder: "me", transitions: 8 } },
    },
    {
      name: "another renews it",
      past: [
        { saw: lease("other", "1"), at: 10 },
        { saw: lease("other", "2"), at: 13 },
      ],
      now: 14,
      want: { do: "wait", until: T(17) },
    },
    {
      name: "the same version is seen again: that is no renewal",
      past: [{ saw: lease("other", "1"), at: 10 }, "doubt", { saw: lease("other", "1"), at: 13 }],
      now: 14,
      want: { do: "write", replaces: "1" },
    },
    {
      name: "another's Lease that counts for longer",
      past: [{ saw: lease("other", "1", { duration: T(15) }), at: 10 }],
      now: 24,
      want: { do: "wait", until: T(25) },
    },
    {
      name: "it was given back",
      past: [
        { saw: lease("other", "1"), at: 10 },
        { saw: lease("", "2"), at: 11 },
      ],
      now: 11,
      want: { do: "write", replaces: "2", unclean: false, acquireTime: undefined, lease: { transitions: 8 } },
    },
    {
      name: "it is deleted while another holds it",
      past: [
        { saw: lease("other", "1"), at: 10 },
        { saw: undefined, at: 11 },
      ],
      now: 13,
      want: { do: "wait", until: T(14) },
    },
    {
      name: "it was deleted while another held it",
      past: [
        { saw: lease("other", "1"), at: 10 },
        { saw: undefined, at: 11 },
        { saw: undefined, at: 12 },
      ],
      now: 14,
      want: { do: "write", replaces: undefined, unclean: true },
    },
    {
      name: "we hold it",
      past: [{ wrote: lease("me", "5"), sentAt: 20 }],
      now: 20.9,
      want: { do: "wait", until: T(21) },
    },
    {
      name: "a renewal is due",
      past: [{ wrote: lease("me", "5"), sentAt: 20 }],
      now: 21,
      want: { do: "write", replaces: "5", acquireTime: "then", unclean: false, lease: { transitions: 7 } },
    },
    {
      name: "a renewal has an unknown outcome",
      past: [{ wrote: lease("me", "5"), sentAt: 20 }, "doubt"],
      now: 22,
      want: { do: "read" },
    },
    {
      name: "an acquisition whose answer was lost succeeded: it is renewed at once",
      past: [{ saw: undefined, at: 0 }, "doubt", { saw: lease("me", "6"), at: 2 }],
      now: 2,
      want: { do: "write", replaces: "6" },
    },
    {
      name: "we held it, and it is deleted",
      past: [
        { wrote: lease("me", "5"), sentAt: 20 },
        { saw: undefined, at: 21 },
      ],
      now: 21,
      want: { do: "wait", until: T(24) },
    },
  ])("$name", ({ past, now, want }) => {
    expect(nextLeaseAction(after(past), "me", T(now))).toMatchObject(want);
  });
});

describe("whether somebody else has led since we did", () => {
  const mine = { wrote: lease("me", "5"), sentAt: 20 };
  test.each<{ name: string; past: Past; held: unknown }>([
    { name: "after a renewal", past: [mine], held: { term: 7, sentAt: T(20) } },
    { name: "after trouble", past: [mine, "doubt"], held: { term: 7, sentAt: T(20) } },
    {
      name: "after trouble, when the Lease is still ours",
      past: [mine, "doubt", { saw: lease("me", "6"), at: 30 }],
      held: { term: 7, sentAt: T(20) },
    },
    { name: "another holds it", past: [mine, { saw: lease("other", "6"), at: 30 }], held: undefined },
    { name: "it was given back by somebody", past: [mine, { saw: lease("", "6"), at: 30 }], held: undefined },
    { name: "it is gone", past: [mine, { saw: undefined, at: 30 }], held: undefined },
    {
      name: "it is ours in another term",
      past: [mine, { saw: lease("me", "9", { transitions: 9 }), at: 30 }],
      held: { term: 9, sentAt: undefined },
    },
  ])("$name", ({ past, held }) => {
    expect(after(past).held).toEqual(held);
  });
});

test("who holds the Lease stops to write well before others may take it", () => {
  const action = nextLeaseAction(sawLease(UNKNOWN, undefined, "me", millis(0)), "me", millis(0));
  if (action.do !== "write") throw new Error(action.do);
  expect(action.lease.duration - WRITE_DURATION).toBeGreaterThanOrEqual(1000);
});
