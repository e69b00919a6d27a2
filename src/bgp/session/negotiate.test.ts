import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sessionConfig } from "../../../test/support/bgp-session-config.ts";
import { peerOpen } from "../../../test/support/bgp-session-lab.ts";
import type { Family } from "../../ip/family.ts";
import { millis, seconds } from "../../lib/duration.ts";
import { AS_TRANS, type Capability } from "../message.ts";
import { decode } from "../wire/decode.ts";
import { encode } from "../wire/encode.ts";
import { INITIAL_WIRE_OPTIONS } from "../wire/options.ts";
import type { RemoteAs, SessionConfig } from "./config.ts";
import { makeOpen } from "./make-open.ts";
import { negotiate } from "./negotiate.ts";

const NONE = new Set<number>();

function agree(config: Partial<SessionConfig>, peers: ReturnType<typeof peerOpen>) {
  const ours = sessionConfig(config);
  return negotiate(ours, makeOpen(ours, NONE), peers);
}

function agreed(config: Partial<SessionConfig>, peers: ReturnType<typeof peerOpen>) {
  const verdict = agree(config, peers);
  return verdict.ok ? verdict.value : verdict.error;
}

const fourOctets = (asn: number): Capability => ({ is: "four-octet-as", asn });

describe("our OPEN", () => {
  test("offers what we can, and comes back from bytes as it was", () => {
    const open = makeOpen(sessionConfig({ extendedNextHop: ["IPv4"] }), NONE);
    expect(open).toEqual({
      type: "open",
      version: 4,
      asn: 64_512,
      holdTime: 90,
      routerId: 0xc000_0201,
      capabilities: [
        { is: "multiprotocol", afi: 1, safi: 1 },
        { is: "multiprotocol", afi: 2, safi: 1 },
        { is: "route-refresh" },
        { is: "enhanced-route-refresh" },
        { is: "extended-message" },
        { is: "four-octet-as", asn: 64_512 },
        { is: "extended-next-hop", entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
      ],
    });
    expect(decode(encode(open, INITIAL_WIRE_OPTIONS), INITIAL_WIRE_OPTIONS)).toEqual({
      ok: true,
      value: open,
    });
  });

  test("has AS_TRANS in the field that is too small", () => {
    expect(makeOpen(sessionConfig({ localAsn: 4_200_000_000 }), NONE)).toMatchObject({ asn: AS_TRANS });
    expect(makeOpen(sessionConfig({ localAsn: 65_535 }), NONE)).toMatchObject({ asn: 65_535 });
  });
});

describe("the peer's AS", () => {
  const wanted = (asn: number): RemoteAs => ({ is: "number", asn });
  test.each<[string, RemoteAs, number, readonly Capability[], string | undefined]>([
    ["as configured", wanted(64_513), 64_513, [], undefined],
    ["as configured, in the capability", wanted(4_200_000_000), AS_TRANS, [fourOctets(4_200_000_000)], undefined],
    ["in both places", wanted(64_513), 64_513, [fourOctets(64_513)], undefined],
    ["AS_TRANS for a number that needs none", wanted(64_513), AS_TRANS, [fourOctets(64_513)], undefined],
    ["ours", { is: "internal" }, 64_512, [], undefined],
    ["not ours", { is: "external" }, 65_000, [], undefined],
    ["another", wanted(64_513), 65_000, [], "the peer is in AS 65000; configured is AS 64513"],
    ["two", wanted(64_513), 64_513, [fourOctets(65_000)], "the peer says both AS 64513 and AS 65000"],
    ["AS_TRANS alone", wanted(AS_TRANS), AS_TRANS, [], "the peer says AS 23456, which nobody has"],
    ["not ours, as it should be", { is: "internal" }, 65_000, [], "configured is AS 64512, which is ours"],
    ["ours, as it should not be", { is: "external" }, 64_512, [], "configured is any AS but 64512, which is ours"],
  ])("%s", (_, remoteAs, asn, capabilities, complaint) => {
    const verdict = agree({ remoteAs }, peerOpen({ asn, capabilities }));
    if (complaint === undefined) expect(verdict).toMatchObject({ ok: true });
    else
      expect(verdict).toMatchObject({
        ok: false,
        error: { code: 2, subcode: 2, message: expect.stringContaining(complaint) },
      });
  });
});

describe("the peer's identifier (RFC 6286)", () => {
  const same = { routerId: sessionConfig().routerId, capabilities: [] };
  test("may not be ours in our own AS", () => {
    expect(agree({ remoteAs: { is: "internal" } }, peerOpen({ ...same, asn: 64_512 }))).toMatchObject({
      ok: false,
      error: { code: 2, subcode: 3 },
    });
  });

  test("may be ours in another AS", () => {
    expect(agreed({}, peerOpen({ ...same, asn: 64_513 }))).toMatchObject({
      internal: false,
      peerRouterId: same.routerId,
    });
  });
});

describe("timers", () => {
  test.each([
    // ours, our keepalive time, the peer's hold time; then what is agreed
    [90, 30, 180, 90, 30],
    [180, 60, 90, 90, 30],
    [90, 10, 180, 90, 10],
    [90, 0, 90, 90, 30],
    [10, 10, 90, 10, 10 / 3],
    [3, 1, 90, 3, 1],
    [0, 0, 90, 0, 0],
    [90, 30, 0, 0, 0],
  ])("%d s, keepalive %d s, against %d s: %d s and %d s", (ours, keepalive, peers, holdTime, keepaliveTime) => {
    const config = { holdTime: seconds(ours), keepaliveTime: seconds(keepalive) };
    const result = agreed(config, peerOpen({ holdTime: peers }));
    expect(result).toMatchObject({ holdTime: ours === 0 ? 0 : seconds(holdTime), peerHoldTime: seconds(peers) });
    expect((result as { keepaliveTime: number }).keepaliveTime).toBeCloseTo(millis(keepaliveTime * 1000), 6);
  });
});

describe("families", () => {
  const speaks = (...afis: readonly number[]): Capability[] =>
    afis.map((afi) => ({ is: "multiprotocol", afi, safi: 1 }));
  test.each<[string, readonly Family[], readonly Capability[], readonly Family[], readonly Family[]]>([
    ["both", ["IPv4", "IPv6"], speaks(2, 1), ["IPv4", "IPv6"], []],
    ["one of ours", ["IPv4", "IPv6"], speaks(1), ["IPv4"], ["IPv6"]],
    ["none of ours is shown, and no error", ["IPv6"], speaks(1), [], ["IPv6"]],
    ["a peer that speaks of none has IPv4", ["IPv4", "IPv6"], [], ["IPv4"], ["IPv6"]],
    ["others are ignored", ["IPv4"], [...speaks(1, 25), { is: "multiprotocol", afi: 2, safi: 128 }], ["IPv4"], []],
  ])("%s", (_, ours, capabilities, families, missingFamilies) => {
    const peers = peerOpen({ capabilities: [fourOctets(64_513), ...capabilities] });
    expect(agreed({ families: ours }, peers)).toMatchObject({ families, missingFamilies });
  });
});

describe("capabilities count when both sides have them", () => {
  const plain = { fourOctetAs: false, extendedMessages: false, routeRefresh: false, enhancedRefresh: false };
  const restart: Capability = { is: "graceful-restart", restarting: false, notification: true, time: 60, families: [] };
  test.each<[string, Capability, object]>([
    ["four octets", fourOctets(64_513), { fourOctetAs: true }],
    ["extended messages", { is: "extended-message" }, { extendedMessages: true }],
    ["route refresh", { is: "route-refresh" }, { routeRefresh: true }],
    ["enhanced route refresh", { is: "enhanced-route-refresh" }, { enhancedRefresh: true }],
    ["graceful restart", restart, { gracefulRestart: restart }],
    ["unknown ones", { is: "unknown", code: 73, value: Uint8Array.of(1) }, {}],
  ])("%s", (_, capability, want) => {
    const peers = peerOpen({ capabilities: [capability] });
    const result = agreed({ gracefulRestart: restart }, peers);
    expect(result).toMatchObject({ ...plain, gracefulRestart: undefined, ...want, peerCapabilities: [capability] });
  });

  test("graceful restart that we don't offer is none", () => {
    expect(agreed({}, peerOpen({ capabilities: [restart] }))).toMatchObject({ gracefulRestart: undefined });
  });

  test.each<[string, readonly Family[], number, number, readonly Family[]]>([
    ["both have it", ["IPv4"], 1, 2, ["IPv4"]],
    ["the peer has it for another family", ["IPv4"], 2, 1, []],
    ["we don't have it", [], 1, 2, []],
    ["a next hop of the same family is nothing new", ["IPv4"], 1, 1, []],
  ])("extended next hop: %s", (_, extendedNextHop, afi, nextHopAfi, want) => {
    const capability: Capability = { is: "extended-next-hop", entries: [{ afi, safi: 1, nextHopAfi }] };
    const peers = peerOpen({ capabilities: [...peerOpen().capabilities, capability] });
    expect(agreed({ extendedNextHop }, peers)).toMatchObject({ extendedNextHop: want });
  });
});

test("both sides come to the same", () => {
  const families = fc.subarray<Family>(["IPv4", "IPv6"], { minLength: 1 });
  const side = fc.record({
    families,
    extendedNextHop: families,
    holdTime: fc.constantFrom(0, 3, 90, 65_535).map((time) => seconds(time)),
    localAsn: fc.constantFrom(1, 64_512, 65_535, 65_536, 4_294_967_294),
    routerId: fc.nat().map((id) => id + 1),
    left: fc.uniqueArray(fc.constantFrom(2, 5, 6, 70)),
  });
  fc.assert(
    fc.property(side, side, (one, other) => {
      const results = [[one, other] as const, [other, one] as const].map(([mine, theirs]) => {
        const config = sessionConfig({ ...mine, remoteAs: { is: "number", asn: theirs.localAsn } });
        const open = makeOpen(config, new Set(mine.left));
        const verdict = negotiate(config, open, makeOpen(sessionConfig(theirs), new Set(theirs.left)));
        if (!verdict.ok) return verdict.error.subcode;
        const { routeRefresh, enhancedRefresh, extendedMessages, fourOctetAs, internal, holdTime } = verdict.value;
        const sets = [verdict.value.families.toSorted(), verdict.value.extendedNextHop.toSorted()];
        return { routeRefresh, enhancedRefresh, extendedMessages, fourOctetAs, internal, holdTime, sets };
      });
      expect(results[0]).toEqual(results[1]);
    }),
    { numRuns: 500 },
  );
});
