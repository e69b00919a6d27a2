import { concatBytes } from "../../bytes/concat.ts";

/**
 * Writes structs as go-msgpack 0.5 does: a map of field names in byte order, the shortest form of each integer, strings
 * and bytes alike in the `raw` forms from before MessagePack had `str8` and `bin`. All ages of memberlist read this.
 */
type FieldValue = number | boolean | string | Uint8Array | null;

/** Fields by name; undefined is left out, null is Go's nil. Integers are unsigned, up to 32 bits. */
export type FieldValues = Readonly<Record<string, FieldValue | undefined>>;

export function writeStruct(fields: FieldValues): Uint8Array {
  const present = Object.entries(fields).filter((entry): entry is [string, FieldValue] => entry[1] !== undefined);
  present.sort(([a], [b]) => (a < b ? -1 : 1));
  return concatBytes([Uint8Array.of(0x80 | present.length), ...present.flatMap(fieldParts)]);
}

function fieldParts([name, value]: readonly [string, FieldValue]): Uint8Array[] {
  return [...rawParts(UTF8.encode(name)), ...valueParts(value)];
}

const UTF8 = new TextEncoder();

function valueParts(value: FieldValue): Uint8Array[] {
  if (value === null) return [Uint8Array.of(0xc0)];
  if (typeof value === "boolean") return [Uint8Array.of(value ? 0xc3 : 0xc2)];
  if (typeof value === "number") return [Uint8Array.from(integer(value))];
  return rawParts(typeof value === "string" ? UTF8.encode(value) : value);
}

function integer(value: number): number[] {
  if (value <= 0x7f) return [value];
  if (value <= 0xff) return [0xcc, value];
  if (value <= 0xffff) return [0xcd, value >>> 8, value & 0xff];
  return [0xce, value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

function rawParts(bytes: Uint8Array): Uint8Array[] {
  const { length } = bytes;
  if (length <= 31) return [Uint8Array.of(0xa0 | length), bytes];
  if (length <= 0xffff) return [Uint8Array.of(0xda, length >>> 8, length & 0xff), bytes];
  return [Uint8Array.of(0xdb, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff), bytes];
}
