import protobuf from "protobufjs/minimal.js";
import { errorMessage, MalformedError } from "../../../lib/errors.ts";
import type { Json } from "../objects.ts";
import { coreTypeName } from "../schema/core-types.ts";
import { StatusError } from "../status.ts";
import { decodeStruct } from "./struct.ts";

/** `k8s` and a zero byte, before every Kubernetes protobuf body. */
const MAGIC = [0x6b, 0x38, 0x73, 0x00];

/** As much as a real API server reads. */
const MAX_SIZE = 3 * 1024 * 1024;

/** Its schemas nest JSON in protobuf in a way that only Go clients of one API use; everybody sends JSON. */
const NOT_DECODED: ReadonlySet<string> = new Set(["apiextensions.v1.CustomResourceDefinition"]);

export interface DecodedObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** The object as JSON would have brought it, `apiVersion` and `kind` included. */
  readonly object: Json;
}

/**
 * Decodes a request body of type `application/vnd.kubernetes.protobuf`: the magic, then a runtime.Unknown that wraps
 * the object. Fields we don't know are skipped, as Go does. Throws StatusError 400 for malformed bytes, 413 for too
 * many, 415 for kinds that have no protobuf form here.
 */
export function decodeProtobuf(bytes: Uint8Array): DecodedObject {
  if (bytes.length > MAX_SIZE) {
    throw new StatusError(413, "RequestEntityTooLarge", `Request entity is too large: limit is ${MAX_SIZE}`);
  }
  try {
    return decodeUnknown(bytes);
  } catch (thrown) {
    if (thrown instanceof StatusError) throw thrown;
    throw new StatusError(400, "BadRequest", `the object provided is unrecognized: ${errorMessage(thrown)}`);
  }
}

function decodeUnknown(bytes: Uint8Array): DecodedObject {
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) {
    throw new MalformedError("the body does not begin with the Kubernetes protobuf magic");
  }
  const { apiVersion, kind, raw } = decodeEnvelope(bytes.subarray(MAGIC.length));
  const type = coreTypeName(apiVersion, kind);
  if (type === undefined || NOT_DECODED.has(type)) {
    const message = `no protobuf form of ${apiVersion || "(no version)"} ${kind || "(no kind)"} is known, send application/json`;
    throw new StatusError(415, "UnsupportedMediaType", message);
  }
  return { apiVersion, kind, object: { apiVersion, kind, ...decodeStruct(type, protobuf.Reader.create(raw), 0) } };
}

interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
}

/** runtime.Unknown: typeMeta = 1 (apiVersion = 1, kind = 2), raw = 2. Its other fields describe `raw` and are unused. */
function decodeEnvelope(bytes: Uint8Array): Envelope {
  const envelope: Envelope = { apiVersion: "", kind: "", raw: new Uint8Array() };
  eachField(bytes, (number, reader) => {
    if (number === 2) envelope.raw = reader.bytes();
    else if (number === 1) {
      eachField(reader.bytes(), (inner, nested) => {
        if (inner === 1) envelope.apiVersion = nested.string();
        else if (inner === 2) envelope.kind = nested.string();
        else return false;
        return true;
      });
    } else return false;
    return true;
  });
  return envelope;
}

/** Calls `read` for every field; what it does not read (`false`) is skipped. All fields here are length-delimited. */
function eachField(bytes: Uint8Array, read: (number: number, reader: protobuf.Reader) => boolean): void {
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if ((tag & 7) !== 2) throw new MalformedError(`field ${tag >>> 3} has wire type ${tag & 7}, not 2`);
    if (!read(tag >>> 3, reader)) reader.bytes();
  }
}
