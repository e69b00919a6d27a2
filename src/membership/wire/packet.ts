import { concatBytes } from "../../bytes/concat.ts";
import { crc32 } from "../../bytes/crc32.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import type { Cipher } from "../../ports/cipher.ts";
import type { PacketMessage } from "../message.ts";
import { compress, decompress } from "./compression.ts";
import { joinParts, splitParts } from "./compound.ts";
import { MAX_PACKET_LENGTH, MESSAGE_TYPE } from "./constants.ts";
import { type EncryptionVersion, open, seal, sealedLength } from "./encryption.ts";
import { expectLabel, labelHeader } from "./label.ts";
import { decodeMessage, encodeMessage } from "./packet-message.ts";
import { RefusedError, refusalOf, type WireRefusal } from "./refusal.ts";
import type { WireOptions } from "./options.ts";

/** What one datagram says, and what of it is not used. */
export interface DecodedPacket {
  readonly messages: readonly PacketMessage[];
  readonly refusals: readonly WireRefusal[];
}

/** After so many bad parts, nothing more in a packet is worth reading. */
const MAX_REFUSALS = 8;

/**
 * Datagrams of memberlist. From outside to inside: label, encryption, checksum, compression, compound, messages; each
 * layer but the last may be absent. Big-endian; what is decoded does not refer to the input.
 */
export class PacketCodec {
  readonly #options: WireOptions;
  readonly #cipher: Cipher;
  readonly #label: Uint8Array;

  constructor(options: WireOptions, cipher: Cipher) {
    this.#options = options;
    this.#cipher = cipher;
    this.#label = new TextEncoder().encode(options.label);
  }

  /**
   * One datagram with all `messages`, of which there are 1 to 127. `checksum` is for receivers of protocol version 5;
   * `version` 0 is for members that speak protocol version 1.
   */
  encode(
    messages: readonly PacketMessage[],
    { checksum, version = 1 }: { readonly checksum: boolean; readonly version?: EncryptionVersion },
  ): Uint8Array {
    const bodies = messages.map((message) => encodeMessage(message));
    const plain = bodies.length === 1 ? bodies[0]! : joinParts(bodies);
    const compressed = this.#options.compress ? compress(plain) : plain;
    const smaller = compressed.length < plain.length ? compressed : plain;
    const body = checksum ? withChecksum(smaller) : smaller;
    const [key] = this.#options.keys;
    const encrypts = key !== undefined && this.#options.verifyOutgoing;
    const sealed = encrypts ? seal(this.#cipher, version, key, body, this.#label) : body;
    return concatBytes([labelHeader(this.#label), sealed]);
  }

  /** Never throws, whatever comes. */
  decode(packet: Uint8Array): DecodedPacket {
    const found: Found = { messages: [], refusals: [] };
    try {
      const body = checked(this.#decrypt(this.#unlabel(packet)));
      readMessages(inflated(body), found);
    } catch (thrown) {
      found.refusals.push(refusalOf(thrown));
    }
    return found;
  }

  #unlabel(packet: Uint8Array): Uint8Array {
    const reader = new ByteReader(packet);
    expectLabel(reader, packet[0], this.#label);
    return reader.bytes(reader.remaining);
  }

  #decrypt(body: Uint8Array): Uint8Array {
    const { keys, verifyIncoming } = this.#options;
    if (keys.length === 0) return body;
    const plain = open(this.#cipher, keys, body, this.#label);
    if (plain === undefined && verifyIncoming) {
      throw new RefusedError("not-authentic", "the packet is not encrypted with one of our keys");
    }
    return plain ?? body;
  }
}

/** Bytes of a datagram that label, encryption and checksum take. */
export function packetOverhead({ label, keys, verifyOutgoing }: WireOptions): number {
  const labelLength = labelHeader(new TextEncoder().encode(label)).length;
  const encrypts = keys.length > 0 && verifyOutgoing;
  return labelLength + (encrypts ? sealedLength(1, 0) : 0) + CHECKSUM_LENGTH;
}

interface Found {
  readonly messages: PacketMessage[];
  readonly refusals: WireRefusal[];
}

/** Type byte and CRC-32. */
const CHECKSUM_LENGTH = 5;

function withChecksum(body: Uint8Array): Uint8Array {
  const writer = new ByteWriter(CHECKSUM_LENGTH + body.length).u8(MESSAGE_TYPE.HAS_CRC).u32(crc32(body));
  return writer.bytes(body).finish();
}

/** As in memberlist, what is shorter than a checksum has none, and then its type is unknown. */
function checked(body: Uint8Array): Uint8Array {
  if (body[0] !== MESSAGE_TYPE.HAS_CRC || body.length < CHECKSUM_LENGTH) return body;
  const reader = new ByteReader(body.subarray(1));
  const expected = reader.u32();
  const rest = reader.bytes(reader.remaining);
  if (crc32(rest) !== expected) throw new RefusedError("bad-checksum", "the packet's CRC-32 is wrong");
  return rest;
}

function inflated(body: Uint8Array): Uint8Array {
  if (body[0] !== MESSAGE_TYPE.COMPRESS) return body;
  return decompress(new ByteReader(body.subarray(1)), MAX_PACKET_LENGTH);
}

/** A bad part does not spoil the others. */
function readMessages(body: Uint8Array, found: Found): void {
  if (body[0] !== MESSAGE_TYPE.COMPOUND) {
    found.messages.push(decodeMessage(body));
    return;
  }
  const { parts, truncated } = splitParts(body.subarray(1));
  for (const part of parts) {
    if (found.refusals.length >= MAX_REFUSALS) return;
    try {
      found.messages.push(decodeMessage(part));
    } catch (thrown) {
      found.refusals.push(refusalOf(thrown));
    }
  }
  if (truncated > 0) found.refusals.push({ reason: "malformed", detail: `${truncated} messages are cut off` });
}
