import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex } from "../bytes/hex.ts";
import {
  CEASE,
  describeNotification,
  FSM_ERROR,
  HEADER_ERROR,
  NOTIFICATION,
  OPEN_ERROR,
  ROUTE_REFRESH_ERROR,
  shutdownData,
  UPDATE_ERROR,
} from "./notification.ts";

const NO_DATA = new Uint8Array(0);
const ascii = (text: string) => new TextEncoder().encode(text);

describe("what a NOTIFICATION says", () => {
  test.each([
    { code: 1, subcode: 1, data: NO_DATA, text: "message header error: connection not synchronized" },
    { code: 1, subcode: 2, data: hex`0012`, text: "message header error: bad message length (data 0012)" },
    { code: 2, subcode: 2, data: hex`fde8`, text: "OPEN error: bad peer AS (data fde8)" },
    { code: 2, subcode: 0, data: NO_DATA, text: "OPEN error" },
    { code: 3, subcode: 77, data: NO_DATA, text: "UPDATE error: subcode 77" },
    { code: 4, subcode: 0, data: NO_DATA, text: "hold timer expired" },
    { code: 5, subcode: 3, data: NO_DATA, text: "finite state machine error: unexpected message in Established" },
    { code: 6, subcode: 7, data: NO_DATA, text: "cease: connection collision resolution" },
    { code: 6, subcode: 2, data: NO_DATA, text: "cease: administrative shutdown" },
    { code: 6, subcode: 2, data: hex`00`, text: "cease: administrative shutdown (data 00)" },
    { code: 6, subcode: 10, data: NO_DATA, text: "cease: BFD down" },
    { code: 8, subcode: 0, data: NO_DATA, text: "send hold timer expired" },
    { code: 99, subcode: 1, data: hex`ff`, text: "error 99/1 (data ff)" },
    { code: 6, subcode: 9, data: hex`06 03`, text: "cease: hard reset (cease: peer de-configured)" },
    { code: 6, subcode: 9, data: hex`06 09 06 09`, text: "cease: hard reset (hard reset (data 0609))" },
    {
      code: 3,
      subcode: 1,
      data: new Uint8Array(32),
      text: /^UPDATE error: malformed attribute list \(data (00){32}\)$/,
    },
    {
      code: 3,
      subcode: 1,
      data: new Uint8Array(33),
      text: /^UPDATE error: malformed attribute list \(data (00){32}…\)$/,
    },
  ])("$code/$subcode: $text", ({ text, ...notification }) => {
    expect(describeNotification(notification)).toMatch(text);
  });

  test.each([
    {
      what: "words",
      data: shutdownData("[TICKET-1] back at ☀"),
      text: `cease: administrative reset: "[TICKET-1] back at ☀"`,
    },
    {
      what: "control and formatting characters",
      data: shutdownData("a\nb\u001b[2Jc\u202ed\u2028"),
      text: `cease: administrative reset: "a b [2Jc d "`,
    },
    { what: "less than announced", data: hex`03 6162`, text: "cease: administrative reset (data 036162)" },
    { what: "no UTF-8", data: hex`02 c328`, text: "cease: administrative reset (data 02c328)" },
    { what: "more than announced", data: hex`01 61 62`, text: `cease: administrative reset: "a"` },
  ])("a shutdown communication (RFC 9003) of $what", ({ data, text }) => {
    expect(describeNotification({ code: NOTIFICATION.CEASE, subcode: CEASE.ADMIN_RESET, data })).toBe(text);
  });

  test("every code and subcode has words", () => {
    const tables = [
      [NOTIFICATION.MESSAGE_HEADER, HEADER_ERROR],
      [NOTIFICATION.OPEN, OPEN_ERROR],
      [NOTIFICATION.UPDATE, UPDATE_ERROR],
      [NOTIFICATION.FSM, FSM_ERROR],
      [NOTIFICATION.CEASE, CEASE],
      [NOTIFICATION.ROUTE_REFRESH, ROUTE_REFRESH_ERROR],
    ] as const;
    for (const [code, subcodes] of tables) {
      for (const subcode of Object.values(subcodes).filter((subcode) => subcode !== 0)) {
        expect(describeNotification({ code, subcode, data: NO_DATA })).not.toMatch(/subcode|^error/);
      }
    }
  });

  test("is one printable line, whatever a peer sends", () => {
    const any = fc.record({ code: fc.nat(255), subcode: fc.nat(255), data: fc.uint8Array({ maxLength: 300 }) });
    const cease = fc.record({
      code: fc.constant(6),
      subcode: fc.constantFrom(2, 4, 9),
      data: fc.uint8Array({ maxLength: 300 }),
    });
    const said = fc
      .string({ unit: "binary", maxLength: 300 })
      .map((text) => ({ code: 6, subcode: 2, data: shutdownData(text) }));
    fc.assert(
      fc.property(fc.oneof(any, cease, said), (notification) => {
        expect(describeNotification(notification)).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{5,600}$/u);
      }),
    );
  });
});

describe("data of a shutdown", () => {
  test.each([
    { text: "", data: hex`00` },
    { text: "ab", data: hex`02 6162` },
    { text: "\ud800", data: hex`03 efbfbd` },
  ])("$text", ({ text, data }) => {
    expect(shutdownData(text)).toEqual(data);
  });

  test("has at most 255 bytes, and whole characters", () => {
    expect(shutdownData("x".repeat(300))).toEqual(Uint8Array.of(255, ...ascii("x".repeat(255))));
    expect(shutdownData("☀".repeat(300))).toEqual(Uint8Array.of(255, ...ascii("☀".repeat(85))));
    expect(shutdownData(`x${"☀".repeat(300)}`)).toHaveLength(1 + 253);
  });
});
