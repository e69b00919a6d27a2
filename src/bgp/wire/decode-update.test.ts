import { describe, expect, test } from "vitest";
import { concatBytes } from "../../bytes/concat.ts";
import { hex, toHex } from "../../bytes/hex.ts";
import { parseAddress } from "../../ip/address.ts";
import { formatPrefix } from "../../ip/prefix.ts";
import type { Update } from "../message.ts";
import type { ProtocolError } from "../notification.ts";
import { decode } from "./decode.ts";
import type { WireOptions } from "./options.ts";

const MODERN: WireOptions = { fourOctetAs: true, extendedMessages: false };
const OLD: WireOptions = { fourOctetAs: false, extendedMessages: false };
const EXTERNAL: WireOptions = { ...MODERN, external: true };

const ORIGIN = hex`40 01 01 00`;
const AS_PATH = hex`40 02 06 02 01 0000fc00`;
const NEXT_HOP = hex`40 03 04 0a000001`;
const PLAIN = [ORIGIN, AS_PATH, NEXT_HOP];
/** 192.0.2.0/24 */
const NLRI = hex`18 c00002`;
/** 2001:db8::/32 via fd88::1 */
const REACH = hex`80 0e 1a 0002 01 10 fd880000000000000000000000000001 00 20 20010db8`;
const UNREACH = hex`80 0f 08 0002 01 20 20010db8`;

interface Parts {
  readonly withdrawn?: Uint8Array;
  readonly attributes?: readonly Uint8Array[];
  readonly announced?: Uint8Array;
}

const u16 = (value: number) => Uint8Array.of(value >>> 8, value);

function message({ withdrawn = hex``, attributes = [], announced = hex`` }: Parts): Uint8Array {
  const list = concatBytes(attributes);
  const body = concatBytes([u16(withdrawn.length), withdrawn, u16(list.length), list, announced]);
  return concatBytes([new Uint8Array(16).fill(0xff), u16(19 + body.length), hex`02`, body]);
}

function readUpdate(parts: Parts, options = MODERN): Update {
  const decoded = decode(message(parts), options);
  if (!decoded.ok || decoded.value.type !== "update") throw new Error(JSON.stringify(decoded));
  return decoded.value;
}

function readError(bytes: Uint8Array, options = MODERN): ProtocolError {
  const decoded = decode(bytes, options);
  if (decoded.ok) throw new Error("no error");
  return decoded.error;
}

describe("routes are taken as withdrawn (RFC 7606)", () => {
  test.each([
    { what: "§4: the last attribute is longer than the list", broken: [hex`40 01 01 00 80 04 08 00000001`] },
    { what: "§4: the last attribute is a byte longer than the list", broken: [hex`80 04 05 00000001`] },
    { what: "§4: two bytes are left over", broken: [hex`80 04`] },
    { what: "§4: three bytes are left over for a length of two", broken: [hex`90 04 00`] },
    { what: "§3 c: ORIGIN is optional", broken: [hex`c0 01 01 00`] },
    { what: "§3 c: AS_PATH is not transitive", broken: [hex`00 02 00`] },
    { what: "§3 c: MULTI_EXIT_DISC is transitive", broken: [hex`c0 04 04 00000001`] },
    { what: "§3 c: COMMUNITIES is well-known", broken: [hex`40 08 04 00000001`] },
    { what: "§3 d: ORIGIN is missing", attributes: [AS_PATH, NEXT_HOP] },
    { what: "§3 d: AS_PATH is missing", attributes: [ORIGIN, NEXT_HOP] },
    { what: "§3 d: NEXT_HOP is missing", attributes: [ORIGIN, AS_PATH] },
    { what: "§7.1: ORIGIN has two bytes", broken: [hex`40 01 02 0000`] },
    { what: "§7.1: ORIGIN is empty", broken: [hex`40 01 00`] },
    { what: "§7.1: there is no origin 3", broken: [hex`40 01 01 03`] },
    { what: "§7.2: there is no segment of type 5", broken: [hex`40 02 06 05 01 0000fc00`] },
    { what: "§7.2: a segment is longer than the path", broken: [hex`40 02 06 02 02 0000fc00`] },
    { what: "§7.2: one byte is left over", broken: [hex`40 02 07 02 01 0000fc00 02`] },
    { what: "§7.2: a segment is empty", broken: [hex`40 02 02 02 00`] },
    { what: "RFC 7607: AS number 0", broken: [hex`40 02 06 02 01 00000000`] },
    { what: "§7.3: NEXT_HOP has three bytes", broken: [hex`40 03 03 0a0000`] },
    { what: "RFC 4271 §6.3: NEXT_HOP 0.0.0.0", broken: [hex`40 03 04 00000000`] },
    { what: "RFC 4271 §6.3: NEXT_HOP 127.0.0.1", broken: [hex`40 03 04 7f000001`] },
    { what: "RFC 4271 §6.3: NEXT_HOP 224.0.0.1", broken: [hex`40 03 04 e0000001`] },
    { what: "§7.4: MULTI_EXIT_DISC has five bytes", broken: [hex`80 04 05 0000000001`] },
    { what: "§7.5: LOCAL_PREF has two bytes", broken: [hex`40 05 02 0001`] },
    { what: "§7.8: COMMUNITIES has six bytes", broken: [hex`c0 08 06 000000010000`] },
    { what: "§7.8: COMMUNITIES is empty", broken: [hex`c0 08 00`] },
    { what: "§7.9: ORIGINATOR_ID has three bytes", broken: [hex`80 09 03 000001`] },
    { what: "§7.10: CLUSTER_LIST is empty", broken: [hex`80 0a 00`] },
    { what: "§7.14: EXTENDED_COMMUNITIES has seven bytes", broken: [hex`c0 10 07 0002fc00000000`] },
    { what: "§7.15: IPV6_EXTENDED_COMMUNITIES has eight bytes", broken: [hex`c0 19 08 0002fc0000000000`] },
    { what: "RFC 8092 §6: LARGE_COMMUNITIES has eight bytes", broken: [hex`c0 20 08 0000000100000002`] },
  ])("$what", ({ what, attributes, broken = [] }) => {
    const types = new Set(broken.map(([, type]) => type));
    const list = attributes ?? [...PLAIN.filter(([, type]) => !types.has(type)), ...broken];
    const update = readUpdate({ attributes: list, announced: NLRI });
    expect(update.announced.map(formatPrefix)).toEqual(["192.0.2.0/24"]);
    expect(update.attributes).toBeUndefined();
    expect(update.revised).toMatchObject({ treatAsWithdraw: true, disabled: [], notes: [expect.any(String)] });
    // The same for what MP_REACH_NLRI announces, which has a next hop of its own.
    if (what.includes("NEXT_HOP")) return;
    const multiprotocol = readUpdate({ attributes: [REACH, ...list] });
    expect(multiprotocol.reach!.prefixes.map(formatPrefix)).toEqual(["2001:db8::/32"]);
    expect(multiprotocol.revised).toMatchObject({ treatAsWithdraw: true });
  });

  test("§3 c: what MP_REACH_NLRI announces, when that is transitive", () => {
    const transitive = REACH.with(0, 0xc0);
    const update = readUpdate({ attributes: [transitive, ORIGIN, AS_PATH] });
    expect(update.reach!.prefixes.map(formatPrefix)).toEqual(["2001:db8::/32"]);
    expect(update).not.toHaveProperty("attributes");
    expect(update.revised).toMatchObject({ treatAsWithdraw: true });
  });

  test("§5.2: unless there are no routes in it", () => {
    const bad = hex`40 01 01 03`;
    const error = readError(message({ withdrawn: NLRI, attributes: [AS_PATH, bad] }));
    expect(error).toEqual({ code: 3, subcode: 6, data: bad, message: "ORIGIN: there is no origin 3" });
    const worse = hex`40 02 02 02 00`;
    expect(readError(message({ withdrawn: NLRI, attributes: [bad, worse] }))).toMatchObject({ subcode: 6, data: bad });
    const noRoutes = hex`80 0e 09 0001 01 04 0a000001 00`;
    expect(readError(message({ attributes: [noRoutes, AS_PATH, bad] }))).toMatchObject({ code: 3, subcode: 6 });
    expect(readError(message({ attributes: [UNREACH, bad] }))).toMatchObject({ code: 3, subcode: 6 });
    expect(readUpdate({ withdrawn: NLRI, attributes: PLAIN })).not.toHaveProperty("attributes");
  });
});

describe("an attribute is ignored (RFC 7606)", () => {
  test.each([
    { what: "§3 g: LOCAL_PREF is there twice", attributes: [hex`40 05 04 00000001`, hex`40 05 04 00000002`] },
    { what: "§3 g: an unknown one is there twice", attributes: [hex`c0 63 01 01`, hex`c0 63 01 02`] },
    { what: "§7.6: ATOMIC_AGGREGATE has a byte", attributes: [hex`40 06 01 00`] },
    { what: "§3 f: ATOMIC_AGGREGATE is optional", attributes: [hex`c0 06 00`] },
    { what: "§7.7: AGGREGATOR has AS numbers of two bytes", attributes: [hex`c0 07 06 fc00 0a000001`] },
    { what: "RFC 7607: AGGREGATOR with AS number 0", attributes: [hex`c0 07 08 00000000 0a000001`] },
    { what: "RFC 6793 §4.1: AS4_PATH of a new speaker", attributes: [hex`c0 11 06 02 01 00010000`] },
    { what: "RFC 6793 §4.1: AS4_AGGREGATOR of a new one", attributes: [hex`c0 12 08 00010000 0a000001`] },
    { what: "RFC 6793 §6: AS4_PATH cut off", attributes: [hex`c0 11 06 02 02 00010000`], options: OLD },
    { what: "RFC 6793 §6: AS4_AGGREGATOR cut off", attributes: [hex`c0 12 06 00010000 0a00`], options: OLD },
    { what: "§7.5: LOCAL_PREF from another AS", attributes: [hex`40 05 04 00000001`], options: EXTERNAL },
    { what: "§7.5: even of two bytes", attributes: [hex`40 05 02 0001`], options: EXTERNAL },
    { what: "§7.9: ORIGINATOR_ID from another AS", attributes: [hex`80 09 04 0a000001`], options: EXTERNAL },
    { what: "§7.10: CLUSTER_LIST from another AS", attributes: [hex`80 0a 04 0a000001`], options: EXTERNAL },
  ])("$what", ({ attributes, options = MODERN }) => {
    const path = options === OLD ? hex`40 02 04 02 01 fc00` : AS_PATH;
    const known = [ORIGIN, path, NEXT_HOP];
    const update = readUpdate({ attributes: [...known, ...attributes], announced: NLRI }, options);
    expect(update.revised).toMatchObject({ treatAsWithdraw: false, disabled: [], notes: [expect.any(String)] });
    const kept = attributes.length === 2 ? attributes.slice(0, 1) : [];
    const { revised: _, ...others } = update;
    expect(others).toEqual(readUpdate({ attributes: [...known, ...kept], announced: NLRI }, options));
  });

  test("of many complaints, eight are told", () => {
    const twice = Array.from({ length: 20 }, () => hex`c0 63 01 01`);
    const { revised } = readUpdate({ attributes: [...PLAIN, ...twice], announced: NLRI });
    expect(revised!.notes).toHaveLength(9);
    expect(revised!.notes.at(-1)).toBe("and 11 more");
  });
});

describe("the session ends", () => {
  test.each([
    { what: "RFC 7606 §3 a: withdrawn routes beyond the end", body: hex`0005 18c00002 0000`, subcode: 1 },
    { what: "RFC 7606 §3 a: no room for the attributes' length", body: hex`0004 18c00002`, subcode: 1 },
    { what: "RFC 7606 §3 a: attributes beyond the end", body: hex`0000 0005 40010100`, subcode: 1 },
    { what: "RFC 4271 §6.3: a prefix of 33 bits", body: hex`0000 0000 21 c000020000`, subcode: 10 },
    { what: "RFC 7606 §5.3: a prefix that is cut off", body: hex`0000 0000 18 c000`, subcode: 10 },
    { what: "RFC 7606 §3 i: a withdrawn prefix of 33 bits", body: hex`0006 21c000020000 0000`, subcode: 10 },
    { what: "RFC 7606 §3 g: MP_REACH_NLRI twice", attributes: [REACH, ORIGIN, AS_PATH, REACH], subcode: 1 },
    { what: "RFC 7606 §3 g: MP_UNREACH_NLRI twice", attributes: [UNREACH, UNREACH], subcode: 1 },
    { what: "RFC 7606 §5.3: MP_REACH_NLRI without a table", attributes: [hex`80 0e 02 0002`], subcode: 9 },
    { what: "RFC 7606 §5.3: MP_UNREACH_NLRI without a table", attributes: [hex`80 0f 00`], subcode: 9 },
    { what: "RFC 7606 §3 j: MP_REACH_NLRI beyond the list", attributes: [hex`80 0e 30 0002 01`], subcode: 9 },
  ])("$what", ({ body, attributes = [], subcode }) => {
    const bytes = body
      ? concatBytes([new Uint8Array(16).fill(0xff), u16(19 + body.length), hex`02`, body])
      : message({ attributes });
    expect(readError(bytes)).toEqual({ code: 3, subcode, data: hex``, message: expect.any(String) });
  });

  test("RFC 4271 §6.3: for a well-known attribute that is not known, which is sent back", () => {
    const error = readError(message({ attributes: [...PLAIN, hex`40 63 01 07`], announced: NLRI }));
    expect(error).toEqual({
      code: 3,
      subcode: 2,
      data: hex`40 63 01 07`,
      message: "a well-known attribute of type 99",
    });
  });
});

describe("a table is disabled (RFC 7606 §5.3, §7.11)", () => {
  test.each([
    { what: "an IPv6 prefix of 129 bits", attribute: `80 0f 15 0002 01 81 ${"00".repeat(17)}`, afi: 2 },
    { what: "an IPv6 prefix that is cut off", attribute: "80 0f 05 0002 01 20 20", afi: 2 },
    { what: "a next hop of four bytes for IPv6", attribute: "80 0e 09 0002 01 04 0a000001 00", afi: 2 },
    { what: "a next hop of 24 bytes", attribute: `80 0e 1d 0002 01 18 ${"00".repeat(24)} 00`, afi: 2 },
    { what: "a next hop beyond the end", attribute: "80 0e 05 0002 01 10 00", afi: 2 },
    { what: "no reserved byte", attribute: "80 0e 08 0001 01 04 0a000001", afi: 1 },
    { what: "an IPv4 prefix of 33 bits", attribute: "80 0e 0a 0001 01 04 0a000001 00 21", afi: 1 },
  ])("$what", ({ attribute, afi }) => {
    const update = readUpdate({ attributes: [hex`${attribute}`, ORIGIN, AS_PATH] });
    expect(update.reach ?? update.unreach).toBeUndefined();
    expect(update.revised).toMatchObject({ disabled: [{ afi, safi: 1 }], notes: [expect.any(String)] });
  });

  test("but not one that was never agreed on: it is ignored", () => {
    const multicast = hex`80 0e 09 0001 02 04 0a000001 00`;
    const update = readUpdate({ attributes: [multicast, ORIGIN, AS_PATH] });
    expect(update.reach).toBeUndefined();
    expect(update.revised).toEqual({
      treatAsWithdraw: false,
      disabled: [],
      notes: ["routes of AFI 1 SAFI 2 are ignored"],
    });
  });
});

describe("an old speaker's AS numbers (RFC 6793 §4.2.3)", () => {
  const oldPath = hex`40 02 06 02 02 fc01 5ba0`;
  const as4Path = hex`c0 11 06 02 01 00010000`;
  const as4Aggregator = hex`c0 12 08 00010000 0a000009`;
  const restored = [{ is: "sequence", asns: [64_513, 65_536] }];
  const asReceived = [{ is: "sequence", asns: [64_513, 23_456] }];

  test.each([
    { what: "AS4_PATH restores the path", with: [as4Path], asPath: restored, aggregator: undefined },
    {
      what: "AS4_AGGREGATOR restores AS_TRANS",
      with: [hex`c0 07 06 5ba0 0a000009`, as4Path, as4Aggregator],
      asPath: restored,
      aggregator: 65_536,
    },
    {
      what: "an old speaker that aggregated left both out of date",
      with: [hex`c0 07 06 fc01 0a000009`, as4Path, as4Aggregator],
      asPath: asReceived,
      aggregator: 64_513,
    },
    {
      what: "AS4_AGGREGATOR alone says nothing",
      with: [as4Path, as4Aggregator],
      asPath: restored,
      aggregator: undefined,
    },
  ])("$what", ({ with: more, asPath, aggregator }) => {
    const { attributes } = readUpdate({ attributes: [ORIGIN, oldPath, NEXT_HOP, ...more], announced: NLRI }, OLD);
    expect(attributes!.asPath).toEqual(asPath);
    expect(attributes!.aggregator?.asn).toBe(aggregator);
    expect(attributes).not.toHaveProperty("as4Path");
    expect(attributes!.unknown).toEqual([]);
  });
});

describe("what is left to readers", () => {
  test.each([
    { what: "IPv4, as the empty UPDATE", parts: {}, family: "IPv4" },
    { what: "IPv6", parts: { attributes: [hex`80 0f 03 0002 01`] }, family: "IPv6" },
    { what: "IPv6 with a length of two bytes", parts: { attributes: [hex`90 0f 0003 0002 01`] }, family: "IPv6" },
    { what: "IPv4 as IPv6 has it", parts: { attributes: [hex`80 0f 03 0001 01`] }, family: "IPv4" },
  ])("End-of-RIB of $what (RFC 4724 §2)", ({ parts, family }) => {
    expect(readUpdate(parts)).toEqual({ type: "update", withdrawn: [], announced: [], endOfRib: family });
  });

  test("what has other attributes or routes is no End-of-RIB", () => {
    const end = hex`80 0f 03 0002 01`;
    for (const parts of [{ attributes: [end, ORIGIN] }, { attributes: [end], withdrawn: NLRI }]) {
      expect(readUpdate(parts)).not.toHaveProperty("endOfRib");
    }
  });

  test("bits behind a prefix mean nothing", () => {
    const { announced, reach } = readUpdate({
      attributes: [hex`80 0e 1a 0002 01 10 fd880000000000000000000000000001 00 1f 20010dbf`, ...PLAIN],
      announced: hex`0f c0ff 00 20 ffffffff`,
    });
    expect(announced.map(formatPrefix)).toEqual(["192.254.0.0/15", "0.0.0.0/0", "255.255.255.255/32"]);
    expect(reach!.prefixes.map(formatPrefix)).toEqual(["2001:dbe::/31"]);
  });

  test("IPv4-mapped prefixes are of no family, and left out", () => {
    const mapped = `60 ${"00".repeat(10)}ffff`;
    const wider = `5f ${"00".repeat(10)}fffe`;
    const { unreach } = readUpdate({ attributes: [hex`80 0f 1d 0002 01 ${mapped} ${wider}`] });
    expect(unreach!.prefixes.map(formatPrefix)).toEqual(["::fffe:0:0/95"]);
  });

  test("NEXT_HOP beside MP_REACH_NLRI alone says nothing (RFC 4760 §3)", () => {
    expect(readUpdate({ attributes: [REACH, ...PLAIN] }).attributes).not.toHaveProperty("nextHop");
  });

  test("all four kinds of routes may be in one message", () => {
    const update = readUpdate({ withdrawn: hex`00`, attributes: [REACH, UNREACH, ...PLAIN], announced: NLRI });
    expect(update.withdrawn.map(formatPrefix)).toEqual(["0.0.0.0/0"]);
    expect(update.announced.map(formatPrefix)).toEqual(["192.0.2.0/24"]);
    expect(update.reach!.nextHop).toBe(parseAddress("fd88::1"));
    expect(update.unreach!.prefixes.map(formatPrefix)).toEqual(["2001:db8::/32"]);
    expect(update.attributes!.nextHop).toBe(parseAddress("10.0.0.1"));
  });

  test("unknown optional attributes are kept, without the bits that mean nothing", () => {
    const { attributes } = readUpdate({ attributes: [...PLAIN, hex`ff 63 0002 0102`], announced: NLRI });
    expect(attributes!.unknown).toEqual([{ flags: 0xe0, type: 99, value: hex`0102` }]);
  });

  test("so are known ones that mean nothing to us", () => {
    const { attributes } = readUpdate({ attributes: [...PLAIN, hex`8f 0a 04 0a000001`], announced: NLRI });
    expect(attributes!.unknown).toEqual([{ flags: 0x80, type: 10, value: hex`0a000001` }]);
  });

  test("a large community that is there twice counts once (RFC 8092 §3)", () => {
    const one = "000000010000000200000003";
    const two = "000000010000000200000004";
    const { attributes } = readUpdate({ attributes: [...PLAIN, hex`c0 20 24 ${one}${two}${one}`], announced: NLRI });
    expect(attributes!.largeCommunities).toEqual([
      [1, 2, 3],
      [1, 2, 4],
    ]);
  });

  test("what is returned is no view of the bytes", () => {
    const bytes = message({
      attributes: [...PLAIN, hex`c0 63 01 07`, hex`c0 10 08 0002fc0000000007`],
      announced: NLRI,
    });
    const decoded = decode(bytes, MODERN);
    bytes.fill(0xee);
    const update = decoded.ok ? (decoded.value as Update) : undefined;
    expect(update!.attributes!.unknown[0]!.value).toEqual(hex`07`);
    expect(toHex(update!.attributes!.extendedCommunities[0]!)).toBe("0002fc0000000007");
  });
});
