import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { internetChecksum } from "./checksum.ts";
import { concatBytes } from "./concat.ts";
import { copyBytes } from "./copy.ts";
import { crc32 } from "./crc32.ts";
import { GrowingBytes } from "./growing.ts";
import { hex, toHex } from "./hex.ts";
import { ByteReader } from "./reader.ts";
import { ByteWriter } from "./writer.ts";

describe("ByteReader and ByteWriter", () => {
  test("what is written is read", () => {
    fc.assert(
      fc.property(fc.nat(0xff), fc.nat(0xffff), fc.nat({ max: 0xffff_ffff }), fc.uint8Array(), (a, b, c, rest) => {
        const bytes = new ByteWriter(7 + rest.length).u8(a).u16(b).u32(c).bytes(rest).finish();
        const reader = new ByteReader(bytes);
        expect([reader.u8(), reader.u16(), reader.u32(), reader.bytes(rest.length)]).toEqual([a, b, c, rest]);
        reader.end("record");
      }),
    );
  });

  test("no read goes past the end", () => {
    const reads = [
      (r: ByteReader) => r.u8(),
      (r: ByteReader) => r.u16(),
      (r: ByteReader) => r.u32(),
      (r: ByteReader) => r.bytes(1),
      (r: ByteReader) => r.skip(1),
    ];
    for (const read of reads) expect(() => read(new ByteReader(new Uint8Array(0)))).toThrow(/truncated/);
    expect(() => new ByteReader(new Uint8Array(3)).u32()).toThrow(/truncated/);
    expect(() => new ByteReader(new Uint8Array(1)).end("frame")).toThrow(/frame: 1 bytes left over/);
  });

  test("the writer is exact", () => {
    expect(() => new ByteWriter(1).u16(1)).toThrow(RangeError);
    expect(() => new ByteWriter(2).u8(1).finish()).toThrow(RangeError);
    expect(new ByteWriter(2).zeros(2).finish()).toEqual(new Uint8Array(2));
  });
});

test("hex tables drop white space and comments", () => {
  expect(hex`00 ff // comment
    a0`).toEqual(Uint8Array.of(0, 0xff, 0xa0));
  expect(toHex(Uint8Array.of(0, 0xff, 0xa0))).toBe("00ffa0");
  expect(() => hex`0`).toThrow(RangeError);
});

test("checksum of RFC 1071 §3's example", () => {
  expect(internetChecksum(hex`0001 f203 f4f5 f6f7`)).toBe(0x220d);
  expect(internetChecksum(hex`0001 f203`, hex`f4f5 f6f7`)).toBe(0x220d);
  expect(internetChecksum(hex`ff`)).toBe(0x00ff);
});

test("CRC-32 of the check value's nine digits, and of nothing", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf4_3926);
  expect(crc32(hex``)).toBe(0);
});

test("parts are laid end to end", () => {
  expect(concatBytes([hex`01`, hex``, hex`02 03`])).toEqual(hex`010203`);
});

test("a copy of a Buffer is no view of it", () => {
  const buffer = Buffer.from([1, 2, 3]);
  const copy = copyBytes(buffer.subarray(1));
  buffer.fill(0);
  expect(copy).toEqual(hex`0203`);
});

describe("GrowingBytes", () => {
  test("keeps all parts in order", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3000 })), (parts) => {
        const bytes = new GrowingBytes(Infinity);
        for (const part of parts) expect(bytes.append(part)).toBe(true);
        expect(bytes.view()).toEqual(concatBytes(parts));
        expect(bytes).toHaveLength(bytes.view().length);
      }),
    );
  });

  test("takes nothing beyond its limit", () => {
    const bytes = new GrowingBytes(2);
    expect(bytes.append(hex`01`)).toBe(true);
    expect(bytes.append(hex`02 03`)).toBe(false);
    expect(bytes.append(hex`04`)).toBe(true);
    expect(bytes.view()).toEqual(hex`0104`);
  });
});
