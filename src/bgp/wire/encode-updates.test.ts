import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex } from "../../bytes/hex.ts";
import { addressFromBytes, familyOf, parseAddress } from "../../ip/address.ts";
import { formatPrefix, type IpPrefix, parsePrefix } from "../../ip/prefix.ts";
import type { Update } from "../message.ts";
import type { PathAttributes } from "../path-attributes.ts";
import type { RouteChanges, RouteGroup } from "../route-changes.ts";
import { decode } from "./decode.ts";
import { encodeUpdates } from "./encode-updates.ts";
import type { WireOptions } from "./options.ts";

const MARKER = "ffffffffffffffffffffffffffffffff";
const MODERN: WireOptions = { fourOctetAs: true, extendedMessages: false };
const EXTENDED: WireOptions = { fourOctetAs: true, extendedMessages: true };

const ATTRIBUTES: PathAttributes = {
  origin: "igp",
  asPath: [{ is: "sequence", asns: [64_512] }],
  communities: [],
  largeCommunities: [],
  extendedCommunities: [],
  unknown: [],
};

const ip = (text: string) => parseAddress(text)!;
const prefixes = (...texts: readonly string[]) => texts.map((text) => parsePrefix(text)!);
const group = (nextHop: string, ...texts: readonly string[]): RouteGroup => ({
  attributes: ATTRIBUTES,
  nextHop: ip(nextHop),
  prefixes: prefixes(...texts),
});

/** `count` prefixes of full length. */
function hosts(family: "IPv4" | "IPv6", count: number): IpPrefix[] {
  const base = ip(family === "IPv4" ? "10.0.0.0" : "2001:db8::");
  const length = family === "IPv4" ? 32 : 128;
  return Array.from({ length: count }, (_, i) => ({ address: (base + BigInt(i)) as typeof base, length }));
}

function read(messages: readonly Uint8Array[], options: WireOptions): Update[] {
  return messages.map((bytes) => {
    const decoded = decode(bytes, options);
    if (!decoded.ok || decoded.value.type !== "update") throw new Error(JSON.stringify(decoded));
    return decoded.value;
  });
}

describe("encodeUpdates", () => {
  test("groups first, then withdrawals; IPv4 in its own fields, IPv6 in the first attribute", () => {
    const changes: RouteChanges = {
      withdrawn: prefixes("192.0.2.0/25", "2001:db8::/33"),
      groups: [group("10.0.0.1", "198.51.100.7/32", "0.0.0.0/0"), group("2001:db8::1", "2001:db8:1::/48")],
    };
    expect(encodeUpdates(changes, MODERN)).toEqual({
      tooLong: [],
      messages: [
        hex`${MARKER} 0031 02  0000  0014
            40 01 01 00                     // ORIGIN IGP
            40 02 06 02 01 0000fc00         // AS_PATH 64512
            40 03 04 0a000001               // NEXT_HOP
            20 c6336407  00`,
        hex`${MARKER} 0043 02  0000  002c
            80 0e 1c 0002 01 10 20010db8000000000000000000000001 00  30 20010db80001
            40 01 01 00
            40 02 06 02 01 0000fc00`,
        hex`${MARKER} 001c 02  0005 19 c0000200  0000`,
        hex`${MARKER} 0023 02  0000  000c  80 0f 09 0002 01 21 20010db800`,
      ],
    });
  });

  test.each([
    { what: "IPv4 over IPv6 (RFC 8950)", nextHop: "2001:db8::1", prefix: "192.0.2.0/24" },
    { what: "IPv6 over IPv4, as IPv4-mapped", nextHop: "10.0.0.1", prefix: "2001:db8::/32" },
    { what: "IPv6 with a link-local next hop", nextHop: "2001:db8::1", linkLocalNextHop: "fe80::1", prefix: "::/0" },
  ])("$what", ({ nextHop, linkLocalNextHop, prefix }) => {
    const linkLocal = linkLocalNextHop === undefined ? {} : { linkLocalNextHop: ip(linkLocalNextHop) };
    const groups = [{ ...group(nextHop, prefix), ...linkLocal }];
    const [update] = read(encodeUpdates({ withdrawn: [], groups }, MODERN).messages, MODERN);
    const family = familyOf(prefixes(prefix)[0]!.address);
    expect(update!.reach).toEqual({ family, nextHop: ip(nextHop), ...linkLocal, prefixes: prefixes(prefix) });
    expect(update!.announced).toEqual([]);
  });

  // 4096 - 19 - 4 bytes for attributes and prefixes: 20 and 5 each for IPv4, 38 and 17 each for IPv6.
  test.each([
    { what: "IPv4 announcements", family: "IPv4", options: MODERN, most: 810 },
    { what: "IPv6 announcements", family: "IPv6", options: MODERN, most: 237 },
    { what: "IPv4 announcements, extended", family: "IPv4", options: EXTENDED, most: 13_098 },
    { what: "IPv6 announcements, extended", family: "IPv6", options: EXTENDED, most: 3851 },
  ] as const)("$what: no message more than needed", ({ family, options, most }) => {
    const nextHop = ip(family === "IPv4" ? "10.0.0.1" : "2001:db8::1");
    const all = hosts(family, 3 * most);
    const limit = options.extendedMessages ? 65_535 : 4096;
    for (const [count, messages] of [
      [1, 1],
      [most, 1],
      [most + 1, 2],
      [3 * most, 3],
    ] as const) {
      const groups = [{ attributes: ATTRIBUTES, nextHop, prefixes: all.slice(0, count) }];
      const encoded = encodeUpdates({ withdrawn: [], groups }, options);
      expect(encoded.messages).toHaveLength(messages);
      expect(Math.max(...encoded.messages.map(({ length }) => length))).toBeLessThanOrEqual(limit);
      const got = read(encoded.messages, options).flatMap(({ announced, reach }) => [
        ...announced,
        ...(reach?.prefixes ?? []),
      ]);
      expect(got).toEqual(all.slice(0, count));
    }
  });

  test.each([
    { options: MODERN, tooMany: 1017 },
    { options: EXTENDED, tooMany: 16_376 },
  ])("what has too many communities is withdrawn, and said", ({ options, tooMany }) => {
    const big = { ...ATTRIBUTES, communities: Array.from({ length: tooMany }, (_, i) => i) };
    const groups = [{ ...group("10.0.0.1", "192.0.2.0/24"), attributes: big }, group("10.0.0.1", "192.0.2.1/32")];
    const { messages, tooLong } = encodeUpdates({ withdrawn: prefixes("198.51.100.0/24"), groups }, options);
    expect(tooLong).toEqual([groups[0]]);
    const updates = read(messages, options);
    expect(
      updates.map(({ withdrawn, announced }) => [withdrawn, announced].map((list) => list.map(formatPrefix))),
    ).toEqual([
      [[], ["192.0.2.1/32"]],
      [["198.51.100.0/24", "192.0.2.0/24"], []],
    ]);
  });

  test("a message may be full to its last byte", () => {
    // 1 byte for the default route, and 2 for each of the others.
    const others = Array.from({ length: 2036 }, (_, i) => prefixes(`${i % 224}.0.0.0/8`)[0]!);
    const withdrawn = [...prefixes("0.0.0.0/0"), ...others];
    expect(encodeUpdates({ withdrawn, groups: [] }, MODERN).messages.map(({ length }) => length)).toEqual([4096]);
    const more = [...withdrawn, ...prefixes("0.0.0.0/0")];
    expect(encodeUpdates({ withdrawn: more, groups: [] }, MODERN).messages.map(({ length }) => length)).toEqual([
      4096, 24,
    ]);
  });

  test.each([
    { room: 5, value: 1, fits: true },
    { room: 4, value: 2, fits: false },
  ])("attributes that leave $room bytes have room for a prefix of 5: $fits", ({ value, fits }) => {
    // 20 bytes of others, 4 + 4040 of communities, 3 and the value of the unknown one.
    const attributes = {
      ...ATTRIBUTES,
      communities: Array.from({ length: 1010 }, () => 1),
      unknown: [{ flags: 0xc0, type: 99, value: new Uint8Array(value) }],
    };
    const groups = [{ ...group("10.0.0.1", "192.0.2.1/32"), attributes }];
    const { messages, tooLong } = encodeUpdates({ withdrawn: [], groups }, MODERN);
    expect(messages.map(({ length }) => length)).toEqual([fits ? 4096 : 28]);
    expect(tooLong).toHaveLength(fits ? 0 : 1);
  });

  test("nothing to say needs no message", () => {
    const empty = { withdrawn: [], groups: [{ ...group("10.0.0.1"), prefixes: [] }] };
    expect(encodeUpdates(empty, MODERN)).toEqual({ messages: [], tooLong: [] });
  });

  test("any changes arrive as they are, in messages that are not too long", () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const prefix = fc
      .oneof(fc.tuple(bytes(4), fc.nat(32)), fc.tuple(bytes(16), fc.nat(128)))
      .map(([address, length]) => parsePrefix(formatPrefix({ address: addressFromBytes(address), length }))!);
    const list = fc.array(prefix, { maxLength: 500 });
    fc.assert(
      fc.property(list, list, fc.nat(1000), (withdrawn, announced, communities) => {
        const attributes = { ...ATTRIBUTES, communities: Array.from({ length: communities }, (_, i) => i) };
        const groups = [{ attributes, nextHop: ip("2001:db8::1"), prefixes: announced }];
        const { messages, tooLong } = encodeUpdates({ withdrawn, groups }, MODERN);
        const updates = read(messages, MODERN);
        for (const { length } of messages) expect(length).toBeLessThanOrEqual(4096);
        const lists = updates.map(({ withdrawn, announced, reach, unreach }) => ({
          gone: [...withdrawn, ...(unreach?.prefixes ?? [])],
          here: [...announced, ...(reach?.prefixes ?? [])],
        }));
        const refused = tooLong.flatMap(({ prefixes }) => prefixes);
        expect(sorted(lists.flatMap(({ gone }) => gone))).toEqual(sorted([...withdrawn, ...refused]));
        expect(sorted([...lists.flatMap(({ here }) => here), ...refused])).toEqual(sorted(announced));
        for (const { gone, here } of lists) expect(Math.min(gone.length, here.length)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});

function sorted(list: readonly IpPrefix[]): string[] {
  return list.map(formatPrefix).toSorted();
}
