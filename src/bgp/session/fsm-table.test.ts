import { describe, expect, test } from "vitest";
import { FSM_EVENT_NUMBERS, type FsmEventName } from "./fsm-event.ts";
import { FSM, type FsmCondition, ruleFor } from "./fsm-table.ts";
import type { SessionState } from "./session-state.ts";

const STATES = Object.keys(FSM) as SessionState[];
const EVENTS = Object.keys(FSM_EVENT_NUMBERS) as (keyof typeof FSM_EVENT_NUMBERS)[];
const STARTS = [1, 3, 4, 5, 6, 7];

/** Numbers of the events that have no entry of their own in the state. */
function others(state: SessionState): number[] {
  return EVENTS.filter((event) => FSM[state][event] === undefined).map((event) => FSM_EVENT_NUMBERS[event]);
}

describe('"any other event" (RFC 4271 §8.2.2; 29 is of RFC 9687)', () => {
  test.each<[SessionState, readonly number[], string]>([
    // The RFC names them: 9-12, 15-28. 2 and 8 are ignored by a sentence of their own, 14 by none.
    ["Idle", [2, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29], "as the RFC"],
    ["Connect", [8, 10, 11, 13, 19, 23, 25, 26, 27, 28, 29], "as the RFC"],
    ["Active", [8, 10, 11, 13, 19, 23, 25, 26, 27, 28, 29], "as the RFC"],
    ["OpenSent", [9, 11, 12, 13, 20, 26, 27, 28, 29], "as the RFC, but 25: a NOTIFICATION is not answered"],
    ["OpenConfirm", [9, 12, 13, 19, 20, 27, 28, 29], "as the RFC, and 19: a second OPEN on one connection"],
    ["Established", [9, 12, 13, 19, 20, 22], "as the RFC, but 21 (§6.1), and 19: a second OPEN on one connection"],
  ])("%s: %j", (state, want) => {
    expect(others(state)).toEqual(want);
  });
});

test.each(STATES.filter((state) => state !== "Idle"))("start events are ignored in %s", (state) => {
  for (const event of EVENTS.filter((one) => STARTS.includes(FSM_EVENT_NUMBERS[one]))) {
    expect(ruleFor(state, event, () => true)).toEqual({ do: [], to: state });
  }
});

const everyCase = STATES.flatMap((state) =>
  [...EVENTS, "RouteRefreshMsg" as FsmEventName].flatMap((event) =>
    [true, false].map((holds) => ({ state, event, rule: ruleFor(state, event, () => holds) })),
  ),
);

test("whatever leads to Idle drops the connection and stops what may be running", () => {
  const leave = everyCase.filter(({ state, rule }) => state !== "Idle" && rule.to === "Idle");
  expect(leave.length).toBeGreaterThan(60);
  for (const { state, event, rule } of leave) {
    const where = `${state}, ${event}`;
    expect({ where, releases: rule.do.includes("release resources") }).toEqual({ where, releases: true });
    expect({ where, stops: rule.do.includes("stop ConnectRetryTimer") }).toEqual({ where, stops: true });
    // Event 18 in Active is told about a connection that is no more.
    const drops = rule.do.includes("drop TCP connection") || (state === "Active" && event === "TcpConnectionFails");
    expect({ where, drops }).toEqual({ where, drops: true });
  }
});

test("what is sent goes out before the connection is dropped", () => {
  const sending = everyCase.filter(({ rule }) => rule.do.some((action) => action.startsWith("send NOTIFICATION")));
  expect(sending.length).toBeGreaterThan(30);
  for (const { rule } of sending) expect(rule.do[0]).toMatch(/^send NOTIFICATION/);
});

test("a condition chooses, and the last rule needs none", () => {
  const chosen = (held: readonly FsmCondition[]) =>
    ruleFor("Connect", "TcpConnectionFails", (condition) => held.includes(condition)).to;
  expect([chosen(["DelayOpenTimer running"]), chosen(["DelayOpen"]), chosen([])]).toEqual(["Active", "Idle", "Idle"]);
});
