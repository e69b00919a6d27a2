import { describe, expect, test } from "vitest";
import { hex } from "../../bytes/hex.ts";
import type { Message } from "../message.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { INITIAL_WIRE_OPTIONS, type WireOptions } from "./options.ts";

const MARKER = "ffffffffffffffffffffffffffffffff";
const EXTENDED: WireOptions = { fourOctetAs: true, extendedMessages: true };

describe("messages of one layout", () => {
  test.each<{ readonly what: string; readonly bytes: Uint8Array; readonly value: Message }>([
    { what: "KEEPALIVE", bytes: hex`${MARKER} 0013 04`, value: { type: "keepalive" } },
    {
      what: "NOTIFICATION",
      bytes: hex`${MARKER} 0016 03 06 02 00`,
      value: { type: "notification", code: 6, subcode: 2, data: hex`00` },
    },
    {
      what: "NOTIFICATION without data",
      bytes: hex`${MARKER} 0015 03 04 00`,
      value: { type: "notification", code: 4, subcode: 0, data: hex`` },
    },
    {
      what: "ROUTE-REFRESH (RFC 2918)",
      bytes: hex`${MARKER} 0017 05 0002 00 01`,
      value: { type: "route-refresh", afi: 2, safi: 1, subtype: 0 },
    },
    {
      what: "ROUTE-REFRESH that ends the answer (RFC 7313)",
      bytes: hex`${MARKER} 0017 05 0001 02 01`,
      value: { type: "route-refresh", afi: 1, safi: 1, subtype: 2 },
    },
  ])("$what", ({ bytes, value }) => {
    expect(decode(bytes, INITIAL_WIRE_OPTIONS)).toEqual({ ok: true, value });
    expect(encode(value, INITIAL_WIRE_OPTIONS)).toEqual(bytes);
  });

  test("filters behind a request for routes (RFC 5291) are passed over", () => {
    const bytes = hex`${MARKER} 001a 05 0001 00 01 01 4000`;
    const value = { type: "route-refresh", afi: 1, safi: 1, subtype: 0 };
    expect(decode(bytes, INITIAL_WIRE_OPTIONS)).toEqual({ ok: true, value });
  });

  test.each(["01", "02"])(
    "bytes behind bracket %s of routes end the session, and are sent back (RFC 7313 §5)",
    (subtype) => {
      const bytes = hex`${MARKER} 0018 05 0001 ${subtype} 01 00`;
      const error = { code: 7, subcode: 1, data: bytes, message: expect.any(String) };
      expect(decode(bytes, INITIAL_WIRE_OPTIONS)).toEqual({ ok: false, error });
    },
  );

  test.each([
    { options: INITIAL_WIRE_OPTIONS, limit: 4096 },
    { options: EXTENDED, limit: 65_535 },
  ])("data of a NOTIFICATION is cut at $limit bytes", ({ options, limit }) => {
    const data = new Uint8Array(70_000).fill(7);
    const bytes = encode({ type: "notification", code: 3, subcode: 1, data }, options);
    expect(bytes).toHaveLength(limit);
    const value = { type: "notification", code: 3, subcode: 1, data: data.subarray(0, limit - 21) };
    expect(decode(bytes, options)).toEqual({ ok: true, value });
  });

  test("an UPDATE that doesn't fit is the caller's mistake", () => {
    const withdrawn = Array.from({ length: 5000 }, () => ({ address: 0xffff_0000_0000n as never, length: 0 }));
    const update = { type: "update", withdrawn, announced: [] } as const;
    expect(() => encode(update, INITIAL_WIRE_OPTIONS)).toThrow(/an UPDATE of 5023 bytes is too long/);
    expect(encode(update, EXTENDED)).toHaveLength(5023);
  });

  test("less than a header, or more or less than it says, is no message", () => {
    const wrong = [hex``, hex`${MARKER} 0013`, hex`${MARKER} 0017 05 0002 00`, hex`${MARKER} 0017 05 0002 00 01 00`];
    for (const bytes of wrong) {
      expect(decode(bytes, INITIAL_WIRE_OPTIONS)).toMatchObject({ ok: false, error: { code: 1, subcode: 2 } });
    }
  });
});
