import { expect, test } from "vitest";
import { concatBytes } from "../../bytes/concat.ts";
import { hex } from "../../bytes/hex.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { readStruct } from "./msgpack-reader.ts";
import { MessageWriter } from "./msgpack-writer.ts";

const fieldsOf = (bytes: Uint8Array) => readStruct(new ByteReader(bytes));

test.each([
  { form: "positive fixint", bytes: hex`7f`, value: 127 },
  { form: "uint 8", bytes: hex`cc ff`, value: 255 },
  { form: "uint 16", bytes: hex`cd ffff`, value: 65_535 },
  { form: "uint 32", bytes: hex`ce ffffffff`, value: 4_294_967_295 },
  { form: "uint 64", bytes: hex`cf 00000000 00000007`, value: 7 },
  { form: "int 8", bytes: hex`d0 7f`, value: 127 },
  { form: "int 16", bytes: hex`d1 7fff`, value: 32_767 },
  { form: "int 32", bytes: hex`d2 7fffffff`, value: 2_147_483_647 },
  { form: "int 64", bytes: hex`d3 00000000 00000007`, value: 7 },
  { form: "nil", bytes: hex`c0`, value: 0 },
])("an unsigned integer as $form", ({ bytes, value }) => {
  expect(fieldsOf(concatBytes([hex`81 a1 6e`, bytes])).uint("n", 0xffff_ffff)).toBe(value);
});

test.each([
  { form: "int 8", bytes: hex`d0 80` },
  { form: "int 16", bytes: hex`d1 8000` },
  { form: "int 32", bytes: hex`d2 80000000` },
  { form: "int 64", bytes: hex`d3 ffffffff ffffffff` },
  { form: "negative fixint", bytes: hex`e0` },
  { form: "uint 64 over the limit", bytes: hex`cf ffffffff ffffffff` },
])("what is not unsigned in 32 bits: $form", ({ bytes }) => {
  expect(() => fieldsOf(concatBytes([hex`81 a1 6e`, bytes])).uint("n", 0xffff_ffff)).toThrow(/n is not an integer/);
});

test.each([
  { form: "fixraw", bytes: hex`a2 6869` },
  { form: "str 8", bytes: hex`d9 02 6869` },
  { form: "raw 16", bytes: hex`da 0002 6869` },
  { form: "raw 32", bytes: hex`db 00000002 6869` },
  { form: "bin 8", bytes: hex`c4 02 6869` },
  { form: "bin 16", bytes: hex`c5 0002 6869` },
  { form: "bin 32", bytes: hex`c6 00000002 6869` },
])("bytes and text as $form", ({ bytes }) => {
  const fields = fieldsOf(concatBytes([hex`81 a1 6e`, bytes]));
  expect(fields.bytes("n", 2)).toEqual(hex`6869`);
  expect(fields.text("n", 2)).toBe("hi");
  expect(() => fields.bytes("n", 1)).toThrow(/n has 2 bytes, more than 1/);
});

test.each([
  { what: "an array", bytes: hex`92 01 a1 61` },
  { what: "an array 16", bytes: hex`dc 0002 01 c0` },
  { what: "an array 32", bytes: hex`dd 00000001 91 91 90` },
  { what: "a map", bytes: hex`81 a1 61 81 a1 62 cc 01` },
  { what: "a map 16", bytes: hex`de 0001 01 02` },
  { what: "a map 32", bytes: hex`df 00000001 01 da 0001 61` },
  { what: "a float", bytes: hex`ca 00000000` },
  { what: "a double", bytes: hex`cb 0000000000000000` },
  { what: "fixext 1", bytes: hex`d4 01 00` },
  { what: "fixext 16", bytes: hex`d8 01 00000000000000000000000000000000` },
  { what: "ext 8", bytes: hex`c7 02 01 0000` },
  { what: "ext 32", bytes: hex`c9 00000001 01 00` },
])("an unknown field with $what is skipped", ({ bytes }) => {
  const reader = new ByteReader(concatBytes([hex`82 a1 78`, bytes, hex`a1 6e 05`]));
  expect(readStruct(reader).uint("n", 9)).toBe(5);
  expect(reader.remaining).toBe(0);
});

test("fields that are absent are zero, and the last of two counts", () => {
  const fields = fieldsOf(hex`82 a1 6e 01 a1 6e 02`);
  expect(fields.uint("n", 9)).toBe(2);
  expect([fields.uint("x", 9), fields.flag("x"), fields.bytes("x", 9), fields.text("x", 9)]).toEqual([
    0,
    false,
    new Uint8Array(0),
    "",
  ]);
});

test.each([
  { name: "33 fields", bytes: hex`de 0021`, error: /33 fields/ },
  { name: "four thousand million fields", bytes: hex`df ffffffff`, error: /4294967295 fields/ },
  { name: "a field name that is a number", bytes: hex`81 01 01`, error: /field name/ },
  { name: "the type that MessagePack doesn't have", bytes: hex`81 a1 6e c1`, error: /no type 193/ },
  { name: "the same inside an array", bytes: hex`81 a1 6e 91 c1`, error: /no type 193/ },
  { name: "bytes that don't come", bytes: hex`81 a1 6e db ffffffff 00`, error: /truncated/ },
  { name: "an array that doesn't come", bytes: hex`81 a1 6e dd ffffffff 00`, error: /truncated/ },
])("refuses $name", ({ bytes, error }) => {
  expect(() => fieldsOf(bytes)).toThrow(error);
});

test("a hundred thousand arrays in each other are skipped without recursion", () => {
  const deep = new Uint8Array(100_000).fill(0x91);
  expect(fieldsOf(concatBytes([hex`82 a1 78`, deep, hex`c0 a1 6e 05`])).uint("n", 9)).toBe(5);
});

test.each([0, 31, 32, 255, 256, 65_535, 65_536])("%i bytes are written and read", (length) => {
  const value = new Uint8Array(length).fill(1);
  expect(fieldsOf(new MessageWriter().struct({ n: value }).finish()).bytes("n", length)).toEqual(value);
});

test.each(["", "a", "n".repeat(31), "n".repeat(32), "ü", "n".repeat(30) + "ü", "節点", "n".repeat(300)])(
  "the text %j is written and read",
  (text) => {
    const fields = fieldsOf(new MessageWriter().struct({ a: text, b: 1 }).finish());
    expect(fields.text("a", 300)).toBe(text);
    expect(fields.uint("b", 1)).toBe(1);
  },
);

test("fields are written in their order, and without what is undefined", () => {
  const bytes = new MessageWriter().struct({ a: null, b: true, c: undefined, d: false, e: 70_000 }).finish();
  expect(bytes).toEqual(hex`84 a1 61 c0 a1 62 c3 a1 64 c2 a1 65 ce 00011170`);
});
