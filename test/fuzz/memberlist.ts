import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { toHex } from "../../src/bytes/hex.ts";
import { parseAddress } from "../../src/ip/address.ts";
import { BugError } from "../../src/lib/errors.ts";
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
import { HostileMemberlist } from "./memberlist-bytes.ts";

interface MemberlistFuzzReport {
  readonly cases: number;
  readonly seed: number;
  /** Messages that were understood. */
  readonly messages: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Time that this process computed, which others on the machine don't lengthen. */
  readonly slowestMilliseconds: number;
  /** Bytes since the first 100,000 cases, without garbage. */
  readonly heapGrowth: number;
}

const OPTIONS: WireOptions = { label: "", keys: [], verifyIncoming: true, verifyOutgoing: true, compress: true };
const SELF = { node: "fuzzed", address: parseAddress("10.77.0.9")!, port: 7946 };
const FROM = { address: parseAddress("10.77.0.1")!, port: 7946 };

/** Cases that one member lives through. */
const LIFE = 100_000;

const SLOWEST_ALLOWED = 500;
const GROWTH_ALLOWED = 64 << 20;

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

  let heapAtFirst = Infinity;
  let slowest = 0;
  for (let i = 0; i < cases; i++) {
    if (i % LIFE === 0) member = newMember(seed + i);
    if (i === LIFE) heapAtFirst = heapInUse();
    const isStream = random.next() < 1 / 8;
    const input = isStream ? hostile.stream() : hostile.packet();
    const before = cpuMillis();
    try {
      if (isStream) feedStream(input, i % LIFE);
      else feedPacket(input, i % LIFE);
    } catch (error) {
      throw new BugError(`case ${i} of seed ${seed} threw: ${toHex(input)}`, { cause: error });
    }
    slowest = Math.max(slowest, cpuMillis() - before);
    if (slowest > SLOWEST_ALLOWED) throw new BugError(`case ${i} of seed ${seed} took ${slowest} ms: ${toHex(input)}`);
  }
  member = newMember(seed);
  const heapGrowth = Math.max(0, heapInUse() - heapAtFirst);
  if (heapGrowth > GROWTH_ALLOWED) throw new BugError(`the heap has grown by ${heapGrowth} bytes`);
  return { cases, seed, messages, refused, slowestMilliseconds: slowest, heapGrowth };
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

function cpuMillis(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function heapInUse(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
