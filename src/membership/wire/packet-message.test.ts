import { expect, test } from "vitest";
import { hex } from "../../bytes/hex.ts";
import { parseAddress } from "../../ip/address.ts";
import type { PacketMessage } from "../message.ts";
import { decodeMessage, encodeMessage } from "./packet-message.ts";

const port = 7946;
const v4 = { address: parseAddress("10.77.0.1")!, port };
const v6 = { address: parseAddress("fd77::1")!, port };
const versions = { protocolMin: 1, protocolMax: 5, protocol: 2, delegateMin: 2, delegateMax: 5, delegate: 5 };

/** Taken from the recordings in test/golden/memberlist, field by field. */
const GOLDEN: readonly { readonly name: string; readonly bytes: Uint8Array; readonly message: PacketMessage }[] = [
  {
    name: "ping, IPv4",
    bytes: hex`
      00 85                                                 // ping, 5 fields
      a4 4e6f6465             a5 616c706861                 // Node: "alpha"
      a5 5365714e6f           01                            // SeqNo: 1
      aa 536f7572636541646472 a4 0a4d0002                   // SourceAddr: 10.77.0.2
      aa 536f757263654e6f6465 a4 62657461                   // SourceNode: "beta"
      aa 536f75726365506f7274 cd 1f0a                       // SourcePort: 7946`,
    message: {
      type: "ping",
      seq: 1,
      node: "alpha",
      source: { node: "beta", address: parseAddress("10.77.0.2")!, port },
    },
  },
  {
    name: "ping without a source",
    bytes: hex`
      00 82
      a4 4e6f6465   a0                                      // Node: ""
      a5 5365714e6f ce ffffffff                             // SeqNo: 4294967295`,
    message: { type: "ping", seq: 0xffff_ffff, node: "" },
  },
  {
    name: "indirect ping, IPv6",
    bytes: hex`
      01 88                                                 // indirect ping, 8 fields
      a4 4e61636b             c3                            // Nack: true
      a4 4e6f6465             a5 67616d6d61                 // Node: "gamma"
      a4 506f7274             cd 1f0a                       // Port: 7946
      a5 5365714e6f           03                            // SeqNo: 3
      aa 536f7572636541646472 b0 fd770000000000000000000000000001
      aa 536f757263654e6f6465 a5 616c706861                 // SourceNode: "alpha"
      aa 536f75726365506f7274 cd 1f0a                       // SourcePort: 7946
      a6 546172676574         b0 fd770000000000000000000000000003`,
    message: {
      type: "indirect-ping",
      seq: 3,
      target: { node: "gamma", address: parseAddress("fd77::3")!, port },
      nack: true,
      source: { node: "alpha", ...v6 },
    },
  },
  {
    name: "ack without a payload",
    bytes: hex`
      02 82
      a7 5061796c6f6164 c0                                  // Payload: nil
      a5 5365714e6f     cc 80                               // SeqNo: 128`,
    message: { type: "ack", seq: 128, payload: new Uint8Array(0) },
  },
  {
    name: "nack",
    bytes: hex`0b 81 a5 5365714e6f 03`,
    message: { type: "nack", seq: 3 },
  },
  {
    name: "suspect",
    bytes: hex`
      03 83
      a4 46726f6d               a4 62657461                 // From: "beta"
      ab 496e6361726e6174696f6e 01                          // Incarnation: 1
      a4 4e6f6465               a5 67616d6d61               // Node: "gamma"`,
    message: { type: "suspect", incarnation: 1, node: "gamma", from: "beta" },
  },
  {
    name: "alive, IPv4",
    bytes: hex`
      04 86
      a4 41646472               a4 0a4d0001                 // Addr: 10.77.0.1
      ab 496e6361726e6174696f6e 01                          // Incarnation: 1
      a4 4d657461               ab ff81a4726f6c65a36c6162   // Meta: serf's tags
      a4 4e6f6465               a5 616c706861               // Node: "alpha"
      a4 506f7274               cd 1f0a                     // Port: 7946
      a3 56736e                 a6 01 05 02  02 05 05       // Vsn: memberlist 1 to 5, now 2; serf 2 to 5, now 5`,
    message: {
      type: "alive",
      incarnation: 1,
      node: "alpha",
      endpoint: v4,
      meta: hex`ff81a4726f6c65a36c6162`,
      versions,
    },
  },
  {
    name: "alive, IPv6, neither metadata nor versions",
    bytes: hex`
      04 86
      a4 41646472               b0 fd770000000000000000000000000001
      ab 496e6361726e6174696f6e cd 0102                     // Incarnation: 258
      a4 4d657461               c0                          // Meta: nil
      a4 4e6f6465               a5 616c706861
      a4 506f7274               cd 1f0a
      a3 56736e                 c0                          // Vsn: nil`,
    message: { type: "alive", incarnation: 258, node: "alpha", endpoint: v6, meta: new Uint8Array(0) },
  },
  {
    name: "dead, of a member that leaves",
    bytes: hex`
      05 83
      a4 46726f6d               a4 62657461
      ab 496e6361726e6174696f6e 01
      a4 4e6f6465               a4 62657461`,
    message: { type: "dead", incarnation: 1, node: "beta", from: "beta" },
  },
  {
    name: "user: serf's intent to join",
    bytes: hex`08 01 82 a5 4c54696d65 01 a4 4e6f6465 a4 62657461`,
    message: { type: "user", data: hex`01 82 a5 4c54696d65 01 a4 4e6f6465 a4 62657461` },
  },
];

test.each(GOLDEN)("$name", ({ bytes, message }) => {
  expect(decodeMessage(bytes)).toEqual(message);
  expect(encodeMessage(message)).toEqual(bytes);
});

test.each([
  { name: "nothing", bytes: hex``, error: /empty/ },
  { name: "a type of the future", bytes: hex`0e 80`, error: /message type 14/ },
  { name: "push/pull in a datagram", bytes: hex`06 80`, error: /message type 6/ },
  { name: "a compound in a compound", bytes: hex`07 00`, error: /message type 7 in/ },
  { name: "a compressed part", bytes: hex`09 80`, error: /message type 9 in/ },
  { name: "no struct", bytes: hex`00`, error: /truncated/ },
  { name: "an array for a struct", bytes: hex`00 92 01 02`, error: /map/ },
  { name: "a name for a number", bytes: hex`00 81 a5 5365714e6f a1 61`, error: /SeqNo/ },
  { name: "a sequence number of 33 bits", bytes: hex`0b 81 a5 5365714e6f cf 0000000100000000`, error: /SeqNo/ },
  { name: "a negative sequence number", bytes: hex`0b 81 a5 5365714e6f ff`, error: /SeqNo/ },
  { name: "a name that is not UTF-8", bytes: hex`05 81 a4 4e6f6465 a1 ff`, error: /UTF-8/ },
  { name: "an address of 3 bytes", bytes: hex`04 81 a4 41646472 a3 0a4d00`, error: /Addr/ },
  { name: "no address", bytes: hex`04 80`, error: /Addr/ },
  { name: "a text for a boolean", bytes: hex`01 82 a6 546172676574 a4 0a4d0001 a4 4e61636b a1 79`, error: /Nack/ },
])("refuses $name", ({ bytes, error }) => {
  expect(() => decodeMessage(bytes)).toThrow(error);
});

test("metadata of 512 bytes is taken, more is not; a name of 255, more is not", () => {
  const alive = (metaLength: number, nameLength: number): Uint8Array =>
    encodeMessage({
      type: "alive",
      incarnation: 0,
      node: "n".repeat(nameLength),
      endpoint: v6,
      meta: new Uint8Array(metaLength),
    });
  expect(decodeMessage(alive(512, 255))).toMatchObject({ node: "n".repeat(255) });
  expect(() => decodeMessage(alive(513, 255))).toThrow(/Meta has 513 bytes/);
  expect(() => decodeMessage(alive(512, 256))).toThrow(/Node has 256 bytes/);
});

test("what is decoded keeps nothing of the input", () => {
  const bytes = encodeMessage({ type: "user", data: Uint8Array.of(1, 2, 3) });
  const message = decodeMessage(bytes);
  bytes.fill(0);
  expect(message).toEqual({ type: "user", data: Uint8Array.of(1, 2, 3) });
});
