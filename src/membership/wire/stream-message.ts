import { copyBytes } from "../../bytes/copy.ts";
import { ByteReader } from "../../bytes/reader.ts";
import type { MemberState, PushPull, StreamMessage } from "../message.ts";
import { MAX_MEMBERS, MAX_STREAM_LENGTH, MESSAGE_TYPE } from "./constants.ts";
import { readStruct } from "./msgpack-reader.ts";
import { MessageWriter } from "./msgpack-writer.ts";
import { encodeMessage } from "./packet-message.ts";
import { RefusedError, refusalOf, type WireRefusal } from "./refusal.ts";
import { readMemberState, STRUCTS, writeMemberState } from "./structs.ts";

/** A message of a stream, and the entries of a PushPull that can't be used. */
export interface DecodedStream {
  readonly message: StreamMessage;
  readonly refusals: readonly WireRefusal[];
}

/** One message with its type byte, neither compressed nor encrypted. */
export function encodeStreamMessage(message: StreamMessage): Uint8Array {
  if (message.type === "push-pull") return encodePushPull(message);
  if (message.type !== "user") return encodeMessage(message);
  const { data } = message;
  return new MessageWriter().u8(MESSAGE_TYPE.USER).struct({ UserMsgLen: data.length }).bytes(data).finish();
}

function encodePushPull({ join, members, userState }: PushPull): Uint8Array {
  const writer = new MessageWriter().u8(MESSAGE_TYPE.PUSH_PULL);
  writer.struct({ Join: join, Nodes: members.length, UserStateLen: userState.length });
  for (const member of members) writer.struct(writeMemberState(member));
  return writer.bytes(userState).finish();
}

/**
 * Reads one message from bytes that may not be complete yet. What was read of a PushPull is kept, so that a peer
 * that sends byte by byte does not make us read the same twice.
 */
export class StreamMessageReader {
  #pushPull: PushPullReader | undefined;

  /** `body` starts with the type byte, and with what it held before. Throws TruncatedError, MalformedError, RefusedError. */
  read(body: Uint8Array): DecodedStream {
    const reader = new ByteReader(body);
    const type = reader.u8();
    if (type === MESSAGE_TYPE.PUSH_PULL) {
      this.#pushPull ??= new PushPullReader();
      return this.#pushPull.read(reader);
    }
    return { message: readShortMessage(type, reader), refusals: [] };
  }
}

function readShortMessage(type: number, reader: ByteReader): StreamMessage {
  switch (type) {
    case MESSAGE_TYPE.PING:
      return STRUCTS.ping.read(readStruct(reader));
    case MESSAGE_TYPE.ACK:
      return STRUCTS.ack.read(readStruct(reader));
    case MESSAGE_TYPE.ERROR:
      return STRUCTS.error.read(readStruct(reader));
    case MESSAGE_TYPE.USER: {
      const length = readStruct(reader).uint("UserMsgLen", MAX_STREAM_LENGTH);
      return { type: "user", data: copyBytes(reader.bytes(length)) };
    }
    default:
      throw new RefusedError("unknown-type", `message type ${type} on a stream`);
  }
}

interface PushPullHeader {
  readonly join: boolean;
  readonly count: number;
  readonly userStateLength: number;
}

/** Refused entries are reported up to this number; the others are left out all the same. */
const MAX_REFUSALS = 8;

class PushPullReader {
  readonly #members: MemberState[] = [];
  readonly #refusals: WireRefusal[] = [];
  #header: PushPullHeader | undefined;
  #entries = 0;
  /** How much of the body is done with. */
  #done = 0;

  read(reader: ByteReader): DecodedStream {
    if (this.#done > 0) reader.skip(this.#done - reader.offset);
    this.#header ??= readHeader(reader);
    this.#done = reader.offset;
    const { join, count, userStateLength } = this.#header;
    for (; this.#entries < count; this.#entries++) {
      this.#readEntry(reader);
      this.#done = reader.offset;
    }
    const userState = copyBytes(reader.bytes(userStateLength));
    return { message: { type: "push-pull", join, members: this.#members, userState }, refusals: this.#refusals };
  }

  /** An entry whose values are bad is left out: it must not keep us from hearing of the others. */
  #readEntry(reader: ByteReader): void {
    const fields = readStruct(reader);
    try {
      this.#members.push(readMemberState(fields));
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (this.#refusals.length < MAX_REFUSALS) this.#refusals.push(refusal);
    }
  }
}

function readHeader(reader: ByteReader): PushPullHeader {
  const fields = readStruct(reader);
  return {
    join: fields.flag("Join"),
    count: fields.uint("Nodes", MAX_MEMBERS),
    userStateLength: fields.uint("UserStateLen", MAX_STREAM_LENGTH),
  };
}
