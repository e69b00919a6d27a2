import { concatBytes } from "../../src/bytes/concat.ts";
import { hex } from "../../src/bytes/hex.ts";
import type { Random } from "../../src/ports/random.ts";
import { BGP_ROUTERS, bgpRecording } from "../support/bgp-recordings.ts";
import { ByteMutator } from "./mutate-bytes.ts";

const MARKER_LENGTH = 16;
const HEADER_LENGTH = 19;
const UPDATE = 2;

/** Bytes that mean something to a decoder: types, flags, lengths of prefixes and next hops, extremes. */
const SPICE = [...hex`00 01 02 03 04 05 07 08 0e 0f 10 11 12 18 20 21 30 40 41 46 47 50 80 81 90 c0 d0 e0 fe ff`];

/** Attributes that stand alone, some of them wrong. */
const ATTRIBUTES = [
  hex`40 01 01 02`,
  hex`40 02 00`,
  hex`50 02 0006 02 01 00010000`,
  hex`40 03 04 0a000001`,
  hex`80 0e 09 0001 01 04 0a000001 00`,
  hex`80 0f 04 0002 01 00`,
  hex`c0 07 08 00010000 0a000001`,
  hex`c0 11 06 02 01 00010000`,
  hex`c0 12 08 00010000 0a000001`,
  hex`80 0a 04 0a000001`,
  hex`c0 20 0c 000000010000000200000003`,
  hex`f0 ff 0001 00`,
];

/** Makes messages of recorded ones, in which something is not as it should be. */
export class HostileBgp {
  readonly #bytes: ByteMutator;
  readonly #recorded: readonly Uint8Array[] = BGP_ROUTERS.flatMap((router) =>
    bgpRecording(router).map(({ bytes }) => bytes),
  );

  constructor(random: Random) {
    const others = this.#recorded.map((message) => message.subarray(HEADER_LENGTH));
    this.#bytes = new ByteMutator(random, { spice: SPICE, others });
  }

  /** A message with the right length; with a chance of 1 in 16 something else, such as two of them or a part of one. */
  message(): Uint8Array {
    const bytes = this.#bytes;
    const recorded = bytes.pick(this.#recorded);
    const type = recorded[HEADER_LENGTH - 1]!;
    const whole = recorded.subarray(HEADER_LENGTH);
    const body = type === UPDATE && bytes.below(4) > 0 ? this.#changeSection(whole) : bytes.mutate(whole);
    const length = HEADER_LENGTH + body.length;
    const header = [recorded.subarray(0, MARKER_LENGTH), Uint8Array.of(length >>> 8, length, type)];
    const message = concatBytes([...header, body]);
    if (bytes.below(16) > 0) return message;
    return bytes.below(2) === 0 ? concatBytes([message, bytes.pick(this.#recorded)]) : bytes.mutate(message);
  }

  /** An UPDATE in which one part is changed and all lengths are right, so that what is in the part is read. */
  #changeSection(body: Uint8Array): Uint8Array {
    const bytes = this.#bytes;
    const withdrawnEnd = 2 + u16At(body, 0);
    const attributesEnd = withdrawnEnd + 2 + u16At(body, withdrawnEnd);
    let withdrawn: Uint8Array = body.subarray(2, withdrawnEnd);
    let attributes: Uint8Array = body.subarray(withdrawnEnd + 2, attributesEnd);
    let announced: Uint8Array = body.subarray(attributesEnd);
    if (bytes.below(3) === 0) attributes = concatBytes([bytes.pick(ATTRIBUTES), attributes]);
    const part = bytes.below(6);
    if (part === 0) withdrawn = bytes.mutate(withdrawn);
    else if (part === 1) announced = bytes.mutate(announced);
    else attributes = bytes.mutate(attributes);
    return concatBytes([u16(withdrawn.length), withdrawn, u16(attributes.length), attributes, announced]);
  }
}

function u16At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}
