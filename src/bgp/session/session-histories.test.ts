import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ENDPOINTS } from "../../../test/support/bgp-session-config.ts";
import { peerOpen, SessionLab } from "../../../test/support/bgp-session-lab.ts";
import { millis } from "../../lib/duration.ts";
import type { Message, Update } from "../message.ts";
import type { SessionAction } from "./action.ts";
import type { ConnectionId } from "./connection.ts";
import type { SessionEvent } from "./event.ts";

const KEEPALIVE = { type: "keepalive" } as const;
const UPDATE: Update = { type: "update", withdrawn: [], announced: [] };

const connection = fc.constantFrom<ConnectionId>("out-1", "out-2", "in-1", "in-2", "in-3");
const message = fc.oneof(
  fc.constantFrom<Message>(
    KEEPALIVE,
    UPDATE,
    peerOpen(),
    peerOpen({ asn: 1, capabilities: [] }),
    peerOpen({ routerId: 1 }),
  ),
  fc.record({
    type: fc.constant("notification" as const),
    code: fc.nat(9),
    subcode: fc.nat(12),
    data: fc.uint8Array(),
  }),
  fc.record({ type: fc.constant("route-refresh" as const), afi: fc.nat(3), safi: fc.nat(2), subtype: fc.nat(3) }),
);
const event = fc.oneof(
  fc.constantFrom<SessionEvent>({ on: "start" }, { on: "stop", why: "deconfigured" }, { on: "reset", why: "bfd-down" }),
  connection.map((one): SessionEvent => ({ on: "connected", connection: one, ...ENDPOINTS })),

  connection.map((one): SessionEvent => ({ on: "closed", connection: one })),
  connection.map((one): SessionEvent => ({ on: "connect-failed", connection: one, reason: "no" })),
  connection.map((one): SessionEvent => ({ on: "blocked", connection: one })),
  fc
    .tuple(connection, message)
    .map(([one, said]): SessionEvent => ({ on: "received", connection: one, message: said })),
  fc.tuple(connection, fc.nat(8)).map(([one, code]): SessionEvent => ({
    on: "garbled",
    connection: one,
    error: { code, subcode: 0, data: new Uint8Array(), message: "bad" },
  })),
  fc.constant("time" as const),
);

/** Mostly what comes next when nothing is in the way, so that histories get somewhere. */
const progress = fc.constantFrom("progress", "progress", "progress", "accepted");
const history = fc.array(fc.oneof(event, progress, progress), { maxLength: 80 });
const pauses = fc.array(fc.nat(20_000), { minLength: 1 });

function play(
  lab: SessionLab,
  events: readonly (SessionEvent | "time" | "progress" | "accepted")[],
  times: readonly number[],
): void {
  let accepted = 0;
  lab.do({ on: "start" });
  for (const [i, one] of events.entries()) {
    if (one === "accepted") lab.do(lab.accepted(`in-${++accepted}`));
    else if (one === "time") lab.pass(times[i % times.length]!);
    else if (one === "progress") lab.progress();
    else lab.do(one);
  }
}

/** What must hold of the actions of any history. */
function brokenRules(actions: readonly SessionAction[]): readonly string[] {
  const broken: string[] = [];
  let state = "Idle";
  let established = false;
  for (const action of actions) {
    if (action.do === "established" || action.do === "down") {
      if (established === (action.do === "established")) broken.push(`${action.do} twice`);
      established = action.do === "established";
    }
    if (action.do === "moved") {
      if (action.from !== state || action.from === action.to)
        broken.push(`${state}, then ${action.from} → ${action.to}`);
      state = action.to;
      if ((state === "Established") !== established) broken.push(`${state}, and established is ${established}`);
    }
    if (action.do === "set-timer" && !(action.after > 0)) broken.push(`${action.name} is set to ${action.after}`);
  }
  return broken;
}

describe.each([
  ["OPENs sent at once", { delayOpenTime: millis(0) }],
  ["OPENs delayed", { delayOpenTime: millis(3000) }],
  ["a passive session", { passive: true }],
] as const)("any history, %s", (_, config) => {
  test("throws nothing, keeps the rules, and leaves nothing behind when it is stopped", () => {
    let established = 0;
    fc.assert(
      fc.property(history, pauses, (events, times) => {
        const lab = new SessionLab(config);
        play(lab, events, times);
        lab.do({ on: "stop", why: "deconfigured" });
        const left = [lab.session.state, lab.timers, lab.session.timers, [...lab.connections.keys()]];
        expect(left).toEqual(["Idle", [], [], []]);
        expect([...brokenRules(lab.actions), ...lab.oddities]).toEqual([]);
        established += lab.actions.filter((action) => action.do === "established").length;
      }),
      { numRuns: 1000 },
    );
    expect(established).toBeGreaterThan(150);
  });

  test("ends Established when the peer behaves and time passes", () => {
    fc.assert(
      fc.property(history, pauses, (events, times) => {
        const lab = new SessionLab(config);
        play(lab, events, times);
        lab.do({ on: "start" });
        for (let i = 0; i < 100 && lab.session.state !== "Established"; i++) {
          if (lab.connections.size === 0 && lab.session.state !== "Idle") lab.do(lab.accepted(`in-${100 + i}`));
          lab.progress();
          lab.pass(5000);
        }
        expect(lab.session.state).toBe("Established");
      }),
      { numRuns: 500 },
    );
  });
});
