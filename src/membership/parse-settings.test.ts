import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { millis, seconds } from "../lib/duration.ts";
import { parseMembershipSettings } from "./parse-settings.ts";
import { REFERENCE_LAN } from "./settings.ts";

/** Every key that the reference reads, with values that are in no profile. */
const COMPLETE = {
  TCPTimeout: "11s",
  IndirectChecks: 5,
  RetransmitMult: 6,
  SuspicionMult: 7,
  SuspicionMaxTimeoutMult: 9,
  PushPullInterval: "1m30s",
  ProbeTimeout: "250ms",
  ProbeInterval: "0.75s",
  DisableTcpPings: true,
  AwarenessMaxMultiplier: 10,
  GossipNodes: 2,
  GossipInterval: "125ms",
  GossipToTheDeadTime: "45s",
  GossipVerifyIncoming: false,
  GossipVerifyOutgoing: false,
  EnableCompression: false,
  HandoffQueueDepth: 2048,
  UDPBufferSize: 1300,
  QueueCheckInterval: "31s",
};

function parse(changes: Record<string, unknown>) {
  return parseMembershipSettings(JSON.stringify({ ...COMPLETE, ...changes }));
}

test("every field is read", () => {
  expect(parse({})).toEqual({
    ok: true,
    value: {
      notes: [],
      settings: {
        tcpTimeout: seconds(11),
        indirectChecks: 5,
        retransmitMult: 6,
        suspicionMult: 7,
        suspicionMaxTimeoutMult: 9,
        pushPullInterval: seconds(90),
        probeTimeout: millis(250),
        probeInterval: millis(750),
        disableTcpPings: true,
        awarenessMaxMultiplier: 10,
        gossipNodes: 2,
        gossipInterval: millis(125),
        gossipToTheDeadTime: seconds(45),
        gossipVerifyIncoming: false,
        gossipVerifyOutgoing: false,
        enableCompression: false,
        handoffQueueDepth: 2048,
        udpBufferSize: 1300,
        queueCheckInterval: seconds(31),
      },
    },
  });
});

test("a file with nothing but the durations works, and says what is odd about it", () => {
  const durations = Object.entries(COMPLETE).filter(([, value]) => typeof value === "string");
  const parsed = parseMembershipSettings(JSON.stringify(Object.fromEntries(durations)));
  expect(parsed).toMatchObject({
    ok: true,
    value: {
      settings: {
        indirectChecks: 0,
        gossipNodes: 0,
        handoffQueueDepth: 0,
        disableTcpPings: false,
        gossipVerifyIncoming: false,
        enableCompression: false,
        suspicionMult: REFERENCE_LAN.suspicionMult,
        udpBufferSize: REFERENCE_LAN.udpBufferSize,
      },
    },
  });
  expect(parsed.ok && parsed.value.notes).toEqual([
    "IndirectChecks is missing: 0",
    "RetransmitMult is missing, which can't work: 4",
    "SuspicionMult is missing, which can't work: 4",
    "SuspicionMaxTimeoutMult is missing, which can't work: 6",
    "DisableTcpPings is missing: false",
    "AwarenessMaxMultiplier is missing, which can't work: 8",
    "GossipNodes is missing: 0",
    "GossipVerifyIncoming is missing: false",
    "GossipVerifyOutgoing is missing: false",
    "EnableCompression is missing: false",
    "HandoffQueueDepth is missing: 0",
    "UDPBufferSize is missing, which can't work: 1400",
  ]);
});

describe("what the reference reads, too", () => {
  test.each([
    ["an unknown key", { Unknown: {} }, {}],
    ["another letter case", { TCPTimeout: undefined, tcptimeout: "12s" }, { tcpTimeout: seconds(12) }],
    ["null for a number", { IndirectChecks: null }, { indirectChecks: 0 }],
    ["an interval of 0", { GossipInterval: "0" }, { gossipInterval: millis(0) }],
    ["a negative interval", { PushPullInterval: "-1s" }, { pushPullInterval: millis(0) }],
  ])("%s", (_, changes, want) => {
    expect(parse(changes)).toMatchObject({ ok: true, value: { settings: want } });
  });
});

describe("what is refused", () => {
  test.each([
    [{ ProbeInterval: undefined }, "ProbeInterval", "is missing"],
    [{ ProbeInterval: null }, "ProbeInterval", "is missing"],
    [{ ProbeInterval: "1" }, "ProbeInterval", 'is "1"'],
    [{ ProbeInterval: 1000 }, "ProbeInterval", "is 1000"],
    [{ ProbeInterval: `${"9".repeat(100)}s` }, "ProbeInterval", `is "${"9".repeat(39)}`],
    [{ GossipNodes: 1.5 }, "GossipNodes", "is 1.5"],
    [{ GossipNodes: "3" }, "GossipNodes", 'is "3"'],
    [{ GossipNodes: -1 }, "GossipNodes", "is -1"],
    [{ SuspicionMult: -1 }, "SuspicionMult", "is -1"],
    [{ SuspicionMult: 1e9 }, "SuspicionMult", "is 1000000000"],
    [{ EnableCompression: "yes" }, "EnableCompression", 'is "yes"'],
    [{ EnableCompression: 1 }, "EnableCompression", "is 1"],
    [{ UDPBufferSize: 100 }, "UDPBufferSize", "is 100"],
    [{ UDPBufferSize: 65_508 }, "UDPBufferSize", "is 65508"],
  ])("%j", (changes, field, message) => {
    expect(parse(changes)).toEqual({
      ok: false,
      error: [{ field, message, fix: expect.stringMatching(/^(use|add) /) }],
    });
  });

  test.each([
    ["", "is not JSON"],
    ["{", "is not JSON"],
    ["[]", "is not an object"],
    ["null", "is not an object"],
    ['"1s"', "is not an object"],
    [`{"a":"${"x".repeat(70_000)}"}`, "is longer than"],
  ])("the document %.20s", (text, message) => {
    const parsed = parseMembershipSettings(text);
    expect(parsed).toMatchObject({ ok: false, error: [{ field: "", message: expect.stringContaining(message) }] });
  });

  test("all that is wrong is said", () => {
    const parsed = parse({ ProbeInterval: "1", GossipNodes: -1, EnableCompression: 0 });
    expect(parsed.ok ? [] : parsed.error.map(({ field }) => field)).toEqual([
      "ProbeInterval",
      "GossipNodes",
      "EnableCompression",
    ]);
  });
});

test("whatever stands in a file, all numbers of the result can be counted with", () => {
  const keys = fc.constantFrom(...Object.keys(COMPLETE));
  fc.assert(
    fc.property(fc.dictionary(keys, fc.oneof(fc.jsonValue(), fc.constantFrom("1s", "5ms"))), (changes) => {
      const parsed = parse(changes);
      if (!parsed.ok) return;
      for (const value of Object.values(parsed.value.settings)) {
        expect(typeof value === "boolean" || (Number.isFinite(value) && value >= 0)).toBe(true);
      }
    }),
  );
});
