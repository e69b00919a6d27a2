import { describe, expect, test } from "vitest";
import { concatBytes } from "../../bytes/concat.ts";
import { hex } from "../../bytes/hex.ts";
import type { Capability, Open } from "../message.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { INITIAL_WIRE_OPTIONS } from "./options.ts";

const MARKER = "ffffffffffffffffffffffffffffffff";

/** Version 4, AS 65000, 90 s, 192.0.2.1. */
const FIXED = "04 fde8 005a c0000201";

const PLAIN: Open = {
  type: "open",
  version: 4,
  asn: 65_000,
  holdTime: 90,
  routerId: 0xc000_0201,
  capabilities: [],
};

function message(body: Uint8Array): Uint8Array {
  const length = 19 + body.length;
  return concatBytes([hex`${MARKER}`, Uint8Array.of(length >>> 8, length, 1), body]);
}

function hexOf(head: readonly number[], rest: Uint8Array): Uint8Array {
  return concatBytes([hex`${FIXED}`, Uint8Array.from(head), rest]);
}

function read(body: Uint8Array): Open {
  const decoded = decode(message(body), INITIAL_WIRE_OPTIONS);
  if (!decoded.ok || decoded.value.type !== "open") throw new Error(JSON.stringify(decoded));
  return decoded.value;
}

describe("OPEN (RFC 4271 §4.2)", () => {
  test("every capability, in one parameter", () => {
    const open: Open = {
      type: "open",
      version: 4,
      asn: 23456,
      holdTime: 90,
      routerId: 0xc000_0201,
      capabilities: [
        { is: "multiprotocol", afi: 1, safi: 1 },
        { is: "multiprotocol", afi: 2, safi: 1 },
        { is: "route-refresh" },
        { is: "extended-next-hop", entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
        { is: "extended-message" },
        {
          is: "graceful-restart",
          restarting: true,
          notification: true,
          time: 120,
          families: [{ afi: 2, safi: 1, forwarding: true }],
        },
        { is: "four-octet-as", asn: 4_200_000_001 },
        { is: "enhanced-route-refresh" },
        { is: "unknown", code: 73, value: hex`03 6e31 00` },
      ],
    };
    const bytes = hex`
      ${MARKER} 004d 01
      04 5ba0 005a c0000201
      30 02 2e                      // 48 bytes of parameters: one of capabilities
      01 04 0001 00 01              // multiprotocol IPv4 unicast
      01 04 0002 00 01
      02 00                         // route refresh
      05 06 0001 0001 0002          // extended next hop
      06 00                         // extended message
      40 06 c078 0002 01 80         // graceful restart: R, N, 120 s; IPv6 with F
      41 04 fa56ea01                // four-octet AS
      46 00                         // enhanced route refresh
      49 04 03 6e31 00              // FQDN`;
    expect(encode(open, INITIAL_WIRE_OPTIONS)).toEqual(bytes);
    expect(decode(bytes, INITIAL_WIRE_OPTIONS)).toEqual({ ok: true, value: open });
  });

  test("without capabilities there is no parameter", () => {
    expect(encode({ ...PLAIN, capabilities: [] }, INITIAL_WIRE_OPTIONS)).toEqual(message(hex`${FIXED} 00`));
    expect(read(hex`${FIXED} 00`)).toEqual(PLAIN);
  });

  const FAMILIES: readonly Capability[] = [
    { is: "multiprotocol", afi: 1, safi: 1 },
    { is: "multiprotocol", afi: 2, safi: 1 },
  ];

  test.each([
    { what: "one parameter for each", parameters: hex`10 02 06 01 04 00010001 02 06 01 04 00020001` },
    { what: "one parameter for all", parameters: hex`0e 02 0c 01 04 00010001 01 04 00020001` },
    { what: "an empty parameter between", parameters: hex`12 02 06 01 04 00010001 02 00 02 06 01 04 00020001` },
    { what: "the reserved byte is not looked at", parameters: hex`0e 02 0c 01 04 0001ff01 01 04 00020001` },
    { what: "lengths of two bytes (RFC 9072)", parameters: hex`ff ff 000f 02 000c 01 04 00010001 01 04 00020001` },
    {
      what: "lengths of two bytes, and any length in front",
      parameters: hex`01 ff 000f 02 000c 01 04 00010001 01 04 00020001`,
    },
  ])("capabilities may be spelled with $what", ({ parameters }) => {
    expect(read(concatBytes([hex`${FIXED}`, parameters]))).toEqual({ ...PLAIN, capabilities: FAMILIES });
  });

  test.each([
    { length: 251, head: hex`ff 02 fd c8 fb` },
    { length: 252, head: hex`ff ff 0101 02 00fe c8 fc` },
  ])("parameters of 255 bytes have short lengths, longer ones don't: $length", ({ length, head }) => {
    const open: Open = { ...PLAIN, capabilities: [{ is: "unknown", code: 200, value: new Uint8Array(length) }] };
    const bytes = encode(open, INITIAL_WIRE_OPTIONS);
    expect(bytes.subarray(28, 28 + head.length)).toEqual(head);
    expect(decode(bytes, INITIAL_WIRE_OPTIONS)).toEqual({ ok: true, value: open });
  });

  test("more than 255 bytes of capabilities have lengths of two bytes", () => {
    const capabilities: Capability[] = Array.from({ length: 8 }, (_, i) => ({
      is: "unknown",
      code: 200 + i,
      value: new Uint8Array(255).fill(i),
    }));
    const bytes = encode({ ...PLAIN, capabilities }, INITIAL_WIRE_OPTIONS);
    expect(bytes.subarray(28, 35)).toEqual(hex`ff ff 080b 02 0808`);
    expect(decode(bytes, INITIAL_WIRE_OPTIONS)).toEqual({ ok: true, value: { ...PLAIN, capabilities } });
    const tooMany = [...capabilities, ...capabilities];
    expect(() => encode({ ...PLAIN, capabilities: tooMany }, INITIAL_WIRE_OPTIONS)).toThrow(/don't fit into an OPEN/);
  });

  test("bits of graceful restart that are reserved say nothing", () => {
    const { capabilities } = read(hex`${FIXED} 0a 02 08 40 06 3078 0001 01 7f`);
    expect(capabilities).toEqual([
      {
        is: "graceful-restart",
        restarting: false,
        notification: false,
        time: 120,
        families: [{ afi: 1, safi: 1, forwarding: false }],
      },
    ]);
  });

  test.each([
    { what: "route refresh with a value", bytes: hex`02 01 00`, code: 2 },
    { what: "enhanced route refresh with a value", bytes: hex`46 01 00`, code: 70 },
    { what: "extended messages with a value", bytes: hex`06 01 00`, code: 6 },
    { what: "extended next hops of five bytes", bytes: hex`05 05 0001000100`, code: 5 },
    { what: "graceful restart of one byte", bytes: hex`40 01 00`, code: 64 },
    { what: "graceful restart of four bytes", bytes: hex`40 04 00000000`, code: 64 },
  ])("$what is as good as unknown", ({ bytes, code }) => {
    const open = read(hexOf([bytes.length + 2, 2, bytes.length], bytes));
    expect(open.capabilities).toEqual([{ is: "unknown", code, value: bytes.subarray(2) }]);
  });

  // RFC 4271 §6.2: subcode 4 is for parameters; a bad capability has none of its own.
  test.each([
    { what: "version 3", body: hex`03 fde8 005a c0000201 00`, subcode: 1, data: hex`0004` },
    { what: "version 5", body: hex`05 fde8 005a c0000201 00`, subcode: 1, data: hex`0004` },
    { what: "AS number 0 (RFC 7607)", body: hex`04 0000 005a c0000201 00`, subcode: 2 },
    { what: "AS number 0 of four bytes", body: hex`${FIXED} 08 02 06 41 04 00000000`, subcode: 2 },
    { what: "identifier 0.0.0.0 (RFC 6286)", body: hex`04 fde8 005a 00000000 00`, subcode: 3 },
    { what: "authentication, a parameter of old", body: hex`${FIXED} 03 01 01 00`, subcode: 4 },
    { what: "a hold time of 1 s", body: hex`04 fde8 0001 c0000201 00`, subcode: 6 },
    { what: "a hold time of 2 s", body: hex`04 fde8 0002 c0000201 00`, subcode: 6 },
    { what: "parameters beyond the end", body: hex`${FIXED} 03 02 01`, subcode: 0 },
    { what: "bytes behind the parameters", body: hex`${FIXED} 00 00`, subcode: 0 },
    { what: "a parameter beyond the others", body: hex`${FIXED} 03 02 02 00`, subcode: 0 },
    { what: "a capability beyond its parameter", body: hex`${FIXED} 04 02 02 02 01`, subcode: 0 },
    { what: "extended lengths behind no parameters", body: hex`${FIXED} 00 ff 0000`, subcode: 0 },
    { what: "half a capability", body: hex`${FIXED} 03 02 01 02`, subcode: 0 },
    { what: "multiprotocol of three bytes", body: hex`${FIXED} 07 02 05 01 03 000100`, subcode: 0 },
    { what: "an AS number of three bytes", body: hex`${FIXED} 07 02 05 41 03 000001`, subcode: 0 },
    { what: "no room for extended lengths", body: hex`${FIXED} ff ff 00`, subcode: 0 },
  ])("$what ends the session with 2/$subcode", ({ body, subcode, data = hex`` }) => {
    const error = { code: 2, subcode, data, message: expect.any(String) };
    expect(decode(message(body), INITIAL_WIRE_OPTIONS)).toEqual({ ok: false, error });
  });

  test.each([0, 3, 65_535])("a hold time of %i s is taken", (holdTime) => {
    const bytes = encode({ ...PLAIN, holdTime }, INITIAL_WIRE_OPTIONS);
    expect(decode(bytes, INITIAL_WIRE_OPTIONS)).toEqual({ ok: true, value: { ...PLAIN, holdTime } });
  });
});
