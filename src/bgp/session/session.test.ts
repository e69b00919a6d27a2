import { describe, expect, test } from "vitest";
import { sessionConfig } from "../../../test/support/bgp-session-config.ts";
import { peerOpen, SessionLab, SHORT_DAMPING } from "../../../test/support/bgp-session-lab.ts";
import { parsePrefix } from "../../ip/prefix.ts";
import { millis, seconds } from "../../lib/duration.ts";
import type { Message, Notification, Update } from "../message.ts";
import { CEASE, NOTIFICATION, shutdownData } from "../notification.ts";
import type { ConnectionId } from "./connection.ts";

const KEEPALIVE = { type: "keepalive" } as const;
const UPDATE: Update = { type: "update", withdrawn: [], announced: [] };

function notification(code: number, subcode: number, data: Uint8Array = new Uint8Array()): Notification {
  return { type: "notification", code, subcode, data };
}

function cease(subcode: number, data?: Uint8Array): Notification {
  return notification(NOTIFICATION.CEASE, subcode, data);
}

test("the life of a session", () => {
  const lab = new SessionLab();
  expect(lab.do({ on: "start" })).toEqual(["connect-retry = 7.5", "out-1 connect", "Idle → Connect"]);
  expect(lab.do(lab.connected())).toEqual(["connect-retry off", "out-1 OPEN", "hold = 240", "Connect → OpenSent"]);
  expect(lab.do(lab.received(peerOpen({ holdTime: 30 })))).toEqual([
    "out-1 KEEPALIVE",
    "keepalive = 7.5",
    "hold = 30",
    "OpenSent → OpenConfirm",
  ]);
  expect(lab.do(lab.received(KEEPALIVE))).toEqual(["out-1 established", "OpenConfirm → Established"]);
  expect(lab.pass(16_000)).toEqual([
    "7.5: out-1 KEEPALIVE",
    "7.5: keepalive = 7.5",
    "15: out-1 KEEPALIVE",
    "15: keepalive = 7.5",
  ]);
  expect(lab.do({ on: "stop", why: "deconfigured" })).toEqual([
    "out-1 NOTIFICATION 6/3",
    "hold off",
    "keepalive off",
    "out-1 close",
    "down: deconfigured",
    "Established → Idle",
  ]);
  expect([lab.timers, lab.session.timers]).toEqual([[], []]);
});

describe("the hold timer", () => {
  const established = () => {
    const lab = new SessionLab();
    lab.establish(peerOpen({ holdTime: 9 }));
    return lab;
  };

  test.each<[string, Message, boolean]>([
    ["KEEPALIVE", KEEPALIVE, true],
    ["UPDATE", UPDATE, true],
    ["ROUTE-REFRESH", { type: "route-refresh", afi: 1, safi: 1, subtype: 0 }, false],
  ])("is started again by %s: %s", (_, message, restarts) => {
    const lab = established();
    lab.pass(8000);
    lab.do(lab.received(message));
    lab.pass(8000);
    expect(lab.session.state === "Established").toBe(restarts);
    lab.pass(1000);
    expect(lab.session.state).not.toBe("Established");
    expect(lab.session.snapshot().lastEnd).toMatchObject({
      at: restarts ? 17_000 : 9000,
      reason: { code: "hold-timer-expired", text: "nothing came from the peer for 9 s" },
    });
    expect(lab.notification).toMatchObject({ code: NOTIFICATION.HOLD_TIMER_EXPIRED });
  });

  test("that fires late gives the process time to read what has come meanwhile", () => {
    const lab = established();
    lab.now = 20_000;
    expect(lab.do({ on: "timer", name: "hold/1" })).toEqual(["hold = 0.5"]);
    lab.do(lab.received(KEEPALIVE));
    lab.pass(8900);
    expect(lab.session.state).toBe("Established");
    lab.now += 20_000;
    lab.do({ on: "timer", name: "hold/1" });
    expect(lab.pass(500)).toContain("49.4: out-1 NOTIFICATION 4/0");
  });

  test("is four minutes in OpenSent", () => {
    const lab = new SessionLab();
    lab.do({ on: "start" }, lab.connected());
    expect(lab.pass(240_000)[0]).toBe("240: out-1 NOTIFICATION 4/0");
  });
});

describe("keepalives", () => {
  test("wait when UPDATEs were sent", () => {
    const lab = new SessionLab();
    lab.establish(peerOpen({ holdTime: 30 }));
    lab.pass(7000);
    lab.do({ on: "updates-sent", count: 3 });
    expect(lab.pass(7000)).toEqual(["7.5: keepalive = 7"]);
    expect(lab.pass(500)[0]).toBe("14.5: out-1 KEEPALIVE");
    expect(lab.session.snapshot().sent).toMatchObject({ open: 1, update: 3, keepalive: 2 });
  });

  test("come at the configured time if it is the shorter one", () => {
    const lab = new SessionLab({ keepaliveTime: seconds(4) });
    lab.establish(peerOpen({ holdTime: 30 }));
    expect(lab.pass(3000)[0]).toBe("3: out-1 KEEPALIVE");
  });

  test("are never more than one a second", () => {
    const lab = new SessionLab({ holdTime: seconds(3), keepaliveTime: millis(0) });
    lab.establish();
    expect(lab.pass(1000)[0]).toBe("1: out-1 KEEPALIVE");
  });
});

describe("a peer that stops reading (RFC 9687)", () => {
  test("is dropped after eight minutes in which it took nothing", () => {
    const lab = new SessionLab({ holdTime: millis(0) });
    lab.establish();
    lab.do({ on: "blocked", connection: "out-1" });
    lab.pass(479_000);
    expect(lab.do({ on: "blocked", connection: "out-1" })).toEqual([]);
    expect(lab.pass(479_000)).toEqual(["480: send-hold = 479"]);
    expect(lab.pass(1000)[0]).toBe("959: out-1 NOTIFICATION 8/0");
  });

  test("is kept when it takes all in the end", () => {
    const lab = new SessionLab({ holdTime: millis(0) });
    lab.establish();
    lab.do({ on: "blocked", connection: "out-1" });
    lab.pass(479_000);
    expect(lab.do({ on: "drained", connection: "out-1" })).toEqual(["send-hold off"]);
    lab.pass(1_000_000);
    expect(lab.session.state).toBe("Established");
  });
});

describe("after a failure", () => {
  const open = peerOpen();

  test("to connect: waits in Active, each time twice as long up to the configured time", () => {
    const lab = new SessionLab();
    lab.do({ on: "start" });
    const did = [1, 2, 3, 4, 5, 6].map(() =>
      lab.do({ on: "connect-failed", connection: lab.nextAttempt(), reason: "connection refused" }),
    );
    const want = [0.75, 1.5, 3, 6, 7.5, 7.5].map((wait) => [
      "connect-retry off",
      `connect-retry = ${wait}`,
      "Connect → Active",
    ]);
    expect(did).toEqual(want);
    expect(lab.session.snapshot().lastEnd?.reason).toEqual({ code: "connect-failed", text: "connection refused" });
  });

  test("to get an answer: tries anew, and says so", () => {
    const lab = new SessionLab();
    lab.do({ on: "start" });
    expect(lab.pass(7500)).toEqual(["7.5: out-1 close", "7.5: connect-retry = 7.5", "7.5: out-2 connect"]);
    expect(lab.session.snapshot().lastEnd?.reason.code).toBe("connect-timeout");
    expect(lab.do(lab.connected("out-1"))).toEqual(["out-1 close"]);
  });

  test("of the session: once at once, then held in Idle for longer and longer", () => {
    const lab = new SessionLab({}, SHORT_DAMPING);
    lab.establish(open);
    const fail = (connection: ConnectionId) => lab.do({ on: "closed", connection }).slice(-2);
    expect(fail("out-1")).toEqual(["connect-retry = 0.75", "Established → Active"]);
    const idle = [2, 3, 4, 5].map(() => {
      const connection = lab.nextAttempt();
      lab.do(lab.connected(connection), lab.received(open, connection), lab.received(KEEPALIVE, connection));
      return fail(connection);
    });
    expect(idle).toEqual([1.5, 3, 6, 6].map((wait) => [`idle-hold = ${wait}`, "Established → Idle"]));
    expect(lab.session.snapshot().retryAt).toBe(lab.now + 6000);
  });

  test("in Idle, the peer is refused; after a time in which the session stood, all is forgotten", () => {
    const lab = new SessionLab({}, SHORT_DAMPING);
    lab.establish(open);
    lab.do({ on: "closed", connection: "out-1" });
    lab.pass(1000);
    lab.do(lab.connected("out-2"), lab.received(cease(CEASE.ADMIN_SHUTDOWN), "out-2"));
    expect(lab.session.state).toBe("Idle");
    expect(lab.do(lab.accepted("in-1"))).toEqual(["in-1 NOTIFICATION 6/5", "in-1 close"]);
    lab.pass(1500);
    lab.do(lab.connected("out-3"), lab.received(open, "out-3"), lab.received(KEEPALIVE, "out-3"));
    lab.pass(60_000);
    expect(lab.do({ on: "closed", connection: "out-3" }).at(-1)).toBe("Established → Active");
  });

  test.each<[string, Notification, string]>([
    ["a version error", notification(NOTIFICATION.OPEN, 1), "Active"],
    ["a rejected connection", cease(CEASE.CONNECTION_REJECTED), "Active"],
    ["a reset by the peer's operator", cease(CEASE.ADMIN_RESET), "Active"],
    ["any other Cease", cease(CEASE.OUT_OF_RESOURCES), "Idle"],
    ["an error of ours", notification(NOTIFICATION.OPEN, 2), "Idle"],
  ])("%s: %s, then %s", (_, message, state) => {
    const lab = new SessionLab({}, SHORT_DAMPING);
    lab.do({ on: "start" }, lab.connected(), lab.received(notification(NOTIFICATION.OPEN, 2)));
    lab.pass(1000);
    lab.do(lab.connected("out-2"), lab.received(message, "out-2"));
    expect(lab.session.state).toBe(state);
  });

  test("a passive session waits for the peer, however long", () => {
    const lab = new SessionLab({ passive: true });
    expect(lab.do({ on: "start" })).toEqual(["Idle → Active"]);
    expect(lab.pass(1_000_000)).toEqual([]);
    expect(lab.do(lab.accepted("in-1"))).toEqual(["in-1 OPEN", "hold = 240", "Active → OpenSent"]);
  });
});

describe("a reset", () => {
  test("says why, and begins again at once", () => {
    const lab = new SessionLab();
    lab.establish();
    expect(lab.do({ on: "reset", why: "admin-reset", text: "because" }).at(-1)).toBe("Established → Active");
    expect(lab.notification).toEqual(cease(CEASE.ADMIN_RESET, shutdownData("because")));
    expect(lab.session.snapshot().lastEnd?.reason.text).toBe("reset: because");
  });

  test("takes a session out of Idle", () => {
    const lab = new SessionLab();
    lab.do({ on: "start" });
    for (const connection of ["out-1", "out-2"] as const) {
      lab.do(lab.connected(connection), lab.received(notification(NOTIFICATION.OPEN, 2), connection));
      lab.pass(1000);
    }
    expect(lab.session.state).toBe("Idle");
    expect(lab.do({ on: "reset", why: "config-changed" })).toEqual([
      "idle-hold off",
      "connect-retry = 0.75",
      "Idle → Active",
    ]);
  });

  test("is nothing to a session that was stopped", () => {
    const lab = new SessionLab();
    expect(lab.do({ on: "reset", why: "config-changed" }, { on: "stop", why: "deconfigured" })).toEqual([]);
  });
});

describe("what a peer announces", () => {
  const prefixes = (...texts: readonly string[]) => texts.map((text) => parsePrefix(text)!);

  test("is counted, and too much of it ends the session with family and limit (RFC 4486 §4)", () => {
    const lab = new SessionLab({ maxPrefixes: 2 });
    lab.establish();
    const announced = prefixes("198.51.100.0/24", "203.0.113.0/24");
    const reach = {
      family: "IPv6",
      nextHop: announced[0]!.address,
      prefixes: prefixes("2001:db8:1::/48", "2001:db8:2::/48"),
    } as const;
    lab.do(lab.received({ ...UPDATE, announced, reach }), lab.received({ ...UPDATE, announced }));
    expect(lab.session.snapshot().prefixesReceived).toEqual({ IPv4: 2, IPv6: 2 });
    lab.do(lab.received({ ...UPDATE, withdrawn: [announced[0]!] }));
    lab.do(lab.received({ ...UPDATE, announced: prefixes("192.0.2.0/24") }));
    expect(lab.session.state).toBe("Established");
    lab.do(lab.received({ ...UPDATE, reach: { ...reach, prefixes: prefixes("2001:db8:3::/48") } }));
    expect(lab.notification).toEqual(cease(CEASE.MAX_PREFIXES, Uint8Array.of(0, 2, 1, 0, 0, 0, 2)));
    expect(lab.session.snapshot().lastEnd?.reason.code).toBe("too-many-prefixes");
  });

  test("has an end, once for each family, and begins anew with each session", () => {
    const lab = new SessionLab();
    lab.establish();
    lab.do(
      lab.received({ ...UPDATE, endOfRib: "IPv6" }),
      lab.received({ ...UPDATE, announced: prefixes("192.0.2.0/24") }),
    );
    expect(lab.session.snapshot()).toMatchObject({ endOfRibReceived: ["IPv6"], prefixesReceived: { IPv4: 1 } });
    lab.do({ on: "closed", connection: "out-1" });
    lab.pass(1000);
    lab.do(lab.connected("out-2"), lab.received(peerOpen(), "out-2"), lab.received(KEEPALIVE, "out-2"));
    expect(lab.session.snapshot()).toMatchObject({ endOfRibReceived: [], prefixesReceived: { IPv4: 0 } });
  });
});

describe("a ROUTE-REFRESH", () => {
  const ask = (afi: number, subtype = 0) => ({ type: "route-refresh", afi, safi: 1, subtype }) as const;
  const without = (...left: readonly string[]) =>
    peerOpen({ capabilities: peerOpen().capabilities.filter(({ is }) => !left.includes(is)) });

  test.each<[string, ReturnType<typeof ask>, readonly string[], readonly string[]]>([
    ["asks for IPv4", ask(1), [], ["refresh IPv4, enhanced"]],
    ["asks for IPv6", ask(2), [], ["refresh IPv6, enhanced"]],
    ["is answered without brackets", ask(2), ["enhanced-route-refresh"], ["refresh IPv6"]],
    ["is ignored if not negotiated", ask(2), ["route-refresh"], []],
    ["is ignored for other families", ask(25), [], []],
    ["is ignored with a subtype that asks nothing", ask(1, 1), [], []],
  ])("%s", (_, message, left, did) => {
    const lab = new SessionLab();
    lab.establish(without(...left));
    expect(lab.do(lab.received(message))).toEqual(did);
    expect(lab.session.state).toBe("Established");
  });
});

test("a snapshot tells the last transitions, with reasons", () => {
  const lab = new SessionLab();
  lab.establish();
  lab.pass(5000);
  lab.do({ on: "closed", connection: "out-1", reason: "connection reset by peer" });
  const { transitions, ...snapshot } = lab.session.snapshot();
  expect(transitions.map(({ from, to, reason }) => [from, to, reason?.text])).toEqual([
    ["Idle", "Connect", undefined],
    ["Connect", "OpenSent", undefined],
    ["OpenSent", "OpenConfirm", undefined],
    ["OpenConfirm", "Established", undefined],
    ["Established", "Active", "connection reset by peer"],
  ]);
  expect(snapshot).toMatchObject({
    state: "Active",
    since: 5000,
    timesEstablished: 1,
    retryAt: 5750,
    connectRetryCounter: 1,
  });
  expect(snapshot).toMatchObject({ received: { open: 1, keepalive: 1 }, sent: { open: 1, keepalive: 1 } });
});

test("the configuration of a session has no place for a password", () => {
  expect(JSON.stringify(sessionConfig(), (_, value: unknown) => (typeof value === "bigint" ? "" : value))).not.toMatch(
    /password/i,
  );
});
