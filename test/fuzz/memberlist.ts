import { toHex } from "../../src/bytes/hex.ts";
import { parseAddress } from "../../src/ip/address.ts";
import { millis } from "../../src/lib/duration.ts";
import { Membership } from "../../src/membership/membership.ts";
import { REFERENCE_LAN } from "../../src/membership/settings.ts";
import type { WireOptions } from "../../src/membership/wire/options.ts";
import { PacketCodec } from "../../src/membership/wire/packet.ts";
import { encodeMessage } from "../../src/membership/wire/packet-message.ts";
import type { WireReason } from "../../src/membership/wire/refusal.ts";
import { StreamDecoder } from "../../src/membership/wire/stream.ts";
import { systemCipher } from "../../src/platform/system-cipher.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { type CostReport, CostWatch } from "./cost.ts";
import { HostileMemberlist } from "./memberlist-bytes.ts";

interface MemberlistFuzzReport extends CostReport {
  readonly cases: number;
  readonly seed: number;
  /** Messages that were understood. */
  readonly messages: number;
  readonly refused: Readonly<Record<string, number>>;
}

const OPTIONS: WireOptions = { label: "", keys: [], verifyIncoming: true, verifyOutgoing: true, compress: true };
const SELF = { node: "fuzzed", address: parseAddress("10.77.0.9")!, port: 7946 };
const FROM = { address: parseAddress("10.77.0.1")!, port: 7946 };

/** Cases that one member lives through. */
const LIFE = 100_000;

/**
 * Feeds hostile packets and streams to the codec, and what it makes of them to a member of a cluster. Throws when one
 * of them throws, computes for longer than half a second, or memory grows by more than 64 MiB.
 */
export function fuzzMemberlist(cases: number, seed: number): MemberlistFuzzReport {
  const random = seededRandom(seed);
  const hostile = new HostileMemberlist(random);
  const codec = new PacketCodec(OPTIONS, systemCipher);
  const refused: Partial<Record<WireReason, number>> = {};
  const count = (reason: WireReason): void => void (refused[reason] = (refused[reason] ?? 0) + 1);
  let member = newMember(seed);
  let messages = 0;

  function feedPacket(packet: Uint8Array, now: number): void {
    const decoded = codec.decode(packet);
    for (const { reason } of decoded.refusals) count(reason);
    messages += decoded.messages.length;
    for (const action of member.handle({ on: "received", from: FROM, messages: decoded.messages }, millis(now))) {
      if (action.do === "send") codec.encode(action.messages, { checksum: true });
    }
  }

  function feedStream(stream: Uint8Array, now: number): void {
    const decoder = new StreamDecoder(OPTIONS, systemCipher);
    const cut = Math.floor(random.next() * (stream.length + 1));
    const first = decoder.push(stream.subarray(0, cut));
    const progress = first.kind === "incomplete" ? decoder.push(stream.subarray(cut)) : first;
    if (progress.kind === "refused") count(progress.refusal.reason);
    if (progress.kind !== "complete") return;
    messages++;
    const { message } = progress.decoded;
    if (message.type === "push-pull") member.handle({ on: "exchanged", state: message }, millis(now));
  }

  const cost = new CostWatch();
  for (let i = 0; i < cases; i++) {
    if (i % LIFE === 0) member = newMember(seed + i);
    if (i % LIFE === 0 && i > 0) cost.measureHeap();
    const isStream = random.next() < 1 / 8;
    const input = isStream ? hostile.stream() : hostile.packet();
    const feed = isStream ? feedStream : feedPacket;
    cost.run(
      () => feed(input, i % LIFE),
      () => `case ${i} of seed ${seed}, ${toHex(input)},`,
    );
  }
  return { cases, seed, messages, refused, ...cost.report };
}

function newMember(seed: number): Membership {
  return new Membership(
    {
      self: SELF,
      settings: REFERENCE_LAN,
      random: seededRandom(seed),
      overhead: 5,
      sizeOf: (message) => encodeMessage(message).length,
    },
    millis(0),
  );
}
