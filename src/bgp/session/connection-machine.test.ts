import { describe, expect, test } from "vitest";
import { MachineLab, type Setup } from "../../../test/support/bgp-machine-lab.ts";
import { millis } from "../../lib/duration.ts";
import { NOTIFICATION } from "../notification.ts";
import type { FsmEvent } from "./fsm-event.ts";
import {
  collided,
  holdTimerExpired,
  peerNotified,
  protocolError,
  sendHoldTimerExpired,
  stopped,
  unexpected,
} from "./reason.ts";
import type { SessionState } from "./session-state.ts";

/** Of what a connection ends, by the RFC's number of the event. */
const EXTRAS: Readonly<Record<number, Omit<FsmEvent, "name">>> = {
  2: { reason: stopped("admin-shutdown") },
  8: { reason: stopped("bfd-down") },
  10: { reason: holdTimerExpired(millis(30_000)) },
  18: { reason: { code: "connection-lost", text: "reset by peer" } },
  21: { reason: protocolError({ code: 1, subcode: 2, data: Uint8Array.of(0, 18), message: "too short" }) },
  22: { reason: protocolError({ code: 2, subcode: 2, data: new Uint8Array(), message: "bad AS" }), message: "open" },
  23: { reason: collided("the other is kept") },
  24: { reason: peerNotified({ type: "notification", code: 2, subcode: 1, data: Uint8Array.of(0, 3) }) },
  25: { reason: peerNotified({ type: "notification", code: 6, subcode: 4, data: new Uint8Array() }) },
  26: { message: "keepalive" },
  27: { message: "update" },
  28: {
    reason: protocolError({ code: 3, subcode: 1, data: new Uint8Array(), message: "no attributes" }),
    message: "update",
  },
  29: { reason: sendHoldTimerExpired(millis(480_000)) },
};

interface Paragraph {
  readonly state: Setup;
  /** Numbers of events that all have the same outcome. */
  readonly events: readonly number[];
  readonly did: readonly string[];
  readonly to: SessionState;
  /** ConnectRetryCounter was 2. */
  readonly counter?: 0 | 3;
  readonly damps?: boolean;
}

/** One paragraph of RFC 4271 §8.2.2: an event in a state, what is done, and the state after it. */
function expectRow({ state, events, did, to, counter, damps }: Paragraph): void {
  for (const number of events) {
    const lab = new MachineLab(state);
    lab.takeDamps();
    lab.step(number, EXTRAS[number]);
    const seen = { number, did: lab.did(), to: lab.state, counter: lab.retryCounter, damps: lab.takeDamps() ?? false };
    expect(seen).toEqual({ number, did, to, counter: counter ?? 2, damps: damps ?? false });
  }
}

const STARTS = [1, 3, 4, 5, 6, 7];
const NOTHING: readonly string[] = [];

function rows(paragraphs: readonly Paragraph[]): [string, Paragraph][] {
  return paragraphs.map((one) => [`${one.state}, event ${one.events.join(", ")}`, one]);
}

describe("Idle", () => {
  test.each(
    rows([
      { state: "Idle", events: [1, 3], did: ["connect-retry = 7.5", "connect"], to: "Connect", counter: 0 },
      { state: "Idle", events: [2, 8], did: NOTHING, to: "Idle" },
      { state: "Idle", events: [4, 5], did: ["connect-retry = 3"], to: "Active", counter: 0 },
      { state: "Idle", events: [6, 13], did: ["connect-retry = 7.5", "connect"], to: "Connect" },
      { state: "Idle", events: [7], did: ["connect-retry = 3"], to: "Active" },
      {
        state: "Idle",
        events: [9, 10, 11, 12, 15, 16, 17, 18, 21, 22, 23, 24, 25, 26, 27, 28],
        did: NOTHING,
        to: "Idle",
      },
    ]),
  )("%s", (_, paragraph) => expectRow(paragraph));
});

describe("Connect", () => {
  const opened = ["connect-retry off", "OPEN", "hold = 240"];
  const failed = { did: ["connect-retry off", "close"], to: "Idle", counter: 3, damps: true } as const;
  const delayedFailed = { did: ["delay-open off", "close"], to: "Idle", counter: 3, damps: true } as const;
  test.each(
    rows([
      { state: "Connect", events: STARTS, did: NOTHING, to: "Connect" },
      { state: "Connect", events: [2], did: ["close", "connect-retry off"], to: "Idle", counter: 0 },
      {
        state: "Connect, delayed",
        events: [2],
        did: ["NOTIFICATION 6/2", "close", "delay-open off"],
        to: "Idle",
        counter: 0,
      },
      // The timer has fired already in fact, and runs on here: it is set to the same time.
      { state: "Connect", events: [9], did: ["close", "connect"], to: "Connect" },
      { state: "Connect, delayed", events: [12], did: ["delay-open off", "OPEN", "hold = 240"], to: "OpenSent" },
      { state: "Connect", events: [14], did: NOTHING, to: "Connect" },
      { state: "Connect", events: [15], did: NOTHING, to: "Connect" },
      { state: "Connect", events: [16, 17], did: opened, to: "OpenSent" },
      { state: "Connect, delayed", events: [18], did: ["connect-retry = 3", "delay-open off"], to: "Active" },
      { state: "Connect", events: [18], did: ["connect-retry off", "close"], to: "Idle" },
      {
        state: "Connect, delayed",
        events: [20],
        did: ["delay-open off", "OPEN", "KEEPALIVE", "keepalive = 7.5", "hold = 30"],
        to: "OpenConfirm",
      },
      {
        state: "Connect, delayed",
        events: [21],
        did: ["NOTIFICATION 1/2", "delay-open off", "close"],
        to: "Idle",
        counter: 3,
        damps: true,
      },
      {
        state: "Connect, delayed",
        events: [22],
        did: ["NOTIFICATION 2/2", "delay-open off", "close"],
        to: "Idle",
        counter: 3,
        damps: true,
      },
      { state: "Connect, delayed", events: [24], did: ["delay-open off", "close"], to: "Idle" },
      { state: "Connect", events: [24], ...failed },
      { state: "Connect", events: [8, 10, 11, 13, 19, 23, 25, 26, 27, 28], ...failed },
      { state: "Connect, delayed", events: [8, 10, 11, 13, 23, 25, 26, 27, 28], ...delayedFailed },
    ]),
  )("%s", (_, paragraph) => expectRow(paragraph));

  test("events 16 and 17 with DelayOpen: OPEN waits", () => {
    for (const number of [16, 17]) {
      const lab = new MachineLab("Connect", { delayOpenTime: millis(5000) });
      lab.step(number);
      expect([lab.did(), lab.state]).toEqual([["connect-retry off", "delay-open = 5"], "Connect"]);
    }
  });
});

describe("Active", () => {
  const opened = ["connect-retry off", "OPEN", "hold = 240"];
  const failed = { did: ["connect-retry off"], to: "Idle", counter: 3, damps: true } as const;
  const delayedFailed = { did: ["delay-open off", "close"], to: "Idle", counter: 3, damps: true } as const;
  test.each(
    rows([
      { state: "Active", events: STARTS, did: NOTHING, to: "Active" },
      { state: "Active", events: [2], did: ["connect-retry off"], to: "Idle", counter: 0 },
      {
        state: "Active, delayed",
        events: [2],
        did: ["NOTIFICATION 6/2", "delay-open off", "close"],
        to: "Idle",
        counter: 0,
      },
      { state: "Active", events: [9], did: ["connect"], to: "Connect" },
      { state: "Active, delayed", events: [12], did: ["delay-open off", "OPEN", "hold = 240"], to: "OpenSent" },
      { state: "Active", events: [14], did: NOTHING, to: "Active" },
      { state: "Active", events: [15], did: NOTHING, to: "Active" },
      { state: "Active", events: [16, 17], did: opened, to: "OpenSent" },
      { state: "Active", events: [18], ...failed },
      {
        state: "Active, delayed",
        events: [20],
        did: ["delay-open off", "OPEN", "KEEPALIVE", "keepalive = 7.5", "hold = 30"],
        to: "OpenConfirm",
      },
      {
        state: "Active, delayed",
        events: [21],
        did: ["NOTIFICATION 1/2", "delay-open off", "close"],
        to: "Idle",
        counter: 3,
        damps: true,
      },
      {
        state: "Active, delayed",
        events: [22],
        did: ["NOTIFICATION 2/2", "delay-open off", "close"],
        to: "Idle",
        counter: 3,
        damps: true,
      },
      { state: "Active, delayed", events: [24], did: ["delay-open off", "close"], to: "Idle" },
      { state: "Active", events: [24], ...failed },
      { state: "Active", events: [8, 10, 11, 13, 19, 23, 25, 26, 27, 28], ...failed },
      { state: "Active, delayed", events: [8, 10, 11, 13, 23, 25, 26, 27, 28], ...delayedFailed },
    ]),
  )("%s", (_, paragraph) => expectRow(paragraph));

  test("events 16 and 17 with DelayOpen: OPEN waits", () => {
    for (const number of [16, 17]) {
      const lab = new MachineLab("Active", { delayOpenTime: millis(5000) });
      lab.step(number);
      expect([lab.did(), lab.state]).toEqual([["connect-retry off", "delay-open = 5"], "Active"]);
    }
  });
});

describe("OpenSent", () => {
  const failed = (...notification: readonly string[]) =>
    ({ did: [...notification, "hold off", "close"], to: "Idle", counter: 3, damps: true }) as const;
  test.each(
    rows([
      { state: "OpenSent", events: STARTS, did: NOTHING, to: "OpenSent" },
      { state: "OpenSent", events: [2], did: ["NOTIFICATION 6/2", "hold off", "close"], to: "Idle", counter: 0 },
      { state: "OpenSent", events: [8], ...failed("NOTIFICATION 6/10") },
      { state: "OpenSent", events: [10], ...failed("NOTIFICATION 4/0") },
      { state: "OpenSent", events: [14, 16, 17], did: NOTHING, to: "OpenSent" },
      { state: "OpenSent", events: [15], did: NOTHING, to: "OpenSent" },
      { state: "OpenSent", events: [18], did: ["hold off", "close", "connect-retry = 3"], to: "Active" },
      { state: "OpenSent", events: [19], did: ["KEEPALIVE", "keepalive = 7.5", "hold = 30"], to: "OpenConfirm" },
      { state: "OpenSent", events: [21], ...failed("NOTIFICATION 1/2") },
      { state: "OpenSent", events: [22], ...failed("NOTIFICATION 2/2") },
      { state: "OpenSent", events: [23], ...failed("NOTIFICATION 6/7") },
      { state: "OpenSent", events: [24], did: ["hold off", "close"], to: "Idle" },
      { state: "OpenSent", events: [25], ...failed() },
      { state: "OpenSent", events: [9, 11, 12, 13, 26, 27, 28], ...failed("NOTIFICATION 5/1") },
    ]),
  )("%s", (_, paragraph) => expectRow(paragraph));

  test("event 19 with a negotiated hold time of zero: no timer runs", () => {
    const lab = new MachineLab("OpenSent", { holdTime: millis(0) });
    lab.step(19);
    expect([lab.did(), lab.state]).toEqual([["KEEPALIVE", "hold off"], "OpenConfirm"]);
  });

  test("event 20, an OPEN when there has been one", () => {
    const lab = new MachineLab("OpenSent");
    lab.stepAs("BGPOpen_with_DelayOpenTimer_running", { message: "open" });
    expect([lab.did(), lab.state]).toEqual([["NOTIFICATION 5/1", "hold off", "close"], "Idle"]);
  });
});

describe("OpenConfirm", () => {
  const failed = (...notification: readonly string[]) =>
    ({ did: [...notification, "hold off", "keepalive off", "close"], to: "Idle", counter: 3, damps: true }) as const;
  const stop = { did: ["NOTIFICATION 6/2", "hold off", "keepalive off", "close"], to: "Idle", counter: 0 } as const;
  test.each(
    rows([
      { state: "OpenConfirm", events: STARTS, did: NOTHING, to: "OpenConfirm" },
      { state: "OpenConfirm", events: [2], ...stop },
      { state: "OpenConfirm", events: [8], ...failed("NOTIFICATION 6/10") },
      { state: "OpenConfirm", events: [10], ...failed("NOTIFICATION 4/0") },
      { state: "OpenConfirm", events: [11], did: ["KEEPALIVE"], to: "OpenConfirm" },
      { state: "OpenConfirm", events: [14, 16, 17], did: NOTHING, to: "OpenConfirm" },
      { state: "OpenConfirm", events: [15], did: NOTHING, to: "OpenConfirm" },
      { state: "OpenConfirm", events: [18, 25], ...failed() },
      { state: "OpenConfirm", events: [24], did: ["hold off", "keepalive off", "close"], to: "Idle" },
      { state: "OpenConfirm", events: [21], ...failed("NOTIFICATION 1/2") },
      { state: "OpenConfirm", events: [22], ...failed("NOTIFICATION 2/2") },
      { state: "OpenConfirm", events: [23], ...failed("NOTIFICATION 6/7") },
      { state: "OpenConfirm", events: [26], did: ["established"], to: "Established" },
      { state: "OpenConfirm", events: [9, 12, 13, 19, 27, 28], ...failed("NOTIFICATION 5/2") },
    ]),
  )("%s", (_, paragraph) => expectRow(paragraph));
});

describe("Established", () => {
  const down = (reason: string, ...notification: readonly string[]) =>
    ({
      did: [...notification, "hold off", "keepalive off", "close", `down: ${reason}`],
      to: "Idle",
      counter: 3,
      damps: true,
    }) as const;
  test.each(
    rows([
      { state: "Established", events: STARTS, did: NOTHING, to: "Established" },
      { state: "Established", events: [2], ...down("admin-shutdown", "NOTIFICATION 6/2"), counter: 0, damps: false },
      { state: "Established", events: [8], ...down("bfd-down", "NOTIFICATION 6/10") },
      { state: "Established", events: [10], ...down("hold-timer-expired", "NOTIFICATION 4/0") },
      { state: "Established", events: [11], did: ["KEEPALIVE"], to: "Established" },
      { state: "Established", events: [14], did: NOTHING, to: "Established" },
      { state: "Established", events: [15], did: NOTHING, to: "Established" },
      { state: "Established", events: [16, 17], did: NOTHING, to: "Established" },
      { state: "Established", events: [23], ...down("collision", "NOTIFICATION 6/7") },
      { state: "Established", events: [24, 25], ...down("peer-notified") },
      { state: "Established", events: [18], ...down("connection-lost") },
      { state: "Established", events: [26], did: NOTHING, to: "Established" },
      { state: "Established", events: [27], did: NOTHING, to: "Established" },
      { state: "Established", events: [28], ...down("update-error", "NOTIFICATION 3/1") },
      { state: "Established", events: [21], ...down("header-error", "NOTIFICATION 1/2") },
      { state: "Established", events: [29], ...down("send-hold-timer-expired", "NOTIFICATION 8/0") },
      { state: "Established", events: [9, 12, 13, 19, 22], ...down("unexpected-message", "NOTIFICATION 5/3") },
    ]),
  )("%s", (_, paragraph) => expectRow(paragraph));

  test("a ROUTE-REFRESH is no error here, and is one before", () => {
    const established = new MachineLab("Established");
    established.refresh();
    expect([established.did(), established.state]).toEqual([NOTHING, "Established"]);
    const confirming = new MachineLab("OpenConfirm");
    confirming.refresh();
    expect(confirming.did()[0]).toBe("NOTIFICATION 5/2");
  });
});

test("an FSM error tells which message it was (RFC 6608 §4)", () => {
  expect(unexpected("update", "OpenConfirm")).toMatchObject({
    text: "the peer sent an UPDATE in OpenConfirm",
    notification: { code: NOTIFICATION.FSM, subcode: 2, data: Uint8Array.of(2) },
  });
});
