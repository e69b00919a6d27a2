import { describe, expect, test } from "vitest";
import { concatBytes } from "../../bytes/concat.ts";
import { hex } from "../../bytes/hex.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { parseAddress } from "../../ip/address.ts";
import { systemCipher } from "../../platform/system-cipher.ts";
import type { MemberState, StreamMessage } from "../message.ts";
import { compress } from "./compression.ts";
import { MAX_MEMBERS, MAX_STREAM_LENGTH } from "./constants.ts";
import { seal, sealedLength } from "./encryption.ts";
import { MessageWriter } from "./msgpack-writer.ts";
import type { WireOptions } from "./options.ts";
import { encodeStream, StreamDecoder, type StreamProgress } from "./stream.ts";
import { encodeStreamMessage } from "./stream-message.ts";

const KEY = new Uint8Array(32).fill(1);
const PLAIN: WireOptions = { label: "", keys: [], verifyIncoming: true, verifyOutgoing: true, compress: false };

const NONE = new Uint8Array(0);
const v4 = { address: parseAddress("10.77.0.2")!, port: 7946 };
const v6 = { address: parseAddress("fd77::1")!, port: 7946 };
const members: readonly MemberState[] = [
  { node: "alpha", endpoint: v6, meta: NONE, incarnation: 7, status: "left" },
  {
    node: "beta",
    endpoint: v4,
    meta: hex`ff80`,
    incarnation: 1,
    status: "alive",
    versions: { protocolMin: 1, protocolMax: 5, protocol: 2, delegateMin: 2, delegateMax: 5, delegate: 5 },
  },
];

const MESSAGES: readonly StreamMessage[] = [
  { type: "push-pull", join: true, members, userState: hex`010203` },
  { type: "push-pull", join: false, members: [], userState: NONE },
  { type: "ping", seq: 9, node: "alpha", source: { node: "beta", ...v4 } },
  { type: "ack", seq: 9, payload: NONE },
  { type: "user", data: new Uint8Array(300).fill(5) },
  { type: "error", text: "no" },
];

function decode(bytes: Uint8Array, options: Partial<WireOptions> = {}): StreamProgress {
  return new StreamDecoder({ ...PLAIN, ...options }, systemCipher).push(bytes);
}

function refusal(bytes: Uint8Array, options: Partial<WireOptions> = {}): string | undefined {
  const progress = decode(bytes, options);
  return progress.kind === "refused" ? progress.refusal.reason : undefined;
}

/** A message as it was recorded from serf 0.10.1, field by field. */
test("push/pull", () => {
  const bytes = hex`
    06 83                                        // push/pull; header of 3 fields
    a4 4a6f696e                 c3               // Join: true
    a5 4e6f646573               01               // Nodes: 1
    ac 557365725374617465 4c656e 02              // UserStateLen: 2
    87                                           // state of 7 fields
    a4 41646472                 a4 0a4d0002      // Addr: 10.77.0.2
    ab 496e6361726e6174696f6e   01               // Incarnation: 1
    a4 4d657461                 a2 ff80          // Meta: no tags
    a4 4e616d65                 a4 62657461      // Name: "beta"
    a4 506f7274                 cd 1f0a          // Port: 7946
    a5 5374617465               00               // State: alive
    a3 56736e                   a6 010502020505  // Vsn
    0286                                         // user state, cut down to its first two bytes`;
  const message: StreamMessage = { type: "push-pull", join: true, members: members.slice(1), userState: hex`0286` };
  expect(decode(bytes)).toEqual({ kind: "complete", decoded: { message, refusals: [] } });
  expect(encodeStream(message, PLAIN, systemCipher)).toEqual(bytes);
});

describe.each<{ name: string; options: Partial<WireOptions>; version?: 0 | 1 }>([
  { name: "plain", options: {} },
  { name: "compressed", options: { compress: true } },
  { name: "encrypted", options: { keys: [KEY] } },
  { name: "encrypted as in protocol version 1", options: { keys: [KEY] }, version: 0 },
  { name: "labelled", options: { label: "blue" } },
  { name: "all", options: { label: "blue", keys: [KEY], compress: true } },
])("$name", ({ options, version }) => {
  test.each(MESSAGES)("$type", (message) => {
    const bytes = encodeStream(message, { ...PLAIN, ...options }, systemCipher, version);
    const complete: StreamProgress = { kind: "complete", decoded: { message, refusals: [] } };
    expect(decode(bytes, options)).toEqual(complete);

    const decoder = new StreamDecoder({ ...PLAIN, ...options }, systemCipher);
    for (const byte of bytes.subarray(0, -1)) expect(decoder.push(Uint8Array.of(byte))).toEqual({ kind: "incomplete" });
    expect(decoder.push(bytes.subarray(-1))).toEqual(complete);
  });
});

describe("refusals", () => {
  const pushPull = encodeStreamMessage(MESSAGES[0]!);
  const keys = [KEY];
  const sealed = encodeStream(MESSAGES[0]!, { ...PLAIN, keys }, systemCipher);
  const header = (fields: Record<string, number>): Uint8Array =>
    concatBytes([hex`06`, new MessageWriter().struct(fields).finish()]);

  test.each<{ name: string; bytes: Uint8Array; options?: Partial<WireOptions>; reason: string }>([
    { name: "another label", bytes: hex`f4 01 61`, options: { label: "b" }, reason: "wrong-label" },
    { name: "no label", bytes: pushPull, options: { label: "b" }, reason: "wrong-label" },
    { name: "plain text where there is a key", bytes: pushPull, options: { keys }, reason: "not-authentic" },
    { name: "another key", bytes: sealed, options: { keys: [new Uint8Array(16)] }, reason: "not-authentic" },
    { name: "encryption where there is no key", bytes: sealed, reason: "encrypted" },
    { name: "21 MB to be decrypted", bytes: hex`0a 01400001`, options: { keys }, reason: "too-large" },
    { name: "21 MB to be decompressed", bytes: hex`09 81 a3 427566 db 01400001`, reason: "too-large" },
    { name: "21 MB after decompression", bytes: compress(new Uint8Array(MAX_STREAM_LENGTH + 1)), reason: "too-large" },
    {
      name: "21 MB of user data",
      bytes: concatBytes([hex`08`, new MessageWriter().struct({ UserMsgLen: 2 ** 31 }).finish()]),
      reason: "malformed",
    },
    { name: "too many members", bytes: header({ Nodes: MAX_MEMBERS + 1 }), reason: "malformed" },
    { name: "21 MB of user state", bytes: header({ UserStateLen: MAX_STREAM_LENGTH }), reason: "too-large" },
    { name: "a message that is for packets", bytes: hex`0b 80`, reason: "unknown-type" },
    { name: "a compressed message in one", bytes: compress(compress(pushPull)), reason: "unknown-type" },
    { name: "a compressed message that is cut off", bytes: compress(pushPull.subarray(0, 20)), reason: "malformed" },
    { name: "something other than a struct", bytes: hex`06 01`, reason: "malformed" },
  ])("$name", ({ bytes, options, reason }) => {
    expect(refusal(bytes, options)).toBe(reason);
  });

  test("a message that is cut off inside its encryption does not wait for more", () => {
    expect(refusal(encryptedStream(pushPull.subarray(0, 20)), { keys })).toBe("malformed");
    expect(refusal(encryptedStream(compress(pushPull).subarray(0, 20)), { keys })).toBe("malformed");
    expect(refusal(encryptedStream(NONE), { keys })).toBe("malformed");
    expect(decode(encryptedStream(pushPull), { keys }).kind).toBe("complete");
  });

  test("plain text is read where it need not be encrypted", () => {
    expect(decode(pushPull, { keys, verifyIncoming: false }).kind).toBe("complete");
  });
});

/** A stream whose encryption hides `body`. */
function encryptedStream(body: Uint8Array): Uint8Array {
  const head = new ByteWriter(5).u8(10).u32(sealedLength(1, body.length)).finish();
  return concatBytes([head, seal(systemCipher, 1, KEY, body, head)]);
}

test("a member that makes no sense is left out, the others are not", () => {
  const [alpha, beta] = members as [MemberState, MemberState];
  const odd = { ...alpha, node: "n".repeat(256) };
  const message: StreamMessage = { type: "push-pull", join: true, members: [alpha, odd, beta], userState: NONE };
  expect(decode(encodeStreamMessage(message))).toMatchObject({
    kind: "complete",
    decoded: { message: { members }, refusals: [{ reason: "malformed", detail: "Name has 256 bytes, more than 255" }] },
  });
});

test("a large state that comes byte by byte is read once", () => {
  const many = Array.from({ length: 2000 }, (_, i) => ({
    ...members[1]!,
    node: `node-${i}`,
    meta: new Uint8Array(200),
  }));
  const bytes = encodeStreamMessage({ type: "push-pull", join: false, members: many, userState: NONE });
  const decoder = new StreamDecoder(PLAIN, systemCipher);
  let progress: StreamProgress = { kind: "incomplete" };
  const begun = performance.now();
  for (let at = 0; at < bytes.length; at++) progress = decoder.push(bytes.subarray(at, at + 1));
  expect(performance.now() - begun).toBeLessThan(5000);
  expect(progress).toMatchObject({ kind: "complete", decoded: { message: { members: { length: 2000 } } } });
});
