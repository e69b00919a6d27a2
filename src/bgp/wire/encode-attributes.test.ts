import { expect, test } from "vitest";
import { concatBytes } from "../../bytes/concat.ts";
import { hex } from "../../bytes/hex.ts";
import { parseAddress } from "../../ip/address.ts";
import type { PathAttributes } from "../path-attributes.ts";
import { encodeAttributes } from "./encode-attributes.ts";

const MODERN = { fourOctetAs: true, extendedMessages: false };
const OLD = { fourOctetAs: false, extendedMessages: false };

const EVERYTHING: PathAttributes = {
  origin: "incomplete",
  asPath: [{ is: "sequence", asns: [70_000, 1] }],
  med: 4_294_967_295,
  localPref: 100,
  atomicAggregate: true,
  aggregator: { asn: 70_000, address: parseAddress("10.0.0.9")! },
  communities: [0xffff_ff01],
  largeCommunities: [[1, 2, 3]],
  extendedCommunities: [hex`0002fc0000000007`],
  unknown: [
    { flags: 0xff, type: 99, value: hex`01` },
    { flags: 0x80, type: 26, value: hex`` },
  ],
};

const PLAIN: PathAttributes = {
  origin: "igp",
  asPath: [],
  communities: [],
  largeCommunities: [],
  extendedCommunities: [],
  unknown: [],
};

const HEAD = hex`40 01 01 02`;
const MIDDLE = hex`
  40 03 04 0a000001               // NEXT_HOP
  80 04 04 ffffffff               // MULTI_EXIT_DISC
  40 05 04 00000064               // LOCAL_PREF
  40 06 00                        // ATOMIC_AGGREGATE`;
const COMMUNITIES = hex`c0 08 04 ffffff01  c0 10 08 0002fc0000000007`;
const TAIL = hex`80 1a 00  c0 20 0c 00000001 00000002 00000003  e0 63 01 01`;

test.each([
  {
    what: "four bytes",
    options: MODERN,
    bytes: [HEAD, hex`40 02 0a 02 02 00011170 00000001`, MIDDLE, hex`c0 07 08 00011170 0a000009`, COMMUNITIES, TAIL],
  },
  {
    what: "two bytes, with the true ones behind (RFC 6793)",
    options: OLD,
    bytes: [
      HEAD,
      hex`40 02 06 02 02 5ba0 0001`,
      MIDDLE,
      hex`c0 07 06 5ba0 0a000009`,
      COMMUNITIES,
      hex`c0 11 0a 02 02 00011170 00000001  c0 12 08 00011170 0a000009`,
      TAIL,
    ],
  },
])("every attribute in ascending order, AS numbers in $what", ({ options, bytes }) => {
  expect(encodeAttributes(EVERYTHING, parseAddress("10.0.0.1"), options)).toEqual(concatBytes(bytes));
});

test("a large community that is there twice is sent once (RFC 8092 §3)", () => {
  const largeCommunities: PathAttributes["largeCommunities"] = [
    [1, 2, 3],
    [1, 2, 4],
    [1, 2, 3],
  ];
  const bytes = encodeAttributes({ ...PLAIN, largeCommunities }, undefined, MODERN);
  expect(bytes.subarray(7)).toEqual(hex`c0 20 18 00000001 00000002 00000003 00000001 00000002 00000004`);
});

test.each([
  { length: 255, header: hex`c0 63 ff` },
  { length: 256, header: hex`d0 63 0100` },
])("a value of $length bytes has as short a length as it can", ({ length, header }) => {
  const unknown = [{ flags: 0xc0, type: 99, value: new Uint8Array(length) }];
  const bytes = encodeAttributes({ ...PLAIN, unknown }, undefined, MODERN);
  expect(bytes.subarray(7, 7 + header.length)).toEqual(header);
  expect(bytes).toHaveLength(7 + header.length + length);
});
