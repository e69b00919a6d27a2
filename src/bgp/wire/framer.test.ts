import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../bytes/concat.ts";
import { hex } from "../../bytes/hex.ts";
import { encode } from "./encode.ts";
import { Framer } from "./framer.ts";
import { INITIAL_WIRE_OPTIONS, type WireOptions } from "./options.ts";

const MARKER = "ffffffffffffffffffffffffffffffff";
const KEEPALIVE = hex`${MARKER} 0013 04`;
const EXTENDED: WireOptions = { fourOctetAs: true, extendedMessages: true };

/** A message of any type and length, whose body makes no sense. */
const messageOf = (type: number, length: number) =>
  concatBytes([hex`${MARKER}`, Uint8Array.of(length >>> 8, length, type), new Uint8Array(length - 19)]);

function drain(framer: Framer, options = INITIAL_WIRE_OPTIONS): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let next = framer.next(options); next?.ok; next = framer.next(options))
    messages.push(Uint8Array.from(next.value));
  return messages;
}

describe("Framer", () => {
  test("finds the same messages however the stream is cut into chunks", () => {
    const message = fc
      .record({ type: fc.constantFrom(1, 2, 3, 5), length: fc.integer({ min: 29, max: 4096 }) })
      .map(({ type, length }) => messageOf(type, length));
    const messages = fc.array(fc.oneof(message, fc.constant(KEEPALIVE)), { maxLength: 12 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }), (sent, sizes) => {
        const stream = concatBytes(sent);
        const framer = new Framer();
        const got: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const chunk = stream.slice(at, at + sizes[turn % sizes.length]!);
          framer.push(chunk);
          got.push(...drain(framer));
          at += chunk.length;
          chunk.fill(0xee); // a socket's buffer is used again
        }
        expect(got).toEqual(sent);
      }),
    );
  });

  test("a byte at a time", () => {
    const framer = new Framer();
    for (const byte of KEEPALIVE.subarray(0, -1)) {
      framer.push(Uint8Array.of(byte));
      expect(framer.next(INITIAL_WIRE_OPTIONS)).toBeUndefined();
    }
    framer.push(KEEPALIVE.subarray(-1));
    expect(drain(framer)).toEqual([KEEPALIVE]);
  });

  test("what was agreed on with one message is how the next is read, though both came at once", () => {
    const long = messageOf(2, 65_535);
    const framer = new Framer();
    framer.push(concatBytes([KEEPALIVE, long]));
    expect(framer.next(INITIAL_WIRE_OPTIONS)).toEqual({ ok: true, value: KEEPALIVE });
    expect(framer.next(EXTENDED)).toEqual({ ok: true, value: long });
  });

  // RFC 4271 §6.1, RFC 8654 §5; data is the length field, the type, or nothing.
  test.each([
    { what: "a marker that is none", bytes: hex`fffffffffffffffffffffffffffffffe 0013 04`, subcode: 1, data: hex`` },
    { what: "a length below the header's", bytes: hex`${MARKER} 0012 04`, subcode: 2, data: hex`0012` },
    { what: "a length above 4096", bytes: hex`${MARKER} 1001 02`, subcode: 2, data: hex`1001` },
    { what: "an OPEN too short", bytes: hex`${MARKER} 001c 01`, subcode: 2, data: hex`001c` },
    { what: "an UPDATE too short", bytes: hex`${MARKER} 0016 02`, subcode: 2, data: hex`0016` },
    { what: "a NOTIFICATION too short", bytes: hex`${MARKER} 0014 03`, subcode: 2, data: hex`0014` },
    { what: "a KEEPALIVE too long", bytes: hex`${MARKER} 0014 04`, subcode: 2, data: hex`0014` },
    { what: "a ROUTE-REFRESH too short", bytes: hex`${MARKER} 0016 05`, subcode: 2, data: hex`0016` },
    { what: "a type that is none", bytes: hex`${MARKER} 0013 06`, subcode: 3, data: hex`06` },
    { what: "a length and a type that are none", bytes: hex`${MARKER} 0012 06`, subcode: 2, data: hex`0012` },
    { what: "type 0", bytes: hex`${MARKER} 0013 00`, subcode: 3, data: hex`00` },
    { what: "a long OPEN", bytes: hex`${MARKER} 1001 01`, options: EXTENDED, subcode: 2, data: hex`1001` },
    { what: "a long KEEPALIVE", bytes: hex`${MARKER} 1001 04`, options: EXTENDED, subcode: 2, data: hex`1001` },
  ])("$what is a header error, before its body is waited for", ({ bytes, options, subcode, data }) => {
    const framer = new Framer();
    framer.push(bytes);
    const next = framer.next(options ?? INITIAL_WIRE_OPTIONS);
    expect(next).toEqual({ ok: false, error: { code: 1, subcode, data, message: expect.any(String) } });
    framer.push(KEEPALIVE);
    expect(framer.next(INITIAL_WIRE_OPTIONS)).toEqual(next);
  });

  test.each([
    { what: "4096 bytes", length: 4096, options: INITIAL_WIRE_OPTIONS },
    { what: "65535 bytes when agreed", length: 65_535, options: EXTENDED },
  ])("messages may have $what", ({ length, options }) => {
    const framer = new Framer();
    framer.push(messageOf(2, length));
    expect(drain(framer, options)).toEqual([messageOf(2, length)]);
  });
});

test("a KEEPALIVE is a header (RFC 4271 §4.4)", () => {
  expect(encode({ type: "keepalive" }, INITIAL_WIRE_OPTIONS)).toEqual(KEEPALIVE);
});
