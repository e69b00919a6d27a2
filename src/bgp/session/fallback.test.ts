import { describe, expect, test } from "vitest";
import { sessionConfig } from "../../../test/support/bgp-session-config.ts";
import { peerOpen, SessionLab } from "../../../test/support/bgp-session-lab.ts";
import type { Notification } from "../message.ts";
import type { SessionConfig } from "./config.ts";
import { capabilitiesToLeave } from "./fallback.ts";

const ALL = [1, 2, 5, 6, 64, 65, 70];
const V4: Partial<SessionConfig> = { families: ["IPv4"] };

function refusal(subcode: number, ...data: readonly number[]): Notification {
  return { type: "notification", code: 2, subcode, data: Uint8Array.from(data) };
}

describe("after a refusal (RFC 5492 §3)", () => {
  test.each<[string, Partial<SessionConfig>, Notification, readonly number[]]>([
    ["of all optional parameters", V4, refusal(4), ALL],
    ["of all, when IPv6 needs one: none is left out", {}, refusal(4), []],
    ["of all, when our AS number needs one: none is left out", { ...V4, localAsn: 4_200_000_000 }, refusal(4), []],
    ["of extended messages", {}, refusal(7, 6, 0), [6]],
    ["of several", {}, refusal(7, 70, 0, 64, 2, 0, 120, 6, 0), [70, 64, 6]],
    ["of what IPv6 needs", {}, refusal(7, 1, 4, 0, 2, 0, 1), []],
    ["of what our AS number needs", { localAsn: 4_200_000_000 }, refusal(7, 65, 4, 0, 0, 0, 1), []],
    ["of one that we don't have: the peer wants it", {}, refusal(7, 69, 0), []],
    ["in half a word", {}, refusal(7, 6), []],
    ["with a length that goes too far", {}, refusal(7, 6, 200), [6]],
    ["for another reason", {}, refusal(2), []],
    ["that is none", {}, { type: "notification", code: 6, subcode: 4, data: new Uint8Array() }, []],
  ])("%s", (_, config, notification, left) => {
    expect(capabilitiesToLeave(sessionConfig(config), notification)).toEqual(left);
  });
});

test("the next OPEN is without them, and the one after a start has all again", () => {
  const lab = new SessionLab(V4);
  lab.do({ on: "start" }, lab.connected(), lab.received(refusal(4)));
  const second = lab.nextAttempt();
  lab.do(lab.connected(second));
  expect(lab.session.snapshot().leftOut).toEqual(ALL);
  lab.do(lab.received(peerOpen({ capabilities: [] }), second), lab.received({ type: "keepalive" }, second));
  expect(lab.session.snapshot()).toMatchObject({ state: "Established", negotiated: { families: ["IPv4"] } });
  lab.do({ on: "stop", why: "admin-shutdown" }, { on: "start" });
  lab.do(lab.connected(lab.nextAttempt()));
  const offered = lab.actions.flatMap((action) =>
    action.do === "send" && action.message.type === "open" ? [action.message.capabilities.length] : [],
  );
  expect(offered).toEqual([5, 0, 5]);
});

test("what a peer refuses in Established says nothing about our OPEN", () => {
  const lab = new SessionLab(V4);
  lab.establish();
  lab.do(lab.received(refusal(4)));
  expect(lab.session.snapshot().leftOut).toEqual([]);
});
