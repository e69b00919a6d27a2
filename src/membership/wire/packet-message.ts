import { copyBytes } from "../../bytes/copy.ts";
import { concatBytes } from "../../bytes/concat.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { MalformedError } from "../../lib/errors.ts";
import type { PacketMessage } from "../message.ts";
import { MESSAGE_TYPE } from "./constants.ts";
import { readStruct, type StructFields } from "./msgpack-reader.ts";
import { type FieldValues, MessageWriter } from "./msgpack-writer.ts";
import { RefusedError } from "./refusal.ts";
import { STRUCTS, type StructMessage } from "./structs.ts";

/** One message with its type byte. Its length is what it takes of a packet's room. */
export function encodeMessage(message: PacketMessage | StructMessage): Uint8Array {
  if (message.type === "user") return concatBytes([Uint8Array.of(MESSAGE_TYPE.USER), message.data]);
  const { messageType, write } = STRUCTS[message.type];
  // Each entry of STRUCTS takes the type that it is listed under, which the compiler can't see through the union.
  const fields = (write as (message: StructMessage) => FieldValues)(message);
  return new MessageWriter().u8(messageType).struct(fields).finish();
}

type StructPacketMessage = Exclude<PacketMessage, { readonly type: "user" }>;

const READERS = new Map<number, (fields: StructFields) => StructPacketMessage>(
  [STRUCTS.ping, STRUCTS["indirect-ping"], STRUCTS.ack, STRUCTS.nack, STRUCTS.suspect, STRUCTS.alive, STRUCTS.dead].map(
    ({ messageType, read }) => [messageType, read],
  ),
);

const WRAPPERS: readonly number[] = [MESSAGE_TYPE.COMPOUND, MESSAGE_TYPE.COMPRESS];

/** Throws MalformedError or RefusedError. Bytes behind the message are ignored, as memberlist does. */
export function decodeMessage(body: Uint8Array): PacketMessage {
  const type = body[0];
  if (type === undefined) throw new MalformedError("an empty message");
  const rest = body.subarray(1);
  if (type === MESSAGE_TYPE.USER) return { type: "user", data: copyBytes(rest) };
  const read = READERS.get(type);
  if (read !== undefined) return read(readStruct(new ByteReader(rest)));
  if (WRAPPERS.includes(type)) throw new RefusedError("nested", `message type ${type} in a message that unpacks to it`);
  throw new RefusedError("unknown-type", `message type ${type}`);
}
