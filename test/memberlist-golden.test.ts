import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PacketMessage, StreamMessage } from "../src/membership/message.ts";
import { PacketCodec } from "../src/membership/wire/packet.ts";
import { encodeStream, StreamDecoder } from "../src/membership/wire/stream.ts";
import { systemCipher } from "../src/platform/system-cipher.ts";
import { memberlistRecordings } from "./support/memberlist-recordings.ts";

const RECORDINGS = memberlistRecordings();
const EVERY_TYPE = ["ack", "alive", "dead", "indirect-ping", "nack", "ping", "suspect", "user"];
const EVERY_STREAM_TYPE = ["ack", "error", "ping", "push-pull"];

describe.each(RECORDINGS)("$file", ({ options, messages }) => {
  const packets = messages.filter(({ over }) => over === "udp").map(({ bytes }) => bytes);
  const streams = messages.filter(({ over }) => over === "tcp").map(({ bytes }) => bytes);
  /** Where the nonce stands that has to be used again to get the same bytes. */
  const withNonce = (bytes: Uint8Array, at: number) => ({ ...systemCipher, nonce: () => bytes.slice(at, at + 12) });

  test("every packet is read to its end, and written again as the same bytes", () => {
    const seen = new Set<PacketMessage["type"]>();
    expect(packets.length).toBeGreaterThan(100);
    for (const packet of packets) {
      const codec = new PacketCodec(options, withNonce(packet, 1));
      const decoded = codec.decode(packet);
      expect(decoded.refusals).toEqual([]);
      for (const { type } of decoded.messages) seen.add(type);
      const written = [false, true].map((checksum) => codec.encode(decoded.messages, { checksum }));
      expect(written).toContainEqual(packet);
    }
    expect([...seen].toSorted()).toEqual(EVERY_TYPE);
  });

  test("so is every message on a stream", () => {
    const seen = new Set<StreamMessage["type"]>();
    expect(streams.length).toBeGreaterThan(20);
    for (const stream of streams) {
      const progress = new StreamDecoder(options, systemCipher).push(stream);
      if (progress.kind !== "complete") throw new Error(JSON.stringify(progress));
      const { message, refusals } = progress.decoded;
      expect(refusals).toEqual([]);
      seen.add(message.type);
      expect(encodeStream(message, options, withNonce(stream, 6))).toEqual(stream);
    }
    expect([...seen].toSorted()).toEqual(EVERY_STREAM_TYPE);
  });

  test("the story that was played is in them", () => {
    const codec = new PacketCodec(options, systemCipher);
    const told = packets.flatMap((packet) => codec.decode(packet).messages);
    expect(told).toContainEqual({ type: "dead", incarnation: expect.any(Number), node: "beta", from: "beta" });
    expect(told).toContainEqual({ type: "suspect", incarnation: 1, node: "gamma", from: expect.any(String) });
    expect(told).toContainEqual(expect.objectContaining({ type: "alive", incarnation: 2, node: "gamma" }));
    expect(told).toContainEqual({ type: "dead", incarnation: 2, node: "gamma", from: expect.any(String) });
  });
});

describe("hostile bytes", () => {
  const plain = RECORDINGS.filter(({ options }) => options.keys.length === 0).flatMap(({ messages }) => messages);
  const { options } = RECORDINGS[0]!;
  const mutated = fc
    .record({
      bytes: fc.constantFrom(...plain.map(({ bytes }) => bytes)),
      changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
      length: fc.nat(2000),
    })
    .map(({ bytes, changes, length }) => {
      const copy = bytes.slice(0, length);
      for (const [at, value] of changes) copy[at % Math.max(1, copy.length)] = value;
      return copy;
    });
  const typed = fc
    .tuple(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 244), fc.uint8Array({ maxLength: 200 }))
    .map(([type, rest]) => Uint8Array.of(type, ...rest));
  const hostile = fc.oneof(mutated, typed, fc.uint8Array({ maxLength: 1500 }));

  test("packets never throw, and say no more than they hold", () => {
    const codec = new PacketCodec(options, systemCipher);
    fc.assert(
      fc.property(hostile, (bytes) => {
        const { messages, refusals } = codec.decode(bytes);
        expect(messages.length).toBeLessThanOrEqual(255);
        expect(refusals.length).toBeLessThanOrEqual(9);
        expect(messages.length + refusals.length).toBeGreaterThan(bytes[0] === 7 ? -1 : 0);
      }),
      { numRuns: 5000 },
    );
  });

  test("streams never throw, and in pieces they say the same as whole", () => {
    fc.assert(
      fc.property(hostile, fc.nat(), (bytes, cut) => {
        const whole = new StreamDecoder(options, systemCipher).push(bytes);
        const pieces = new StreamDecoder(options, systemCipher);
        const at = cut % (bytes.length + 1);
        const first = pieces.push(bytes.subarray(0, at));
        const progress = first.kind === "incomplete" ? pieces.push(bytes.subarray(at)) : first;
        expect(progress).toEqual(whole);
      }),
      { numRuns: 5000 },
    );
  });
});
