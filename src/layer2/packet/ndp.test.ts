import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { advertisement, solicitation } from "../../../test/support/request-frames.ts";
import { hex } from "../../bytes/hex.ts";
import { parseAddress } from "../../ip/address.ts";
import { decodeAdvertisement, decodeSolicitation, encodeAdvertisement } from "./ndp.ts";

const TARGET = "fd09::100";
const LINK_LAYER = "0101020000000009";

describe("neighbour advertisements (RFC 4861 §4.4, §7.1.2)", () => {
  const parts = {
    destinationMac: hex`333300000001`,
    sourceMac: hex`020000000009`,
    source: parseAddress(TARGET)!,
    destination: parseAddress("ff02::1")!,
    target: parseAddress(TARGET)!,
    targetLinkLayerAddress: hex`020000000009`,
  };

  test.each([
    { solicited: false, override: false },
    { solicited: false, override: true },
    { solicited: true, override: true, destination: parseAddress("fe80::9")! },
  ])("what was encoded is decoded: %o", (more) => {
    const value = { ...parts, ...more };
    expect(decodeAdvertisement(encodeAdvertisement(value))).toEqual({ ok: true, value });
  });

  test("the option may be missing", () => {
    const decoded = decodeAdvertisement(advertisement({ target: TARGET, options: "" }));
    expect(decoded).toMatchObject({ ok: true, value: { targetLinkLayerAddress: undefined } });
  });

  test.each([
    { why: "a solicitation", frame: solicitation({ target: TARGET }) },
    { why: "solicited, but to a group", frame: encodeAdvertisement({ ...parts, solicited: true, override: false }) },
    { why: "an option of length 0", frame: advertisement({ target: TARGET, options: "0200020000000009" }) },
    { why: "a wrong checksum", frame: advertisement({ target: TARGET }).with(57, 0) },
    { why: "a hop limit of 254", frame: advertisement({ target: TARGET }).with(21, 254) },
  ])("refuses $why", ({ frame }) => {
    expect(decodeAdvertisement(frame).ok).toBe(false);
  });

  test("every truncation is refused", () => {
    const frame = advertisement({ target: TARGET });
    for (let n = 0; n < frame.length; n++) expect(decodeAdvertisement(frame.subarray(0, n)).ok).toBe(false);
  });
});

describe("neighbour solicitations (RFC 4861 §4.3, §7.1.1)", () => {
  test.each([
    {
      what: "solicitation of ndisc6 1.0.5 (ndisc6 fd09::1 eth0)",
      frame: hex`
        3333ff000001 3ea9c1743392 86dd               // solicited-node group, from, IPv6
        6006ee69 0020 3a ff                          // version and flow label, payload length, ICMPv6, hop limit
        fe800000000000003ca9c1fffe743392
        ff0200000000000000000001ff000001
        87 00 19b2 00000000                          // type, code, checksum, reserved
        fd090000000000000000000000000001             // target
        01 01 3ea9c1743392                           // source link-layer address`,
      source: "fe80::3ca9:c1ff:fe74:3392",
      sourceLinkLayerAddress: hex`3ea9c1743392`,
    },
    {
      what: "duplicate address detection of Linux 6.18 (ip addr add fd09::1/64 dev eth0)",
      frame: hex`
        3333ff000001 3ea9c1743392 86dd
        60000000 0020 3a ff
        00000000000000000000000000000000             // nobody yet
        ff0200000000000000000001ff000001
        87 00 b14a 00000000
        fd090000000000000000000000000001
        0e 01 89f2bd7376e2                           // nonce (RFC 7527 §4.1)`,
      source: "::",
      sourceLinkLayerAddress: undefined,
    },
  ])("the $what", ({ frame, source, sourceLinkLayerAddress }) => {
    const value = {
      destinationMac: hex`3333ff000001`,
      sourceMac: hex`3ea9c1743392`,
      source: parseAddress(source)!,
      destination: parseAddress("ff02::1:ff00:1")!,
      target: parseAddress("fd09::1")!,
      sourceLinkLayerAddress,
    };
    expect(decodeSolicitation(frame)).toEqual({ ok: true, value });
  });

  test.each([
    { what: "multicast", given: { target: TARGET } },
    { what: "unicast (reachability, §7.3.3)", given: { target: TARGET, destination: TARGET, options: "" } },
    { what: "duplicate address detection (RFC 4862 §5.4.2)", given: { target: TARGET, source: "::" } },
    { what: "with a nonce (RFC 3971 §5.3.2)", given: { target: TARGET, source: "::", options: "0e01aabbccddeeff" } },
    {
      what: "with an unknown option first",
      given: { target: TARGET, options: `fe0200000000000000000000000000ff${LINK_LAYER}` },
    },
  ])("takes one that is $what", ({ given }) => {
    const decoded = decodeSolicitation(solicitation(given));
    expect(decoded).toMatchObject({ ok: true, value: { target: parseAddress(TARGET) } });
  });

  test.each([
    { why: "hop limit 254: it was forwarded", given: { target: TARGET, hopLimit: 254 } },
    { why: "a wrong checksum", given: { target: TARGET, checksum: 0x1234 } },
    { why: "code 1", given: { target: TARGET, type: "8701" } },
    { why: "an advertisement", given: { target: TARGET, type: "8800" } },
    { why: "an echo request", given: { target: TARGET, type: "8000" } },
    { why: "a multicast target", given: { target: "ff02::1" } },
    { why: "an option of length 0", given: { target: TARGET, options: "0100020000000009" } },
    { why: "an option longer than the packet", given: { target: TARGET, options: "0102020000000009" } },
    { why: "half an option", given: { target: TARGET, options: "0101" } },
    { why: "33 options", given: { target: TARGET, options: "fe01000000000000".repeat(33) } },
    { why: "no source and a link-layer option", given: { target: TARGET, source: "::", options: LINK_LAYER } },
    {
      why: "no source and not to the solicited-node group",
      given: { target: TARGET, source: "::", destination: TARGET },
    },
  ])("refuses $why", ({ given }) => {
    expect(decodeSolicitation(solicitation(given)).ok).toBe(false);
  });

  test("refuses IPv4-mapped addresses, which would be taken for IPv4", () => {
    const frame = solicitation({ target: TARGET });
    frame.set(hex`00000000000000000000ffff0a090064`, 62);
    expect(decodeSolicitation(frame).ok).toBe(false);
  });

  test.each([
    { why: "an 802.1Q tag", at: 12, put: hex`8100` },
    { why: "IP version 4", at: 14, put: hex`45` },
    { why: "an extension header before ICMPv6", at: 20, put: hex`00` },
    { why: "a payload length beyond the frame", at: 18, put: hex`0021` },
    { why: "a payload length below the header", at: 18, put: hex`0017` },
  ])("refuses $why", ({ at, put }) => {
    const frame = solicitation({ target: TARGET });
    frame.set(put, at);
    expect(decodeSolicitation(frame).ok).toBe(false);
  });

  test("every truncation is refused", () => {
    const frame = solicitation({ target: TARGET });
    for (let n = 0; n < frame.length; n++) expect(decodeSolicitation(frame.subarray(0, n)).ok).toBe(false);
  });

  test("a flipped bit anywhere behind the IP header's length fields is found", () => {
    const frame = solicitation({ target: TARGET });
    fc.assert(
      fc.property(fc.integer({ min: 22 * 8, max: frame.length * 8 - 1 }), (bit) => {
        const broken = frame.slice();
        broken[bit >> 3]! ^= 1 << (bit & 7);
        expect(decodeSolicitation(broken).ok).toBe(false);
      }),
    );
  });

  test("no bytes make it throw", () => {
    const start = solicitation({ target: TARGET }).subarray(0, 54);
    const frames = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      fc.uint8Array({ maxLength: 80 }).map((tail) => Uint8Array.of(...start, ...tail)),
    );
    fc.assert(
      fc.property(frames, (frame) => {
        expect(typeof decodeSolicitation(frame).ok).toBe("boolean");
      }),
    );
  });
});

describe("neighbour advertisements (RFC 4861 §4.4)", () => {
  test.each([
    {
      what: "the answer to ndisc6",
      frame: hex`
        3ea9c1743392 2ed7cbcf6c3e 86dd
        60000000 0020 3a ff                          // payload length 32, ICMPv6, hop limit 255
        fd090000000000000000000000000001             // from the target itself
        fe800000000000003ca9c1fffe743392
        88 00 8577 60000000                          // type, code, checksum, solicited and override
        fd090000000000000000000000000001
        02 01 2ed7cbcf6c3e                           // target link-layer address`,
      destinationMac: hex`3ea9c1743392`,
      destination: "fe80::3ca9:c1ff:fe74:3392",
      solicited: true,
    },
    {
      what: "the answer to duplicate address detection",
      frame: hex`
        333300000001 2ed7cbcf6c3e 86dd
        60000000 0020 3a ff
        fd090000000000000000000000000001
        ff020000000000000000000000000001             // all nodes
        88 00 f5a4 20000000                          // override
        fd090000000000000000000000000001
        02 01 2ed7cbcf6c3e`,
      destinationMac: hex`333300000001`,
      destination: "ff02::1",
      solicited: false,
    },
  ])("$what is that of Linux 6.18 (tcpdump -xx)", ({ frame, destinationMac, destination, solicited }) => {
    const advertisement = {
      destinationMac,
      sourceMac: hex`2ed7cbcf6c3e`,
      source: parseAddress("fd09::1")!,
      destination: parseAddress(destination)!,
      target: parseAddress("fd09::1")!,
      solicited,
      override: true,
      targetLinkLayerAddress: hex`2ed7cbcf6c3e`,
    };
    expect(encodeAdvertisement(advertisement)).toEqual(frame);
  });
});
