import { concatBytes } from "../../src/bytes/concat.ts";
import { crc32 } from "../../src/bytes/crc32.ts";
import { hex } from "../../src/bytes/hex.ts";
import { compress } from "../../src/membership/wire/compression.ts";
import { joinParts } from "../../src/membership/wire/compound.ts";
import { PacketCodec } from "../../src/membership/wire/packet.ts";
import { encodeMessage } from "../../src/membership/wire/packet-message.ts";
import { StreamDecoder } from "../../src/membership/wire/stream.ts";
import { encodeStreamMessage } from "../../src/membership/wire/stream-message.ts";
import { systemCipher } from "../../src/platform/system-cipher.ts";
import type { Random } from "../../src/ports/random.ts";
import { memberlistRecordings } from "../support/memberlist-recordings.ts";
import { ByteMutator } from "./mutate-bytes.ts";

/** Bytes that mean something to a decoder: message types, MessagePack headers, extremes. */
const SPICE = [
  ...hex`00 01 06 07 08 09 0a 0c 0d 7f 80 8f 90 9f a0 bf c0 c1 c4 c6
         c9 ca cb ce cf d3 d8 d9 da db dc dd de df e0 f4 ff`,
];

/** Makes packets and streams of recorded ones, in which something is not as it should be, in any layer. */
export class HostileMemberlist {
  readonly #bytes: ByteMutator;
  /** Without compression and encryption, so that a changed byte is read and not only unpacked. */
  readonly #packets: Uint8Array[] = [];
  readonly #streams: Uint8Array[] = [];

  constructor(random: Random) {
    this.#bytes = new ByteMutator(random, { spice: SPICE, others: this.#packets });
    for (const { options, messages } of memberlistRecordings()) {
      const codec = new PacketCodec(options, systemCipher);
      for (const { over, bytes } of messages) {
        if (over === "udp") {
          this.#packets.push(...codec.decode(bytes).messages.map((message) => encodeMessage(message)));
        } else {
          const progress = new StreamDecoder(options, systemCipher).push(bytes);
          if (progress.kind === "complete") this.#streams.push(encodeStreamMessage(progress.decoded.message));
        }
      }
    }
  }

  packet(): Uint8Array {
    const bytes = this.#bytes;
    let packet = bytes.mutate(bytes.pick(this.#packets));
    if (bytes.below(3) === 0) packet = joinParts([bytes.pick(this.#packets), packet, bytes.pick(this.#packets)]);
    if (bytes.below(3) === 0) packet = compress(packet);
    if (bytes.below(8) === 0) packet = bytes.mutate(packet);
    return bytes.below(4) === 0 ? withChecksum(packet) : packet;
  }

  stream(): Uint8Array {
    const bytes = this.#bytes;
    const body = bytes.mutate(bytes.pick(this.#streams));
    return bytes.below(3) === 0 ? bytes.mutate(compress(body)) : body;
  }
}

function withChecksum(body: Uint8Array): Uint8Array {
  const sum = crc32(body);
  return concatBytes([Uint8Array.of(12, sum >>> 24, (sum >>> 16) & 255, (sum >>> 8) & 255, sum & 255), body]);
}
