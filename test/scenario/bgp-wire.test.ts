import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Message } from "../../src/bgp/message.ts";
import { describeNotification } from "../../src/bgp/notification.ts";
import { decode } from "../../src/bgp/wire/decode.ts";
import { encode } from "../../src/bgp/wire/encode.ts";
import { Framer } from "../../src/bgp/wire/framer.ts";
import type { WireOptions } from "../../src/bgp/wire/options.ts";
import { concatBytes } from "../../src/bytes/concat.ts";
import { anyMessage } from "../support/bgp-arbitraries.ts";
import { BGP_ROUTERS, bgpRecording } from "../support/bgp-recordings.ts";

const options: fc.Arbitrary<WireOptions> = fc.record({ fourOctetAs: fc.boolean(), extendedMessages: fc.boolean() });
const limit = ({ extendedMessages }: WireOptions): number => (extendedMessages ? 65_535 : 4096);

describe("BGP on the wire", () => {
  test("every message is read as it was written, whatever was agreed on", () => {
    fc.assert(
      fc.property(anyMessage, options, (message, options) => {
        const bytes = encode(message, options);
        expect(bytes.length).toBeLessThanOrEqual(limit(options));
        expect(decode(bytes, options)).toEqual({ ok: true, value: message });
      }),
      { numRuns: 3000 },
    );
  });

  test("what was read is written as what is read again", () => {
    fc.assert(
      fc.property(hostile(), options, (bytes, options) => {
        const decoded = decode(bytes, options);
        if (!decoded.ok || !isWhole(decoded.value)) return;
        const roomy = { ...options, extendedMessages: true };
        expect(decode(encode(decoded.value, roomy), roomy)).toEqual(decoded);
      }),
      { numRuns: 5000 },
    );
  });

  test("no bytes make reading throw, and every error fits into a NOTIFICATION", () => {
    fc.assert(
      fc.property(hostile(), options, (bytes, options) => {
        const decoded = decode(bytes, options);
        if (decoded.ok) return;
        const { message, ...error } = decoded.error;
        expect(message).toMatch(/^[ -~]{3,200}$/);
        expect(error.code).toBeGreaterThanOrEqual(1);
        expect(describeNotification(error)).not.toBe("");
        expect(encode({ type: "notification", ...error }, options).length).toBeLessThanOrEqual(limit(options));
      }),
      { numRuns: 5000 },
    );
  });

  test("a stream of any bytes is cut into whole messages until it makes no sense", () => {
    const chunks = fc.array(fc.oneof(hostile(), fc.uint8Array({ maxLength: 40 })), { maxLength: 6 });
    fc.assert(
      fc.property(chunks, options, (chunks, options) => {
        const framer = new Framer();
        const taken: Uint8Array[] = [];
        for (const chunk of chunks) {
          framer.push(chunk);
          for (let next = framer.next(options); next?.ok; next = framer.next(options)) taken.push(next.value.slice());
        }
        const stream = concatBytes(chunks);
        expect(concatBytes(taken)).toEqual(stream.subarray(0, concatBytes(taken).length));
        for (const bytes of taken) expect(bytes.length).toBeGreaterThanOrEqual(19);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Not an UPDATE of which something was put right or left out. */
function isWhole(message: Message): boolean {
  if (message.type !== "update") return true;
  const { withdrawn, announced, reach, unreach, endOfRib, revised } = message;
  const says = withdrawn.length + announced.length > 0 || (reach ?? unreach ?? endOfRib) !== undefined;
  return says && revised === undefined;
}

/** Random bytes, random bodies of each type, and recorded messages with some bytes changed and a length that is right. */
function hostile(): fc.Arbitrary<Uint8Array> {
  const recorded = BGP_ROUTERS.flatMap((router) => bgpRecording(router).map(({ bytes }) => bytes));
  const typed = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.uint8Array({ maxLength: 200 }));
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
  const mutated = fc.tuple(fc.constantFrom(...recorded), changes, fc.nat(200)).map(([bytes, changes, length]) => {
    const body = bytes.slice(19, 19 + Math.max(2, length));
    for (const [at, value] of changes) if (body.length > 0) body[at % body.length] = value;
    return withHeader(bytes[18]!, body);
  });
  return fc.oneof(
    { arbitrary: mutated, weight: 4 },
    { arbitrary: typed.map(([type, body]) => withHeader(type, body)), weight: 2 },
    fc.uint8Array({ maxLength: 100 }),
  );
}

function withHeader(type: number, body: Uint8Array): Uint8Array {
  const length = 19 + body.length;
  return concatBytes([new Uint8Array(16).fill(0xff), Uint8Array.of(length >>> 8, length, type), body]);
}
