import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arpRequest } from "../../../test/support/request-frames.ts";
import { hex } from "../../bytes/hex.ts";
import { addressFromBytes, parseAddress } from "../../ip/address.ts";
import { decodeArp, encodeArp } from "./arp.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const ipv4 = bytes(4).map((b) => addressFromBytes(b));

describe("ARP frames (RFC 826)", () => {
  test.each([
    {
      what: "request",
      frame: hex`
        ffffffffffff 3ea9c1743392 0806       // broadcast, from, ARP
        0001 0800 06 04 0001                 // Ethernet, IPv4, address lengths, request
        3ea9c1743392 0a090002                // sender
        000000000000 0a090001                // target`,
      value: {
        destination: hex`ffffffffffff`,
        source: hex`3ea9c1743392`,
        operation: 1,
        senderMac: hex`3ea9c1743392`,
        senderIp: parseAddress("10.9.0.2")!,
        targetMac: hex`000000000000`,
        targetIp: parseAddress("10.9.0.1")!,
      },
    },
    {
      what: "reply",
      frame: hex`
        3ea9c1743392 2ed7cbcf6c3e 0806
        0001 0800 06 04 0002
        2ed7cbcf6c3e 0a090001
        3ea9c1743392 0a090002`,
      value: {
        destination: hex`3ea9c1743392`,
        source: hex`2ed7cbcf6c3e`,
        operation: 2,
        senderMac: hex`2ed7cbcf6c3e`,
        senderIp: parseAddress("10.9.0.1")!,
        targetMac: hex`3ea9c1743392`,
        targetIp: parseAddress("10.9.0.2")!,
      },
    },
  ])("the $what of Linux 6.18 (tcpdump -xx on a veth, ping 10.9.0.1)", ({ frame, value }) => {
    expect(decodeArp(frame)).toEqual({ ok: true, value });
    expect(encodeArp(value)).toEqual(frame);
  });

  test("padding to Ethernet's minimum of 60 bytes is not looked at", () => {
    const padded = new Uint8Array(60).fill(0xee);
    padded.set(arpRequest({ target: "10.9.0.100" }));
    expect(decodeArp(padded)).toEqual(decodeArp(arpRequest({ target: "10.9.0.100" })));
    expect(decodeArp(padded).ok).toBe(true);
  });

  test.each([
    { why: "another EtherType", at: 12, put: hex`0800` },
    { why: "an 802.1Q tag", at: 12, put: hex`8100` },
    { why: "an 802.1ad tag", at: 12, put: hex`88a8` },
    { why: "another hardware type", at: 14, put: hex`0006` },
    { why: "another protocol type", at: 16, put: hex`86dd` },
    { why: "another hardware address length", at: 18, put: hex`08` },
    { why: "another protocol address length", at: 19, put: hex`10` },
  ])("refuses $why", ({ at, put }) => {
    const frame = arpRequest({ target: "10.9.0.100" });
    frame.set(put, at);
    expect(decodeArp(frame).ok).toBe(false);
  });

  test("every truncation is refused", () => {
    const frame = arpRequest({ target: "10.9.0.100" });
    for (let length = 0; length < frame.length; length++) expect(decodeArp(frame.subarray(0, length)).ok).toBe(false);
  });

  test("decode(encode(x)) = x", () => {
    const frames = fc.record({
      destination: bytes(6),
      source: bytes(6),
      operation: fc.integer({ min: 0, max: 0xffff }),
      senderMac: bytes(6),
      senderIp: ipv4,
      targetMac: bytes(6),
      targetIp: ipv4,
    });
    fc.assert(
      fc.property(frames, (frame) => {
        expect(decodeArp(encodeArp(frame))).toEqual({ ok: true, value: frame });
      }),
    );
  });

  test("no bytes make it throw", () => {
    const frames = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(frames, (frame) => {
        expect(typeof decodeArp(frame).ok).toBe("boolean");
      }),
    );
  });
});
