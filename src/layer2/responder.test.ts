import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { advertisement, arpRequest, CLIENT, solicitation } from "../../test/support/request-frames.ts";
import { hex } from "../bytes/hex.ts";
import type { IpAddress } from "../ip/address.ts";
import { addressToBytes, formatAddress, parseAddress } from "../ip/address.ts";
import { formatMac, parseMac } from "../ip/mac.ts";
import { decodeArp } from "./packet/arp.ts";
import { type DropReason, respondToArp, respondToNdp, type Standing, type Station } from "./responder.ts";

const OUR_MAC = "02:00:00:00:00:01";
const V4 = { here: "10.9.0.100", elsewhere: "10.9.0.101", foreign: "10.9.0.102" };
const V6 = { here: "fd09::100", elsewhere: "fd09::101", foreign: "fd09::102" };
const STANDINGS = new Map<string, Standing>([
  [V4.here, "announced"],
  [V6.here, "announced"],
  [V4.elsewhere, "other-interface"],
  [V6.elsewhere, "other-interface"],
]);
const station: Station = {
  mac: parseMac(OUR_MAC)!,
  standing: (address: IpAddress) => STANDINGS.get(formatAddress(address)) ?? "not-announced",
};

describe("ARP", () => {
  test.each([
    { who: "a broadcast", request: {} },
    { who: "a unicast", request: { destination: OUR_MAC } },
    { who: "a probe without a sender (RFC 5227 §2.1.1)", request: { senderIp: "0.0.0.0" } },
  ])("$who is answered to its sender", ({ request }) => {
    const answer = respondToArp(arpRequest({ target: V4.here, ...request }), station);
    if (answer.kind !== "reply") throw new Error(answer.reason);
    const reply = decodeArp(answer.frame);
    expect(reply).toEqual({
      ok: true,
      value: {
        destination: parseMac(CLIENT.mac)!,
        source: station.mac,
        operation: 2,
        senderMac: station.mac,
        senderIp: parseAddress(V4.here)!,
        targetMac: parseMac(CLIENT.mac)!,
        targetIp: parseAddress(request.senderIp ?? CLIENT.v4)!,
      },
    });
    expect(answer.address).toBe(parseAddress(V4.here));
  });

  test.each<{ reason: DropReason; frame: Uint8Array; why: string }>([
    { reason: "malformed", why: "too short", frame: arpRequest({ target: V4.here }).subarray(0, 41) },
    { reason: "not-request", why: "a reply", frame: arpRequest({ target: V4.here, operation: 2 }) },
    {
      reason: "not-for-us",
      why: "to another station",
      frame: arpRequest({ target: V4.here, destination: CLIENT.mac }),
    },
    { reason: "own-frame", why: "from ourselves", frame: arpRequest({ target: V4.here, senderMac: OUR_MAC }) },
    {
      reason: "bad-sender",
      why: "would answer all",
      frame: arpRequest({ target: V4.here, senderMac: "ff:ff:ff:ff:ff:ff" }),
    },
    {
      reason: "bad-sender",
      why: "would answer a group",
      frame: arpRequest({ target: V4.here, senderMac: "01:00:5e:00:00:01" }),
    },
    {
      reason: "bad-sender",
      why: "would answer nobody",
      frame: arpRequest({ target: V4.here, senderMac: "00:00:00:00:00:00" }),
    },
    { reason: "not-announced", why: "not our address", frame: arpRequest({ target: V4.foreign }) },
    { reason: "other-interface", why: "ours, not on this link", frame: arpRequest({ target: V4.elsewhere }) },
  ])("$reason: $why", ({ reason, frame }) => {
    expect(respondToArp(frame, station)).toEqual({ kind: "drop", reason });
  });
});

describe("neighbour discovery", () => {
  const ANSWER = { solicited: "40000000", probe: "20000000" };

  test.each([
    { who: "multicast", given: {}, flags: ANSWER.solicited, to: CLIENT },
    { who: "unicast", given: { destination: V6.here, destinationMac: OUR_MAC }, flags: ANSWER.solicited, to: CLIENT },
    {
      who: "without link-layer option",
      given: { destination: V6.here, destinationMac: OUR_MAC, options: "" },
      flags: ANSWER.solicited,
      to: CLIENT,
    },
    {
      who: "another link-layer address than the frame's",
      given: { options: "0101020000000077" },
      flags: ANSWER.solicited,
      to: { mac: "02:00:00:00:00:77", v6: CLIENT.v6 },
    },
    {
      who: "duplicate address detection (RFC 4861 §7.2.4)",
      given: { source: "::" },
      flags: ANSWER.probe,
      to: { mac: "33:33:00:00:00:01", v6: "ff02::1" },
    },
  ])("$who is answered", ({ given, flags, to }) => {
    const answer = respondToNdp(solicitation({ target: V6.here, ...given }), station);
    if (answer.kind !== "reply") throw new Error(answer.reason);
    const { frame } = answer;
    expect(formatMac(frame.subarray(0, 6))).toBe(to.mac);
    expect(formatMac(frame.subarray(6, 12))).toBe(OUR_MAC);
    expect(frame.subarray(22, 38)).toEqual(addressToBytes(parseAddress(V6.here)!));
    expect(frame.subarray(38, 54)).toEqual(addressToBytes(parseAddress(to.v6)!));
    expect(frame[21]).toBe(255);
    expect(frame.subarray(58, 62)).toEqual(hex`${flags}`);
    expect(frame.subarray(62, 78)).toEqual(addressToBytes(parseAddress(V6.here)!));
    expect(frame.subarray(78)).toEqual(hex`0201020000000001`);
  });

  test.each<{ reason: DropReason; why: string; frame: Uint8Array }>([
    { reason: "malformed", why: "forwarded", frame: solicitation({ target: V6.here, hopLimit: 64 }) },
    { reason: "malformed", why: "half an advertisement", frame: advertisement({ target: V6.here, options: "0201" }) },
    {
      reason: "not-for-us",
      why: "to another station",
      frame: solicitation({ target: V6.here, destinationMac: CLIENT.mac }),
    },
    { reason: "own-frame", why: "from ourselves", frame: solicitation({ target: V6.here, sourceMac: OUR_MAC }) },
    {
      reason: "bad-sender",
      why: "would answer all",
      frame: solicitation({ target: V6.here, options: "0101ffffffffffff" }),
    },
    { reason: "bad-sender", why: "a multicast source", frame: solicitation({ target: V6.here, source: "ff02::1" }) },
    { reason: "not-announced", why: "not our address", frame: solicitation({ target: V6.foreign }) },
    { reason: "other-interface", why: "ours, not on this link", frame: solicitation({ target: V6.elsewhere }) },
  ])("$reason: $why", ({ reason, frame }) => {
    expect(respondToNdp(frame, station)).toEqual({ kind: "drop", reason });
  });
});

describe("claims", () => {
  const RIVAL = "02:00:00:00:00:66";
  const arp = (sender: string, more: object = {}) =>
    respondToArp(arpRequest({ target: sender, senderIp: sender, senderMac: RIVAL, ...more }), station);

  test.each([
    { what: "a gratuitous request, which is answered as ever", answer: arp(V4.here), kind: "reply" },
    { what: "a gratuitous reply", answer: arp(V4.here, { operation: 2 }), kind: "drop" },
    { what: "a request for another's address", answer: arp(V4.here, { target: V4.foreign }), kind: "drop" },
    {
      what: "a reply to another station",
      answer: arp(V4.here, { operation: 2, destination: CLIENT.mac }),
      kind: "drop",
    },
  ])("ARP: $what claims its sender's address", ({ answer, kind }) => {
    expect(answer).toMatchObject({ kind, claim: { address: parseAddress(V4.here)!, mac: parseMac(RIVAL)! } });
  });

  const na = (target: string, more: object = {}) =>
    respondToNdp(advertisement({ target, mac: RIVAL, ...more }), station);

  test.each([
    { what: "with the link-layer option", answer: na(V6.here), mac: RIVAL },
    {
      what: "with the option of another",
      answer: na(V6.here, { options: `0201020000000077` }),
      mac: "02:00:00:00:00:77",
    },
    { what: "without the option", answer: na(V6.here, { options: "" }), mac: RIVAL },
  ])("ND: an advertisement $what claims its target", ({ answer, mac }) => {
    expect(answer).toEqual({
      kind: "drop",
      reason: "not-request",
      claim: { address: parseAddress(V6.here)!, mac: parseMac(mac)! },
    });
  });

  test.each([
    { what: "our own ARP", answer: arp(V4.here, { senderMac: OUR_MAC }) },
    { what: "ARP with a group as its sender", answer: arp(V4.here, { senderMac: "ff:ff:ff:ff:ff:ff" }) },
    { what: "ARP about an address of another interface", answer: arp(V4.elsewhere) },
    { what: "ARP about a foreign address", answer: arp(V4.foreign) },
    { what: "an ARP probe", answer: respondToArp(arpRequest({ target: V4.here, senderIp: "0.0.0.0" }), station) },
    { what: "our own advertisement", answer: na(V6.here, { mac: OUR_MAC }) },
    { what: "an advertisement on another interface", answer: na(V6.elsewhere) },
    { what: "a foreign advertisement", answer: na(V6.foreign) },
    { what: "detection of duplicates", answer: respondToNdp(solicitation({ target: V6.here, source: "::" }), station) },
  ])("$what claims nothing", ({ answer }) => {
    expect(answer.claim).toBeUndefined();
  });
});

describe("whatever comes", () => {
  /** Valid requests with a few bytes changed, which get further than noise. */
  const nearly = (frame: Uint8Array) =>
    fc
      .array(fc.tuple(fc.nat(frame.length - 1), fc.nat(255)), { maxLength: 4 })
      .map((changes) => changes.reduce((bytes, [at, value]) => bytes.with(at, value), frame));

  test.each([
    { family: "IPv4", respond: respondToArp, sample: arpRequest({ target: V4.here }), at: 38, size: 4 },
    { family: "IPv6", respond: respondToNdp, sample: solicitation({ target: V6.here }), at: 62, size: 16 },
  ])("$family: only requests for announced addresses are answered, to one station or to all nodes", (row) => {
    const { respond, sample, at, size } = row;
    fc.assert(
      fc.property(fc.oneof(nearly(sample), fc.uint8Array({ maxLength: 120 })), (frame) => {
        const answer = respond(frame, station);
        if (answer.kind === "drop") return;
        expect(station.standing(answer.address)).toBe("announced");
        expect(addressToBytes(answer.address)).toEqual(frame.subarray(at, at + size));
        expect(formatMac(answer.frame.subarray(6, 12))).toBe(OUR_MAC);
        const destination = formatMac(answer.frame.subarray(0, 6));
        if (destination !== "33:33:00:00:00:01") expect(answer.frame[0]! & 1).toBe(0);
      }),
      { numRuns: 2000 },
    );
    expect(respond(sample, station).kind).toBe("reply");
  });
});
