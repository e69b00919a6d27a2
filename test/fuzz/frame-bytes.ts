import { internetChecksum } from "../../src/bytes/checksum.ts";
import { concatBytes } from "../../src/bytes/concat.ts";
import { hex } from "../../src/bytes/hex.ts";
import type { Random } from "../../src/ports/random.ts";
import { advertisement, arpRequest, solicitation } from "../support/request-frames.ts";
import { ByteMutator } from "./mutate-bytes.ts";

/** Whom frames are about, and who they come from. */
export interface FrameWorld {
  readonly ourMac: string;
  /** Addresses of both families that frames ask for or claim, owned or not. */
  readonly addresses: readonly string[];
}

/** Bytes that mean something: operations, EtherTypes, next headers, ICMPv6 types, option types and lengths, extremes. */
const SPICE = [...hex`00 01 02 03 04 06 08 0e 11 28 2c 33 3a 3b 40 60 6f 7f 80 81 86 87 88 89 a8 dd e0 fd fe ff`];

const RIVALS = ["02:00:00:00:00:66", "02:00:00:00:00:67"] as const;
const NOBODIES = ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01"] as const;

/** Where a frame without a tag has its ICMPv6 message, and the message its checksum. */
const IPV6 = { payloadLength: 18, source: 22, message: 54, checksum: 56 } as const;

/** Makes frames of valid ones, in which something is not as it should be. */
export class HostileFrames {
  readonly #bytes: ByteMutator;
  readonly #samples: readonly Uint8Array[];

  constructor(random: Random, world: FrameWorld) {
    this.#samples = world.addresses.flatMap((address) => samplesFor(address, world.ourMac));
    this.#bytes = new ByteMutator(random, { spice: SPICE, others: this.#samples });
  }

  frame(): Uint8Array {
    const bytes = this.#bytes;
    let frame = bytes.pick(this.#samples);
    if (bytes.below(8) === 0) return frame;
    // Each change may hide all others from the decoder, so there are few.
    frame = bytes.mutate(frame, 2);
    if (bytes.below(16) === 0) frame = withTag(frame, bytes.pick([hex`8100`, hex`88a8`]), bytes.noise(2));
    return bytes.below(2) === 0 ? withChecksum(frame) : frame;
  }
}

function samplesFor(address: string, ourMac: string): readonly Uint8Array[] {
  const senders = [...RIVALS, ...NOBODIES, ourMac];
  if (address.includes(":")) {
    return [
      solicitation({ target: address }),
      solicitation({ target: address, source: "::" }),
      solicitation({ target: address, destination: address, destinationMac: ourMac, options: "" }),
      ...senders.map((mac) => advertisement({ target: address, mac })),
    ];
  }
  return [
    arpRequest({ target: address }),
    arpRequest({ target: address, senderIp: "0.0.0.0" }),
    ...senders.flatMap((senderMac) =>
      [1, 2].map((operation) => arpRequest({ target: address, senderIp: address, senderMac, operation })),
    ),
  ];
}

/** IEEE 802.1Q-2018 §9.3: the tag goes between the source address and the type. */
function withTag(frame: Uint8Array, protocol: Uint8Array, control: Uint8Array): Uint8Array {
  return concatBytes([frame.subarray(0, 12), protocol, control, frame.subarray(12)]);
}

/** Makes the ICMPv6 checksum right where there is one, so that what is wrong elsewhere is looked at. */
function withChecksum(frame: Uint8Array): Uint8Array {
  if (frame.length < IPV6.message + 24 || frame[12] !== 0x86 || frame[13] !== 0xdd) return frame;
  const length = (frame[IPV6.payloadLength]! << 8) | frame[IPV6.payloadLength + 1]!;
  const message = frame.slice(IPV6.message, IPV6.message + length);
  if (message.length < length || length < 4) return frame;
  message.fill(0, 2, 4);
  const ends = frame.subarray(IPV6.source, IPV6.message);
  const checksum = internetChecksum(ends, Uint8Array.of(0, 0, length >>> 8, length & 255, 0, 0, 0, 58), message);
  return frame.with(IPV6.checksum, checksum >>> 8).with(IPV6.checksum + 1, checksum & 255);
}
