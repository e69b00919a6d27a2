import type { Reader } from "protobufjs/minimal.js";
import protobuf from "protobufjs/minimal.js";
import { MalformedError } from "../../../lib/errors.ts";
import { parseJson } from "../json-text.ts";

/** Protobuf's wire types, without the groups. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

export interface Scalar {
  readonly wireType: number;
  /** The JSON value; `undefined` for the zero of a type that JSON writes as null. */
  readonly read: (reader: Reader) => unknown;
}

export function checkWireType(actual: number, expected: number): void {
  if (actual !== expected) throw new MalformedError(`wire type ${actual} where ${expected} belongs`);
}

/** A reader of the message at the reader's place; its length is checked against what is there. */
export function subReader(reader: Reader, wireType: number): Reader {
  checkWireType(wireType, WIRE.bytes);
  return protobuf.Reader.create(reader.bytes());
}

/** The fields of a small message whose numbers are all we need. */
function readFields(reader: Reader): ReadonlyMap<number, number | Uint8Array> {
  const message = subReader(reader, WIRE.bytes);
  const fields = new Map<number, number | Uint8Array>();
  while (message.pos < message.len) {
    const tag = message.uint32();
    if ((tag & 7) === WIRE.varint) fields.set(tag >>> 3, Number(message.int64()));
    else if ((tag & 7) === WIRE.bytes) fields.set(tag >>> 3, message.bytes());
    else throw new MalformedError(`field ${tag >>> 3} has wire type ${tag & 7}`);
  }
  return fields;
}

function numberField(fields: ReadonlyMap<number, number | Uint8Array>, number: number): number {
  const value = fields.get(number);
  return typeof value === "number" ? value : 0;
}

function bytesField(fields: ReadonlyMap<number, number | Uint8Array>, number: number): Uint8Array {
  const value = fields.get(number);
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** RFC 3339 §5.6 in UTC with as many decimals; years beyond 9999 are malformed. */
function timestamp(seconds: number, nanos: number, decimals: 0 | 6): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 || date.getUTCFullYear() < 0) {
    throw new MalformedError(`${seconds} s is no time that can be written`);
  }
  const fraction = decimals === 0 ? "" : `.${String(Math.floor(nanos / 1000)).padStart(6, "0")}`;
  return `${date.toISOString().slice(0, 19)}${fraction}Z`;
}

/** Time and MicroTime: seconds = 1, nanos = 2; an empty message is no time. */
function readTime(reader: Reader, decimals: 0 | 6): string | undefined {
  const fields = readFields(reader);
  if (fields.size === 0) return undefined;
  return timestamp(numberField(fields, 1), numberField(fields, 2), decimals);
}

/** IntOrString: type = 1 (0 int, 1 string), intVal = 2, strVal = 3. */
function readIntOrString(reader: Reader): number | string {
  const fields = readFields(reader);
  return numberField(fields, 1) === 1 ? utf8(bytesField(fields, 3)) : numberField(fields, 2);
}

/** RawExtension, FieldsV1 and JSON: JSON text in field 1. */
function readJson(reader: Reader): unknown {
  const bytes = bytesField(readFields(reader), 1);
  return bytes.length === 0 ? undefined : parseJson(utf8(bytes));
}

/** Types that are not messages of the table, by their name in it. */
export const SCALARS: Readonly<Record<string, Scalar>> = {
  string: { wireType: WIRE.bytes, read: (reader) => utf8(reader.bytes()) },
  bytes: { wireType: WIRE.bytes, read: (reader) => Buffer.from(reader.bytes()).toString("base64") },
  bool: { wireType: WIRE.varint, read: (reader) => reader.bool() },
  int32: { wireType: WIRE.varint, read: (reader) => reader.int32() },
  int64: { wireType: WIRE.varint, read: (reader) => Number(reader.int64()) },
  double: { wireType: WIRE.fixed64, read: (reader) => reader.double() },
  time: { wireType: WIRE.bytes, read: (reader) => readTime(reader, 0) },
  microtime: { wireType: WIRE.bytes, read: (reader) => readTime(reader, 6) },
  quantity: { wireType: WIRE.bytes, read: (reader) => utf8(bytesField(readFields(reader), 1)) },
  intorstring: { wireType: WIRE.bytes, read: readIntOrString },
  raw: { wireType: WIRE.bytes, read: readJson },
  json: { wireType: WIRE.bytes, read: readJson },
  fieldsv1: { wireType: WIRE.bytes, read: readJson },
};
