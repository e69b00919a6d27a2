import type { Reader } from "protobufjs/minimal.js";
import { MalformedError } from "../../../lib/errors.ts";
import type { Json } from "../objects.ts";
import { isRecord } from "../objects.ts";
import type { CoreField } from "../schema/core-types.ts";
import { coreType } from "../schema/core-types.ts";
import { setMember } from "../schema/json.ts";
import { MAX_DEPTH } from "../schema/structural.ts";
import { SCALARS, WIRE, checkWireType, subReader } from "./scalars.ts";

const fieldTables = new Map<string, ReadonlyMap<number, CoreField>>();

function fieldsByNumber(type: string): ReadonlyMap<number, CoreField> {
  const known = fieldTables.get(type);
  if (known !== undefined) return known;
  const table = new Map(coreType(type)!.fields.map((field) => [field.n, field]));
  fieldTables.set(type, table);
  return table;
}

/** Reads one message to its end, by the table of its type, into what JSON would have. */
export function decodeStruct(type: string, reader: Reader, depth: number): Json {
  if (depth > MAX_DEPTH) throw new MalformedError(`messages nested deeper than ${MAX_DEPTH} levels`);
  const fields = fieldsByNumber(type);
  const object: Json = {};
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const field = fields.get(tag >>> 3);
    if (field === undefined) skip(reader, tag);
    else readField(object, field, reader, tag & 7, depth);
  }
  return object;
}

/** Groups (wire types 3 and 4) are not skipped but refused: nothing sends them, and they nest without a length. */
function skip(reader: Reader, tag: number): void {
  const wireType = tag & 7;
  if (wireType !== WIRE.varint && wireType !== WIRE.fixed64 && wireType !== WIRE.bytes && wireType !== WIRE.fixed32) {
    throw new MalformedError(`field ${tag >>> 3} has wire type ${wireType}`);
  }
  reader.skipType(wireType);
}

function readField(object: Json, field: CoreField, reader: Reader, wireType: number, depth: number): void {
  const { name, t } = field;
  if (t.startsWith("[]")) {
    const list = Array.isArray(object[name]) ? object[name] : (object[name] = []);
    readItems(list as unknown[], t.slice(2), reader, wireType, depth);
  } else if (t.startsWith("{}")) {
    const [key, value] = readEntry(t.slice(2), subReader(reader, wireType), depth);
    const map = isRecord(object[name]) ? object[name] : (object[name] = {});
    setMember(map, key, value);
  } else {
    const value = readValue(t.replace("*", ""), reader, wireType, depth);
    if (name === "") Object.assign(object, value);
    else if (!isLeftOut(field, value)) object[name] = value;
  }
}

/** Go writes zero values that JSON leaves out. A pointer that is there was meant. */
function isLeftOut(field: CoreField, value: unknown): boolean {
  if (value === undefined) return true;
  const isPointer = field.t.startsWith("*");
  return !isPointer && field.o !== undefined && (value === "" || value === 0 || value === false);
}

function readItems(list: unknown[], type: string, reader: Reader, wireType: number, depth: number): void {
  const scalar = SCALARS[type];
  if (scalar === undefined || scalar.wireType === wireType) {
    list.push(readValue(type, reader, wireType, depth));
    return;
  }
  // Packed: one length-delimited run of numbers.
  const packed = subReader(reader, wireType);
  while (packed.pos < packed.len) list.push(scalar.read(packed));
}

/** A map is a list of messages with key = 1 and value = 2; either may be absent when it is zero. */
function readEntry(type: string, reader: Reader, depth: number): [string, unknown] {
  let key = "";
  let value: unknown = type === "string" || type === "bytes" ? "" : {};
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = String(readValue("string", reader, tag & 7, depth));
    else if (tag >>> 3 === 2) value = readValue(type, reader, tag & 7, depth) ?? value;
    else skip(reader, tag);
  }
  return [key, value];
}

function readValue(type: string, reader: Reader, wireType: number, depth: number): unknown {
  const scalar = SCALARS[type];
  if (scalar !== undefined) {
    checkWireType(wireType, scalar.wireType);
    return scalar.read(reader);
  }
  const message = subReader(reader, wireType);
  return type.startsWith("~[]")
    ? readWrappedList(type.slice(3), message, depth)
    : decodeStruct(type, message, depth + 1);
}

/** `message ExtraValue { repeated string items = 1; }` */
function readWrappedList(type: string, reader: Reader, depth: number): unknown[] {
  const items: unknown[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) readItems(items, type, reader, tag & 7, depth);
    else skip(reader, tag);
  }
  return items;
}
