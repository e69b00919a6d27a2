import { describe, expect, test } from "vitest";
import { peerOpen, SessionLab } from "../../../test/support/bgp-session-lab.ts";
import { seconds } from "../../lib/duration.ts";
import { dominantSide, type Initiator, resolveCollision, type Rival } from "./collision.ts";

describe("who dominates (RFC 4271 §6.8, RFC 6286 §2.3)", () => {
  test.each<[string, number, number, number, number, Initiator]>([
    ["the higher identifier", 0xc000_0202, 1, 0xc000_0201, 2, "us"],
    ["the higher identifier", 0xc000_0201, 2, 0xc000_0202, 1, "peer"],
    ["identifiers have no sign", 0x7fff_ffff, 1, 0x8000_0000, 1, "peer"],
    ["identifiers have no sign", 0xffff_ffff, 1, 1, 1, "us"],
    ["of equal identifiers the higher AS number", 7, 4_200_000_000, 7, 65_000, "us"],
    ["of equal identifiers the higher AS number", 7, 64_512, 7, 64_513, "peer"],
  ])("%s: %d, AS %d against %d, AS %d: %s", (_, ourId, ourAsn, peerId, peerAsn, want) => {
    expect(dominantSide({ routerId: ourId, asn: ourAsn }, { routerId: peerId, asn: peerAsn })).toBe(want);
  });
});

describe("an OPEN comes on the connection that", () => {
  test.each<[Initiator, Rival["initiator"], Rival["is"], Initiator, "keep" | "drop" | "wait"]>([
    ["us", "peer", "opened", "us", "keep"],
    ["peer", "us", "opened", "us", "drop"],
    ["us", "peer", "opened", "peer", "drop"],
    ["peer", "us", "opened", "peer", "keep"],
    ["us", "peer", "silent", "us", "keep"],
    ["peer", "us", "silent", "us", "wait"],
    ["us", "peer", "silent", "peer", "wait"],
    ["peer", "us", "attempt", "us", "keep"],
    ["peer", "us", "established", "peer", "drop"],
    ["peer", "peer", "established", "peer", "drop"],
    ["peer", "peer", "silent", "us", "keep"],
    ["peer", "peer", "opened", "us", "keep"],
  ])(
    "%s has begun, beside one that %s has begun and that is %s; %s dominates: %s",
    (initiator, by, is, dominant, want) => {
      expect(resolveCollision(initiator, { initiator: by, is }, dominant)).toBe(want);
    },
  );
});

const KEEPALIVE = { type: "keepalive" } as const;
const HIGHER = peerOpen({ routerId: 0xffff_ffff });
const LOWER = peerOpen({ routerId: 1 });
const AGREED = ["KEEPALIVE", "keepalive = 22.5", "hold = 90"];

/** Both sides have connected, and both OPENs are under way. */
function crossed(): SessionLab {
  const lab = new SessionLab();
  lab.do({ on: "start" }, lab.accepted("in-1"), lab.connected("out-1"));
  return lab;
}

function on(connection: string, did: readonly string[]): readonly string[] {
  return did.map((one) => (/^[A-Z]/.test(one) ? `${connection} ${one}` : one));
}

describe("two connections at a time", () => {
  test("each has an OPEN of its own", () => {
    const lab = new SessionLab();
    lab.do({ on: "start" });
    expect(lab.do(lab.accepted("in-1"))).toEqual(["in-1 OPEN", "hold = 240", "Connect → OpenSent"]);
    expect(lab.do(lab.connected("out-1"))).toEqual(["connect-retry off", "out-1 OPEN", "hold = 240"]);
  });

  test("the OPEN comes first where it is kept: the other one is closed at once", () => {
    const lab = crossed();
    expect(lab.do(lab.received(HIGHER, "in-1"))).toEqual([
      "out-1 NOTIFICATION 6/7",
      "hold off",
      "out-1 close",
      ...on("in-1", AGREED),
      "OpenSent → OpenConfirm",
    ]);
    expect(lab.session.timers).toEqual(["hold/2", "keepalive/2"]);
  });

  test("the OPEN comes first where it is not kept: nothing is confirmed before the other has come, too", () => {
    const lab = crossed();
    expect(lab.do(lab.received(LOWER, "in-1"))).toEqual(["collision = 5"]);
    expect(lab.do(lab.received(KEEPALIVE, "in-1"))).toEqual([]);
    expect(lab.do(lab.received(LOWER, "out-1"))).toEqual([
      "in-1 NOTIFICATION 6/7",
      "hold off",
      "in-1 close",
      "collision off",
      ...on("out-1", AGREED),
      "OpenSent → OpenConfirm",
    ]);
  });

  test.each<[string, (lab: SessionLab) => readonly string[], string]>([
    ["it is closed", (lab) => lab.do({ on: "closed", connection: "out-1" }), "hold off"],
    ["no OPEN comes on it", (lab) => lab.pass(5000), "5: out-1 NOTIFICATION 6/7"],
  ])("what waits goes on when the other one fails: %s", (_, fail, first) => {
    const lab = crossed();
    lab.do(lab.received(LOWER, "in-1"), lab.received(KEEPALIVE, "in-1"));
    const did = fail(lab).map((one) => one.replace("5: ", ""));
    expect(did[0]).toBe(first.replace("5: ", ""));
    expect(did.slice(-5)).toEqual([...on("in-1", AGREED), "in-1 established", "OpenSent → Established"]);
    expect(lab.session.timers).toEqual(["hold/2", "keepalive/2"]);
  });

  test("what waits is closed, and the other one goes on", () => {
    const lab = crossed();
    lab.do(lab.received(LOWER, "in-1"), { on: "closed", connection: "in-1" }, lab.received(LOWER, "out-1"));
    expect([lab.session.state, lab.session.timers]).toEqual(["OpenConfirm", ["hold/1", "keepalive/1"]]);
  });

  test("a second OPEN where the first one waits is one too many", () => {
    const lab = crossed();
    expect(lab.do(lab.received(LOWER, "in-1"), lab.received(LOWER, "in-1"))).toContain("in-1 NOTIFICATION 5/1");
    expect(lab.session.state).toBe("OpenSent");
  });

  test("in OpenConfirm, the one that the identifiers choose is kept, whichever came first", () => {
    for (const [open, kept] of [
      [HIGHER, "in-1"],
      [LOWER, "out-1"],
    ] as const) {
      const lab = new SessionLab();
      lab.do({ on: "start" }, lab.connected("out-1"), lab.received(open, "out-1"), lab.accepted("in-1"));
      lab.do(lab.received(open, "in-1"));
      expect([...lab.connections.keys()]).toEqual([kept]);
      expect(lab.notification).toMatchObject({ code: 6, subcode: 7 });
      expect(lab.session.state).toBe("OpenConfirm");
    }
  });

  test("an attempt that got no answer yet is given up for a connection with an OPEN", () => {
    const lab = new SessionLab();
    lab.do({ on: "start" }, lab.accepted("in-1"));
    expect(lab.do(lab.received(LOWER, "in-1"))).toEqual([
      "connect-retry off",
      "out-1 close",
      ...on("in-1", AGREED),
      "OpenSent → OpenConfirm",
    ]);
  });

  test("the failure of one leaves the other alone", () => {
    const lab = crossed();
    lab.do(lab.received(peerOpen({ asn: 65_000, capabilities: [] }), "out-1"));
    expect([...lab.connections.keys(), lab.session.state]).toEqual(["in-1", "OpenSent"]);
    expect(lab.session.snapshot().connectRetryCounter).toBe(1);
    lab.do(lab.received(LOWER, "in-1"), lab.received(KEEPALIVE, "in-1"));
    expect(lab.session.state).toBe("Established");
  });

  test("a peer that connects a third time has given up the second", () => {
    const lab = crossed();
    expect(lab.do(lab.accepted("in-2"))).toEqual([
      "in-1 NOTIFICATION 6/7",
      "hold off",
      "in-1 close",
      "in-2 OPEN",
      "hold = 240",
    ]);
  });
});

describe("a connection that comes while another is Established", () => {
  test("is refused when its OPEN has come; the other one is asked whether it lives", () => {
    const lab = new SessionLab();
    lab.establish();
    expect(lab.do(lab.accepted("in-1"))).toEqual(["in-1 OPEN", "hold = 240"]);
    expect(lab.do(lab.received(HIGHER, "in-1"))).toEqual([
      "in-1 NOTIFICATION 6/7",
      "hold off",
      "in-1 close",
      "out-1 KEEPALIVE",
    ]);
    expect(lab.session.snapshot()).toMatchObject({ state: "Established", lastEnd: undefined });
  });

  test("is taken at once when the answer is that it does not", () => {
    const lab = new SessionLab();
    lab.establish();
    lab.do(lab.accepted("in-1"), { on: "closed", connection: "out-1", reason: "connection reset by peer" });
    expect(lab.session.state).toBe("OpenSent");
    lab.do(lab.received(peerOpen(), "in-1"), lab.received(KEEPALIVE, "in-1"));
    expect(lab.session.snapshot()).toMatchObject({ state: "Established", timesEstablished: 2 });
  });

  test("takes its place if both restart gracefully (RFC 4724 §4.2)", () => {
    const restart = {
      is: "graceful-restart",
      restarting: true,
      notification: false,
      time: 120,
      families: [],
    } as const;
    const open = peerOpen({ capabilities: [...peerOpen().capabilities, restart] });
    const lab = new SessionLab({ gracefulRestart: { ...restart, restarting: false }, holdTime: seconds(90) });
    lab.establish(open);
    const did = lab.do(lab.accepted("in-1"), lab.received(open, "in-1"));
    expect(did).toContain("down: replaced");
    expect(did.filter((one) => one.includes("NOTIFICATION"))).toEqual([]);
    lab.do(lab.received(KEEPALIVE, "in-1"));
    expect([lab.session.state, [...lab.connections.keys()]]).toEqual(["Established", ["in-1"]]);
  });
});
