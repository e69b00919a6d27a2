import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex } from "../../bytes/hex.ts";
import { lzwCompress, lzwDecompress } from "./lzw.ts";
import { RefusedError } from "./refusal.ts";

/** Written by hand from the definition; what Go's encoder writes is in the recordings of test/golden/memberlist. */
describe.each([
  { name: "nothing", plain: hex``, packed: hex`00 03 02` }, // clear, end
  { name: "one byte", plain: hex`61`, packed: hex`00 c3 04 04` }, // clear, 97, end
  { name: "a code used while it is learnt", plain: hex`61 61 61`, packed: hex`00 c3 08 0c 08` }, // clear, 97, 258, end
])("$name", ({ plain, packed }) => {
  test("compresses", () => expect(lzwCompress(plain)).toEqual(packed));
  test("decompresses", () => expect(lzwDecompress(packed, 10)).toEqual(plain));
});

test("what is compressed is decompressed, also when the table fills up", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ minLength: 20_000, maxLength: 30_000, size: "max" }),
    fc
      .array(fc.constantFrom(1, 2), { minLength: 30_000, maxLength: 40_000, size: "max" })
      .map((list) => Uint8Array.from(list)),
  );
  fc.assert(
    fc.property(bytes, (input) => {
      expect(lzwDecompress(lzwCompress(input), input.length)).toEqual(input);
    }),
    { numRuns: 30 },
  );
});

test("a table that its writer never clears stays full", () => {
  // Literals 0, 1, 2 … of growing width: 3,838 of them fill the table, and 12-bit codes go on to work after that.
  const codes = [256, ...Array.from({ length: 5000 }, (_, i) => i % 256), 257];
  const expected = Uint8Array.from(codes.slice(1, -1));
  expect(lzwDecompress(pack(codes), 5000)).toEqual(expected);
});

test.each([
  { name: "no end", bytes: hex`00`, error: /without an end/ },
  { name: "a code that stands for nothing", bytes: pack([256, 97, 300, 257]), error: /code 300/ },
  { name: "a code to be learnt without a last one", bytes: pack([256, 258, 257]), error: /code 258/ },
])("refuses $name", ({ bytes, error }) => {
  expect(() => lzwDecompress(bytes, 100)).toThrow(error);
});

test("no more than the limit comes out", () => {
  const bomb = lzwCompress(new Uint8Array(1_000_000));
  expect(bomb.length).toBeLessThan(2500);
  expect(() => lzwDecompress(bomb, 65_535)).toThrow(RefusedError);
  expect(lzwDecompress(bomb, 1_000_000)).toHaveLength(1_000_000);
});

/** Codes by the decoder's rule for their width. */
function pack(codes: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  codes.forEach((code, i) => {
    // The clear and the first code teach nothing, each later one teaches one.
    const width = Math.min(12, Math.max(9, Math.floor(Math.log2(258 + Math.max(0, i - 2))) + 1));
    bits |= code << count;
    for (count += width; count >= 8; count -= 8) {
      bytes.push(bits & 0xff);
      bits >>>= 8;
    }
  });
  return Uint8Array.from([...bytes, bits]);
}
