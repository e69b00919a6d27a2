import { concatBytes } from "../../bytes/concat.ts";
import { GrowingBytes } from "../../bytes/growing.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { errorMessage, MalformedError, TruncatedError } from "../../lib/errors.ts";
import type { Cipher } from "../../ports/cipher.ts";
import type { StreamMessage } from "../message.ts";
import { compress, decompress } from "./compression.ts";
import { MAX_STREAM_LENGTH, MESSAGE_TYPE } from "./constants.ts";
import { type EncryptionVersion, open, seal, sealedLength } from "./encryption.ts";
import { expectLabel, labelHeader } from "./label.ts";
import type { WireOptions } from "./options.ts";
import { RefusedError, refusalOf, type WireRefusal } from "./refusal.ts";
import { type DecodedStream, encodeStreamMessage, StreamMessageReader } from "./stream-message.ts";

/** Room for label and envelope around the longest message. */
const MAX_ENVELOPE_LENGTH = 512;

/** Type byte and length in front of an encrypted message. */
const ENCRYPT_HEADER_LENGTH = 5;

/**
 * One message of a stream: label, encryption with a length in front, compression, message; each layer but the last may
 * be absent. Unlike packets, whatever can be compressed is, as in memberlist.
 */
export function encodeStream(
  message: StreamMessage,
  options: WireOptions,
  cipher: Cipher,
  version: EncryptionVersion = 1,
): Uint8Array {
  const label = new TextEncoder().encode(options.label);
  const plain = encodeStreamMessage(message);
  const body = options.compress ? compress(plain) : plain;
  const [key] = options.keys;
  if (key === undefined || !options.verifyOutgoing) return concatBytes([labelHeader(label), body]);
  const header = new ByteWriter(ENCRYPT_HEADER_LENGTH).u8(MESSAGE_TYPE.ENCRYPT).u32(sealedLength(version, body.length));
  const head = header.finish();
  return concatBytes([labelHeader(label), head, seal(cipher, version, key, body, concatBytes([head, label]))]);
}

export type StreamProgress =
  | { readonly kind: "incomplete" }
  | { readonly kind: "complete"; readonly decoded: DecodedStream }
  | { readonly kind: "refused"; readonly refusal: WireRefusal };

/** Collects the bytes of one message from a peer. It never throws, and keeps no more than what was sent, up to a limit. */
export class StreamDecoder {
  readonly #options: WireOptions;
  readonly #cipher: Cipher;
  readonly #label: Uint8Array;
  readonly #bytes = new GrowingBytes(MAX_STREAM_LENGTH + MAX_ENVELOPE_LENGTH);
  readonly #reader = new StreamMessageReader();
  /** Less than this need not be looked at. */
  #needed = 1;

  constructor(options: WireOptions, cipher: Cipher) {
    this.#options = options;
    this.#cipher = cipher;
    this.#label = new TextEncoder().encode(options.label);
  }

  /** Bytes that came so far. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Takes what came next. Nothing more is to be pushed once it is not incomplete. Bytes behind the message are ignored. */
  push(chunk: Uint8Array): StreamProgress {
    if (!this.#bytes.append(chunk)) return refused(tooLarge(this.#bytes.length + chunk.length));
    if (this.#bytes.length < this.#needed) return { kind: "incomplete" };
    try {
      return { kind: "complete", decoded: this.#decode(this.#bytes.view()) };
    } catch (thrown) {
      if (!(thrown instanceof TruncatedError)) return refused(thrown);
      this.#needed = this.#bytes.length + thrown.missing;
      return this.#needed > MAX_STREAM_LENGTH ? refused(tooLarge(this.#needed)) : { kind: "incomplete" };
    }
  }

  #decode(bytes: Uint8Array): DecodedStream {
    const reader = new ByteReader(bytes);
    expectLabel(reader, bytes[0], this.#label);
    const body = bytes.subarray(reader.offset);
    const type = reader.u8();
    if (type === MESSAGE_TYPE.ENCRYPT) return this.#decodeEncrypted(reader, body);
    if (this.#options.keys.length > 0 && this.#options.verifyIncoming) {
      throw new RefusedError("not-authentic", "the stream is not encrypted");
    }
    if (type === MESSAGE_TYPE.COMPRESS) return decodeMessage(decompress(reader, MAX_STREAM_LENGTH));
    return this.#reader.read(body);
  }

  #decodeEncrypted(reader: ByteReader, body: Uint8Array): DecodedStream {
    const { keys } = this.#options;
    if (keys.length === 0) throw new RefusedError("encrypted", "the stream is encrypted, and we have no key");
    const length = reader.u32();
    if (length > MAX_STREAM_LENGTH) throw tooLarge(length);
    const envelope = reader.bytes(length);
    const associated = concatBytes([body.subarray(0, ENCRYPT_HEADER_LENGTH), this.#label]);
    const plain = open(this.#cipher, keys, envelope, associated);
    if (plain === undefined)
      throw new RefusedError("not-authentic", "the stream is not encrypted with one of our keys");
    return decodeBody(plain);
  }
}

/** A message that may be compressed, in all the bytes that there will be. */
function decodeBody(body: Uint8Array): DecodedStream {
  if (body[0] !== MESSAGE_TYPE.COMPRESS) return decodeMessage(body);
  const inflated = complete(() => decompress(new ByteReader(body.subarray(1)), MAX_STREAM_LENGTH));
  return decodeMessage(inflated);
}

/** A message in all the bytes that there will be. */
function decodeMessage(body: Uint8Array): DecodedStream {
  return complete(() => new StreamMessageReader().read(body));
}

/** Runs `read` on bytes that no more will follow: what is missing stays missing. */
function complete<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw thrown instanceof TruncatedError ? new MalformedError(errorMessage(thrown)) : thrown;
  }
}

function tooLarge(length: number): RefusedError {
  return new RefusedError("too-large", `a message of ${length} bytes or more, and the limit is ${MAX_STREAM_LENGTH}`);
}

function refused(thrown: unknown): StreamProgress {
  return { kind: "refused", refusal: refusalOf(thrown) };
}
