import type { ByteReader } from "../../bytes/reader.ts";
import { MalformedError } from "../../lib/errors.ts";

/**
 * Reads the part of MessagePack that memberlist's structs need: a map from field names to integers, booleans and byte
 * strings. Byte strings come as `raw`/`str` (go-msgpack 0.5) or as `bin` (go-msgpack 2). Values of unknown fields are
 * skipped, whatever they are, without recursion. Big-endian; byte strings are views into the input. Throws
 * MalformedError, or TruncatedError when more bytes may mend it.
 */
type FieldValue = number | boolean | Uint8Array;

/** No struct has more than 8 fields; the rest is room for fields to come. */
const MAX_FIELDS = 32;

/** Longer than any name of ours; what is longer is cut and unknown all the same. */
const MAX_FIELD_NAME = 32;

/** Fields of one struct. As in Go, a field that is absent or nil has its zero value. */
export class StructFields {
  readonly #values: ReadonlyMap<string, FieldValue>;

  constructor(values: ReadonlyMap<string, FieldValue>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** An unsigned integer up to `max`. */
  uint(name: string, max: number): number {
    const value = this.#values.get(name) ?? 0;
    if (typeof value !== "number" || value < 0 || value > max) {
      throw new MalformedError(`${name} is not an integer from 0 to ${max}`);
    }
    return value;
  }

  flag(name: string): boolean {
    const value = this.#values.get(name) ?? false;
    if (typeof value !== "boolean") throw new MalformedError(`${name} is not a boolean`);
    return value;
  }

  /** At most `max` bytes. */
  bytes(name: string, max: number): Uint8Array {
    const value = this.#values.get(name) ?? EMPTY;
    if (!(value instanceof Uint8Array)) throw new MalformedError(`${name} is not a byte string`);
    if (value.length > max) throw new MalformedError(`${name} has ${value.length} bytes, more than ${max}`);
    return value;
  }

  /** UTF-8 text of at most `max` bytes. */
  text(name: string, max: number): string {
    const bytes = this.bytes(name, max);
    try {
      return UTF8.decode(bytes);
    } catch {
      throw new MalformedError(`${name} is not UTF-8`);
    }
  }
}

const EMPTY = new Uint8Array(0);
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function readStruct(reader: ByteReader): StructFields {
  const count = readMapHeader(reader);
  if (count > MAX_FIELDS) throw new MalformedError(`a struct of ${count} fields`);
  const values = new Map<string, FieldValue>();
  for (let i = 0; i < count; i++) {
    const name = readValue(reader);
    if (!(name instanceof Uint8Array)) throw new MalformedError("a field name that is not a string");
    const value = readValue(reader);
    if (value !== undefined) values.set(fieldName(name), value);
  }
  return new StructFields(values);
}

/** Names of fields are ASCII; what else comes is unknown, so that it needs no check. */
function fieldName(bytes: Uint8Array): string {
  let name = "";
  for (const byte of bytes.subarray(0, MAX_FIELD_NAME)) name += String.fromCharCode(byte);
  return name;
}

function readMapHeader(reader: ByteReader): number {
  const tag = reader.u8();
  if (tag >= 0x80 && tag <= 0x8f) return tag & 0x0f;
  if (tag === TAG.MAP16) return reader.u16();
  if (tag === TAG.MAP32) return reader.u32();
  throw new MalformedError(`a map was expected, not type ${tag}`);
}

const TAG = {
  NIL: 0xc0,
  FALSE: 0xc2,
  TRUE: 0xc3,
  BIN8: 0xc4,
  BIN16: 0xc5,
  BIN32: 0xc6,
  UINT8: 0xcc,
  UINT16: 0xcd,
  UINT32: 0xce,
  UINT64: 0xcf,
  INT8: 0xd0,
  INT16: 0xd1,
  INT32: 0xd2,
  INT64: 0xd3,
  STR8: 0xd9,
  RAW16: 0xda,
  RAW32: 0xdb,
  ARRAY16: 0xdc,
  ARRAY32: 0xdd,
  MAP16: 0xde,
  MAP32: 0xdf,
} as const;

const READERS: Readonly<Record<number, (reader: ByteReader) => FieldValue | undefined>> = {
  [TAG.NIL]: () => undefined,
  [TAG.FALSE]: () => false,
  [TAG.TRUE]: () => true,
  [TAG.BIN8]: (reader) => reader.bytes(reader.u8()),
  [TAG.BIN16]: (reader) => reader.bytes(reader.u16()),
  [TAG.BIN32]: (reader) => reader.bytes(reader.u32()),
  [TAG.UINT8]: (reader) => reader.u8(),
  [TAG.UINT16]: (reader) => reader.u16(),
  [TAG.UINT32]: (reader) => reader.u32(),
  [TAG.UINT64]: (reader) => reader.u32() * 0x1_0000_0000 + reader.u32(),
  [TAG.INT8]: (reader) => signed(reader.u8(), 8),
  [TAG.INT16]: (reader) => signed(reader.u16(), 16),
  [TAG.INT32]: (reader) => signed(reader.u32(), 32),
  [TAG.INT64]: (reader) => signed(reader.u32(), 32) * 0x1_0000_0000 + reader.u32(),
  [TAG.STR8]: (reader) => reader.bytes(reader.u8()),
  [TAG.RAW16]: (reader) => reader.bytes(reader.u16()),
  [TAG.RAW32]: (reader) => reader.bytes(reader.u32()),
};

function signed(value: number, bits: number): number {
  return value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}

/** One value; undefined for nil and for what no struct of ours holds, which is skipped. */
function readValue(reader: ByteReader): FieldValue | undefined {
  const tag = reader.u8();
  if (tag <= 0x7f) return tag;
  if (tag >= 0xe0) return tag - 0x100;
  if (tag >= 0xa0 && tag <= 0xbf) return reader.bytes(tag & 0x1f);
  const read = READERS[tag];
  if (read !== undefined) return read(reader);
  skipForeign(reader, tag);
  return undefined;
}

/** Skips an array, map, float or extension. Each step takes at least one byte, so the input bounds the work. */
function skipForeign(reader: ByteReader, first: number): void {
  let left = skipHeader(reader, first);
  for (; left > 0; left--) left += skipHeader(reader, reader.u8());
}

/** Skips one value except for what it contains; returns how many values that are. */
function skipHeader(reader: ByteReader, tag: number): number {
  if (tag >= 0x80 && tag <= 0x8f) return 2 * (tag & 0x0f);
  if (tag >= 0x90 && tag <= 0x9f) return tag & 0x0f;
  if (tag <= 0x7f || tag >= 0xe0) return 0;
  if (tag >= 0xa0 && tag <= 0xbf) {
    reader.skip(tag & 0x1f);
    return 0;
  }
  const skip = CONTAINERS[tag];
  if (skip !== undefined) return skip(reader);
  const read = READERS[tag];
  if (read === undefined) throw new MalformedError(`MessagePack has no type ${tag}`);
  read(reader);
  return 0;
}

/** Headers of what READERS does not know; the result is the number of values inside. */
const CONTAINERS: Readonly<Record<number, (reader: ByteReader) => number>> = {
  [TAG.ARRAY16]: (reader) => reader.u16(),
  [TAG.ARRAY32]: (reader) => reader.u32(),
  [TAG.MAP16]: (reader) => 2 * reader.u16(),
  [TAG.MAP32]: (reader) => 2 * reader.u32(),
  0xc7: (reader) => skipBytes(reader, reader.u8() + 1),
  0xc8: (reader) => skipBytes(reader, reader.u16() + 1),
  0xc9: (reader) => skipBytes(reader, reader.u32() + 1),
  0xca: (reader) => skipBytes(reader, 4),
  0xcb: (reader) => skipBytes(reader, 8),
  0xd4: (reader) => skipBytes(reader, 2),
  0xd5: (reader) => skipBytes(reader, 3),
  0xd6: (reader) => skipBytes(reader, 5),
  0xd7: (reader) => skipBytes(reader, 9),
  0xd8: (reader) => skipBytes(reader, 17),
};

function skipBytes(reader: ByteReader, length: number): 0 {
  reader.skip(length);
  return 0;
}
