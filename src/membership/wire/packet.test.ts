import { describe, expect, test } from "vitest";
import { concatBytes } from "../../bytes/concat.ts";
import { hex } from "../../bytes/hex.ts";
import { parseAddress } from "../../ip/address.ts";
import { systemCipher } from "../../platform/system-cipher.ts";
import type { Alive, Nack, PacketMessage } from "../message.ts";
import { compress } from "./compression.ts";
import { joinParts } from "./compound.ts";
import { MAX_PACKET_LENGTH } from "./constants.ts";
import type { WireOptions } from "./options.ts";
import { PacketCodec, packetOverhead } from "./packet.ts";
import { encodeMessage } from "./packet-message.ts";

const KEY = new Uint8Array(32).fill(1);
const PLAIN: WireOptions = { label: "", keys: [], verifyIncoming: true, verifyOutgoing: true, compress: false };

const codec = (options: Partial<WireOptions> = {}): PacketCodec =>
  new PacketCodec({ ...PLAIN, ...options }, systemCipher);
const reasons = (options: Partial<WireOptions>, packet: Uint8Array): string[] =>
  codec(options)
    .decode(packet)
    .refusals.map(({ reason }) => reason);

const nack: Nack = { type: "nack", seq: 3 };
const NACK = hex`0b 81 a5 5365714e6f 03`;
const alive: Alive = {
  type: "alive",
  incarnation: 1,
  node: "node-1",
  endpoint: { address: parseAddress("fd77::1")!, port: 7946 },
  meta: new Uint8Array(100),
};

describe("layers", () => {
  test.each<{ name: string; options: Partial<WireOptions>; checksum?: boolean; version?: 0 | 1 }>([
    { name: "none", options: {} },
    { name: "checksum", options: {}, checksum: true },
    { name: "compression", options: { compress: true } },
    { name: "encryption", options: { keys: [KEY] } },
    { name: "encryption of protocol version 1", options: { keys: [KEY] }, version: 0 },
    { name: "label", options: { label: "blue" } },
    { name: "all", options: { label: "blue", keys: [KEY], compress: true }, checksum: true },
  ])("$name", ({ options, checksum = false, version = 1 }) => {
    for (const messages of [[nack], [alive], [nack, alive, nack]] as PacketMessage[][]) {
      const packet = codec(options).encode(messages, { checksum, version });
      expect(codec(options).decode(packet)).toEqual({ messages, refusals: [] });
    }
  });

  test("a single message stands alone, several are in a compound", () => {
    expect(codec().encode([nack], { checksum: false })).toEqual(NACK);
    const two = concatBytes([hex`07 02 0009 0009`, NACK, NACK]);
    expect(codec().encode([nack, nack], { checksum: false })).toEqual(two);
  });

  // The sum is from Python's zlib.crc32.
  test("the checksum covers what follows", () => {
    expect(codec().encode([nack], { checksum: true })).toEqual(concatBytes([hex`0c e77d307b`, NACK]));
  });

  test("what compression would lengthen is not compressed", () => {
    expect(codec({ compress: true }).encode([nack], { checksum: false })).toEqual(NACK);
    expect(codec({ compress: true }).encode([alive], { checksum: false })[0]).toBe(9);
  });

  test("the overhead is what the outer layers take", () => {
    const messages = [alive, nack];
    const inner = joinParts(messages.map((message) => encodeMessage(message))).length;
    for (const options of [{}, { label: "blue" }, { keys: [KEY] }, { keys: [KEY], label: "blue" }]) {
      const packet = codec(options).encode(messages, { checksum: true });
      expect(packet.length - inner).toBe(packetOverhead({ ...PLAIN, ...options }));
    }
  });
});

describe("refusals", () => {
  const sealed = codec({ keys: [KEY] }).encode([nack], { checksum: false });
  const labelled = codec({ label: "blue" }).encode([nack], { checksum: false });

  test.each<{ name: string; options?: Partial<WireOptions>; packet: Uint8Array; reason: string }>([
    { name: "an empty packet", packet: hex``, reason: "malformed" },
    { name: "another label", options: { label: "green" }, packet: labelled, reason: "wrong-label" },
    { name: "a label where there is none", packet: labelled, reason: "wrong-label" },
    { name: "no label where there is one", options: { label: "blue" }, packet: NACK, reason: "wrong-label" },
    { name: "a label that is cut off", options: { label: "blue" }, packet: hex`f4 04 62`, reason: "malformed" },
    { name: "plain text where there is a key", options: { keys: [KEY] }, packet: NACK, reason: "not-authentic" },
    { name: "another key", options: { keys: [new Uint8Array(32)] }, packet: sealed, reason: "not-authentic" },
    { name: "a wrong checksum", packet: concatBytes([hex`0c 00000001`, NACK]), reason: "bad-checksum" },
    { name: "half a checksum", packet: hex`0c 0000`, reason: "unknown-type" },
    { name: "another compression", packet: hex`09 81 a4 416c676f 01`, reason: "unknown-compression" },
    { name: "compression in itself", packet: compress(compress(NACK)), reason: "nested" },
    { name: "a compound in a compound", packet: joinParts([joinParts([NACK])]), reason: "nested" },
    { name: "a type of the future", packet: hex`0e`, reason: "unknown-type" },
    { name: "a compound without its lengths", packet: hex`07 02 0009`, reason: "malformed" },
    {
      name: "a packet that unpacks to more than a packet",
      packet: compress(new Uint8Array(MAX_PACKET_LENGTH + 1)),
      reason: "too-large",
    },
  ])("$name", ({ options = {}, packet, reason }) => {
    expect(reasons(options, packet)).toEqual([reason]);
    expect(codec(options).decode(packet).messages).toEqual([]);
  });

  test("plain text is read where it need not be encrypted", () => {
    const options = { keys: [KEY], verifyIncoming: false };
    expect(codec(options).decode(NACK).messages).toEqual([nack]);
    expect(codec(options).decode(sealed).messages).toEqual([nack]);
  });

  test("nothing is encrypted where it need not be", () => {
    expect(codec({ keys: [KEY], verifyOutgoing: false }).encode([nack], { checksum: false })).toEqual(NACK);
  });

  test("a bad part does not spoil the others", () => {
    const packet = joinParts([NACK, hex`0e`, hex``, NACK]);
    const { messages, refusals } = codec().decode(packet);
    expect(messages).toEqual([nack, nack]);
    expect(refusals.map(({ reason }) => reason)).toEqual(["unknown-type", "malformed"]);
  });

  test("parts that are cut off are missed, those before them are not", () => {
    const packet = joinParts([NACK, NACK, NACK]).subarray(0, -1);
    const { messages, refusals } = codec().decode(packet);
    expect(messages).toEqual([nack, nack]);
    expect(refusals).toEqual([{ reason: "malformed", detail: "1 messages are cut off" }]);
  });

  test("a packet of rubbish is given up after eight parts", () => {
    const parts = Array.from({ length: 100 }, () => hex`0e`);
    expect(codec().decode(joinParts([...parts, NACK]))).toMatchObject({ messages: [], refusals: { length: 8 } });
  });
});

test("more messages than fit in a compound are our own mistake", () => {
  const messages = Array.from({ length: 128 }, () => nack);
  expect(() => codec().encode(messages, { checksum: false })).toThrow(/128 messages/);
});
