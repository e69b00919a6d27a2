import { describeNotification } from "../../src/bgp/notification.ts";
import { decode } from "../../src/bgp/wire/decode.ts";
import { encode } from "../../src/bgp/wire/encode.ts";
import { Framer } from "../../src/bgp/wire/framer.ts";
import type { WireOptions } from "../../src/bgp/wire/options.ts";
import { toHex } from "../../src/bytes/hex.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { HostileBgp } from "./bgp-bytes.ts";
import { type CostReport, CostWatch } from "./cost.ts";

interface BgpFuzzReport extends CostReport {
  readonly cases: number;
  readonly seed: number;
  /** Messages that were understood, by type. */
  readonly messages: Readonly<Record<string, number>>;
  /** UPDATEs in which something was put right. */
  readonly revised: number;
  /** By code and subcode. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Cases between two looks at the heap. */
const BETWEEN_LOOKS = 500_000;

/**
 * Feeds hostile bytes to the framer, in two chunks, and what comes out to the decoder, and writes again what that
 * understood. Throws when one of them throws, computes for longer than half a second, or memory grows by more than 64 MiB.
 */
export function fuzzBgp(cases: number, seed: number): BgpFuzzReport {
  const random = seededRandom(seed);
  const hostile = new HostileBgp(random);
  const messages: Record<string, number> = {};
  const errors: Record<string, number> = {};
  let revised = 0;

  function feed(bytes: Uint8Array, options: WireOptions): void {
    const framer = new Framer();
    const cut = Math.floor(random.next() * (bytes.length + 1));
    for (const chunk of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      framer.push(chunk);
      for (let next = framer.next(options); next !== undefined; next = framer.next(options)) {
        const decoded = next.ok ? decode(next.value, options) : next;
        if (!decoded.ok) {
          const { code, subcode } = decoded.error;
          errors[`${code}/${subcode}`] = (errors[`${code}/${subcode}`] ?? 0) + 1;
          encode({ type: "notification", ...decoded.error }, options);
          return;
        }
        const { value } = decoded;
        messages[value.type] = (messages[value.type] ?? 0) + 1;
        if (value.type === "update" && value.revised !== undefined) revised++;
        if (value.type === "notification") describeNotification(value);
        encode(value, { ...options, extendedMessages: true });
      }
    }
  }

  const cost = new CostWatch();
  for (let i = 0; i < cases; i++) {
    if (i % BETWEEN_LOOKS === BETWEEN_LOOKS - 1) cost.measureHeap();
    const input = hostile.message();
    const options = { fourOctetAs: random.next() < 0.5, extendedMessages: random.next() < 0.5, external: i % 2 === 0 };
    cost.run(
      () => feed(input, options),
      () => `case ${i} of seed ${seed}, ${toHex(input)},`,
    );
  }
  return { cases, seed, messages, revised, errors, ...cost.report };
}
