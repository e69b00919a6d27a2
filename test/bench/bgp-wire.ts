import type { PathAttributes } from "../../src/bgp/path-attributes.ts";
import { decode } from "../../src/bgp/wire/decode.ts";
import { encodeUpdates } from "../../src/bgp/wire/encode-updates.ts";
import { Framer } from "../../src/bgp/wire/framer.ts";
import type { WireOptions } from "../../src/bgp/wire/options.ts";
import { concatBytes } from "../../src/bytes/concat.ts";
import { type IpAddress, parseAddress } from "../../src/ip/address.ts";
import type { Family } from "../../src/ip/family.ts";
import type { IpPrefix } from "../../src/ip/prefix.ts";

interface BgpWireFigures {
  readonly family: Family;
  readonly prefixes: number;
  readonly messages: number;
  readonly megabytes: number;
  /** All with the same attributes, packed; median of the rounds. */
  readonly encodeMs: number;
  /** Out of a stream in chunks of 64 KiB; median of the rounds. */
  readonly decodeMs: number;
  readonly decodedPrefixesPerSecond: number;
  /** One prefix in each, as a router sends routes that differ. */
  readonly decodedSmallMessagesPerSecond: number;
}

const PREFIXES = 100_000;
const ROUNDS = 9;
const CHUNK = 65_536;
const OPTIONS: WireOptions = { fourOctetAs: true, extendedMessages: false };

const ATTRIBUTES: PathAttributes = {
  origin: "igp",
  asPath: [{ is: "sequence", asns: [4_200_000_001] }],
  communities: [0xfc00_0064, 0xffff_ff01],
  largeCommunities: [[4_200_000_001, 1, 2]],
  extendedCommunities: [],
  unknown: [],
};

/** `npm run bench` prints it with the others; alone: `node test/bench/bgp-wire.ts`. */
export function benchBgpWire(): readonly BgpWireFigures[] {
  return [measure("IPv4", "10.0.0.0", 32, "192.0.2.1"), measure("IPv6", "2001:db8::", 128, "2001:db8::1")];
}

function measure(family: Family, first: string, length: number, via: string): BgpWireFigures {
  const base = parseAddress(first)!;
  const nextHop = parseAddress(via)!;
  const prefixes: IpPrefix[] = Array.from({ length: PREFIXES }, (_, i) => ({
    address: (base + BigInt(i)) as IpAddress,
    length,
  }));
  const group = (prefixes: readonly IpPrefix[]) => ({ attributes: ATTRIBUTES, nextHop, prefixes });
  const packed = { withdrawn: [], groups: [group(prefixes)] };
  const single = { withdrawn: [], groups: prefixes.slice(0, 20_000).map((prefix) => group([prefix])) };
  const { messages } = encodeUpdates(packed, OPTIONS);
  const stream = concatBytes(messages);
  const small = encodeUpdates(single, OPTIONS).messages;
  const smallStream = concatBytes(small);
  const decodeMs = median(() => decodeStream(stream, PREFIXES));
  const smallMs = median(() => decodeStream(smallStream, small.length));
  return {
    family,
    prefixes: PREFIXES,
    messages: messages.length,
    megabytes: round(stream.length / 1e6),
    encodeMs: round(median(() => encodeUpdates(packed, OPTIONS))),
    decodeMs: round(decodeMs),
    decodedPrefixesPerSecond: Math.round((PREFIXES / decodeMs) * 1000),
    decodedSmallMessagesPerSecond: Math.round((small.length / smallMs) * 1000),
  };
}

function decodeStream(stream: Uint8Array, expected: number): void {
  const framer = new Framer();
  let prefixes = 0;
  for (let at = 0; at < stream.length; at += CHUNK) {
    framer.push(stream.subarray(at, at + CHUNK));
    for (let next = framer.next(OPTIONS); next?.ok; next = framer.next(OPTIONS)) {
      const decoded = decode(next.value, OPTIONS);
      if (!decoded.ok || decoded.value.type !== "update") throw new Error("not an UPDATE");
      prefixes += decoded.value.announced.length + (decoded.value.reach?.prefixes.length ?? 0);
    }
  }
  if (prefixes !== expected) throw new Error(`${prefixes} of ${expected} prefixes`);
}

function median(work: () => void): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const before = performance.now();
    work();
    return performance.now() - before;
  });
  return times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(benchBgpWire(), null, 2)}\n`);
