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

/** Bytes that mean something to a decoder: message types, MessagePack headers, extremes. */
const SPICE = [
  ...hex`00 01 06 07 08 09 0a 0c 0d 7f 80 8f 90 9f a0 bf c0 c1 c4 c6
         c9 ca cb ce cf d3 d8 d9 da db dc dd de df e0 f4 ff`,
];

/** Makes packets and streams of recorded ones, in which something is not as it should be, in any layer. */
export class HostileMemberlist {
  readonly #random: Random;
  /** Without compression and encryption, so that a changed byte is read and not only unpacked. */
  readonly #packets: Uint8Array[] = [];
  readonly #streams: Uint8Array[] = [];
  readonly #mutations: readonly ((bytes: Uint8Array) => Uint8Array)[] = [
    (bytes) => {
      const at = this.#below(bytes.length);
      return bytes.with(at, bytes[at]! ^ (1 << this.#below(8)));
    },
    (bytes) => bytes.with(this.#below(bytes.length), this.#pick(SPICE)),
    (bytes) => bytes.slice(0, this.#below(bytes.length)),
    (bytes) => concatBytes([bytes, this.#noise(this.#below(40))]),
    (bytes) => {
      const at = this.#below(bytes.length);
      return concatBytes([bytes.subarray(0, at), Uint8Array.of(this.#pick(SPICE)), bytes.subarray(at)]);
    },
    (bytes) => {
      const other = this.#pick(this.#packets);
      return concatBytes([bytes.subarray(0, this.#below(bytes.length)), other.subarray(this.#below(other.length))]);
    },
    (bytes) => this.#noise(bytes.length),
  ];

  constructor(random: Random) {
    this.#random = random;
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
    let packet = this.#mutate(this.#pick(this.#packets));
    if (this.#below(3) === 0) packet = joinParts([this.#pick(this.#packets), packet, this.#pick(this.#packets)]);
    if (this.#below(3) === 0) packet = compress(packet);
    if (this.#below(8) === 0) packet = this.#mutate(packet);
    return this.#below(4) === 0 ? withChecksum(packet) : packet;
  }

  stream(): Uint8Array {
    const body = this.#mutate(this.#pick(this.#streams));
    return this.#below(3) === 0 ? this.#mutate(compress(body)) : body;
  }

  #mutate(body: Uint8Array): Uint8Array {
    let bytes = body;
    for (let i = this.#below(4); i >= 0 && bytes.length > 0; i--) bytes = this.#pick(this.#mutations)(bytes);
    return bytes;
  }

  #noise(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#below(256));
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)]!;
  }
}

function withChecksum(body: Uint8Array): Uint8Array {
  const sum = crc32(body);
  return concatBytes([Uint8Array.of(12, sum >>> 24, (sum >>> 16) & 255, (sum >>> 8) & 255, sum & 255), body]);
}
