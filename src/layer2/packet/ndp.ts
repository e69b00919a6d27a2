/**
 * Neighbour solicitations and advertisements (RFC 4861 §4.3, §4.4, §4.6) as whole Ethernet frames. Big-endian. Pure;
 * decoded byte arrays are views into the frame, encoded frames are new. Decoding makes the checks that RFC 4861 §7.1.1
 * and §7.1.2 demand of every message, so what is returned is valid.
 */
import { internetChecksum } from "../../bytes/checksum.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { type IpAddress, addressToBytes } from "../../ip/address.ts";
import { MalformedError } from "../../lib/errors.ts";
import { type Result, err, ok } from "../../lib/result.ts";
import { decodeEthernet, ETHER_TYPE, ETHERNET_HEADER_LENGTH } from "./ethernet.ts";
import {
  decodeIpv6,
  decodeIpv6Address,
  IPV6_HEADER_LENGTH,
  isMulticast,
  NEXT_HEADER_ICMPV6,
  solicitedNodeGroup,
  UNSPECIFIED,
} from "./ipv6.ts";

/** IANA "ICMPv6 Parameters", types. */
export const ICMPV6_TYPE = { NEIGHBOR_SOLICITATION: 135, NEIGHBOR_ADVERTISEMENT: 136 } as const;

const OPTION = { SOURCE_LINK_LAYER_ADDRESS: 1, TARGET_LINK_LAYER_ADDRESS: 2 } as const;

/** ICMPv6 header, reserved word or flags, target (RFC 4861 §4.3). */
const MESSAGE_LENGTH = 24;
const LINK_LAYER_OPTION_LENGTH = 8;
/** No router puts this many options behind a solicitation; the cap bounds the work per packet. */
const MOST_OPTIONS = 32;

/** RFC 4861 §7.1.1: proof that the packet was not forwarded. */
const HOP_LIMIT = 255;

const FLAG = { SOLICITED: 0x4000_0000, OVERRIDE: 0x2000_0000 } as const;

export interface NeighborSolicitation {
  /** Ethernet addresses of the frame. */
  readonly destinationMac: Uint8Array;
  readonly sourceMac: Uint8Array;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly target: IpAddress;
  /** The option of that name; absent in address resolution by unicast and in duplicate address detection. */
  readonly sourceLinkLayerAddress: Uint8Array | undefined;
}

export interface NeighborAdvertisement {
  readonly destinationMac: Uint8Array;
  readonly sourceMac: Uint8Array;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly target: IpAddress;
  readonly solicited: boolean;
  readonly override: boolean;
  readonly targetLinkLayerAddress: Uint8Array;
}

export interface ReceivedAdvertisement extends Omit<NeighborAdvertisement, "targetLinkLayerAddress"> {
  /** The option of that name, which answers to unicast solicitations may leave out. */
  readonly targetLinkLayerAddress: Uint8Array | undefined;
}

/** What is not a valid neighbour solicitation is an error, valid packets of other kinds included. */
export function decodeSolicitation(frame: Uint8Array): Result<NeighborSolicitation, MalformedError> {
  return attempt(() => {
    const { flags: _, linkLayerAddress, ...message } = decode(frame, ICMPV6_TYPE.NEIGHBOR_SOLICITATION);
    if (message.source === UNSPECIFIED) {
      const toItsGroup = message.destination === solicitedNodeGroup(message.target);
      if (!toItsGroup) throw new MalformedError("unspecified source, not to its group");
      if (linkLayerAddress !== undefined) throw new MalformedError("unspecified source with link-layer option");
    }
    return { ...message, sourceLinkLayerAddress: linkLayerAddress };
  });
}

/** What is not a valid neighbour advertisement is an error, valid packets of other kinds included. */
export function decodeAdvertisement(frame: Uint8Array): Result<ReceivedAdvertisement, MalformedError> {
  return attempt(() => {
    const { flags, linkLayerAddress, ...message } = decode(frame, ICMPV6_TYPE.NEIGHBOR_ADVERTISEMENT);
    const solicited = (flags & FLAG.SOLICITED) !== 0;
    if (solicited && isMulticast(message.destination)) throw new MalformedError("solicited, but to a group");
    const override = (flags & FLAG.OVERRIDE) !== 0;
    return { ...message, solicited, override, targetLinkLayerAddress: linkLayerAddress };
  });
}

/** Whether an ICMPv6 frame without extension headers is a neighbour advertisement, valid or not. */
export function looksLikeAdvertisement(frame: Uint8Array): boolean {
  return frame[ETHERNET_HEADER_LENGTH + IPV6_HEADER_LENGTH] === ICMPV6_TYPE.NEIGHBOR_ADVERTISEMENT;
}

function attempt<T>(decode: () => T): Result<T, MalformedError> {
  try {
    return ok(decode());
  } catch (error) {
    if (error instanceof MalformedError) return err(error);
    throw error;
  }
}

/** What solicitations and advertisements have in common. */
interface NeighborMessage {
  readonly destinationMac: Uint8Array;
  readonly sourceMac: Uint8Array;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** Reserved in solicitations. */
  readonly flags: number;
  readonly target: IpAddress;
  /** The option that this type of message has: the source's, or the target's. */
  readonly linkLayerAddress: Uint8Array | undefined;
}

function decode(frame: Uint8Array, type: number): NeighborMessage {
  const r = new ByteReader(frame);
  const ethernet = decodeEthernet(r, ETHER_TYPE.IPV6);
  const ip = decodeIpv6(r);
  if (ip.nextHeader !== NEXT_HEADER_ICMPV6) throw new MalformedError(`next header ${ip.nextHeader}`);
  if (ip.hopLimit !== HOP_LIMIT) throw new MalformedError(`hop limit ${ip.hopLimit}`);
  const message = r.bytes(ip.payloadLength);
  const { flags, target, linkLayerAddress } = decodeMessage(message, type);
  if (icmpv6Checksum(ip.source, ip.destination, message) !== 0) throw new MalformedError("ICMPv6 checksum");
  return {
    destinationMac: ethernet.destination,
    sourceMac: ethernet.source,
    source: ip.source,
    destination: ip.destination,
    flags,
    target,
    linkLayerAddress,
  };
}

function decodeMessage(
  message: Uint8Array,
  wanted: number,
): Pick<NeighborMessage, "flags" | "target" | "linkLayerAddress"> {
  const r = new ByteReader(message);
  const type = r.u8();
  const code = r.u8();
  if (type !== wanted || code !== 0) throw new MalformedError(`ICMPv6 type ${type}/${code}`);
  r.skip(2); // checksum, verified over the whole message
  const flags = r.u32();
  const target = decodeIpv6Address(r);
  if (isMulticast(target)) throw new MalformedError("multicast target");
  const { SOURCE_LINK_LAYER_ADDRESS, TARGET_LINK_LAYER_ADDRESS } = OPTION;
  const option = type === ICMPV6_TYPE.NEIGHBOR_SOLICITATION ? SOURCE_LINK_LAYER_ADDRESS : TARGET_LINK_LAYER_ADDRESS;
  return { flags, target, linkLayerAddress: decodeLinkLayerAddress(r, option) };
}

/** RFC 4861 §4.6: length in units of 8 bytes, 0 is invalid; options that we don't know are passed over. */
function decodeLinkLayerAddress(r: ByteReader, wanted: number): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (let count = 0; r.remaining > 0; count++) {
    if (count === MOST_OPTIONS) throw new MalformedError(`more than ${MOST_OPTIONS} options`);
    const type = r.u8();
    const length = r.u8() * 8;
    if (length === 0) throw new MalformedError("option of length 0");
    const body = r.bytes(length - 2);
    if (type === wanted && length === LINK_LAYER_OPTION_LENGTH) found ??= body;
  }
  return found;
}

export function encodeAdvertisement(advertisement: NeighborAdvertisement): Uint8Array {
  const { source, destination, target } = advertisement;
  const flags = (advertisement.solicited ? FLAG.SOLICITED : 0) + (advertisement.override ? FLAG.OVERRIDE : 0);
  const message = new ByteWriter(MESSAGE_LENGTH + LINK_LAYER_OPTION_LENGTH)
    .u8(ICMPV6_TYPE.NEIGHBOR_ADVERTISEMENT)
    .u8(0)
    .u16(0)
    .u32(flags)
    .bytes(addressToBytes(target))
    .u8(OPTION.TARGET_LINK_LAYER_ADDRESS)
    .u8(LINK_LAYER_OPTION_LENGTH / 8)
    .bytes(advertisement.targetLinkLayerAddress)
    .finish();
  const checksum = icmpv6Checksum(source, destination, message);
  message[2] = checksum >>> 8;
  message[3] = checksum;
  return new ByteWriter(ETHERNET_HEADER_LENGTH + IPV6_HEADER_LENGTH + message.length)
    .bytes(advertisement.destinationMac)
    .bytes(advertisement.sourceMac)
    .u16(ETHER_TYPE.IPV6)
    .u32(0x6000_0000)
    .u16(message.length)
    .u8(NEXT_HEADER_ICMPV6)
    .u8(HOP_LIMIT)
    .bytes(addressToBytes(source))
    .bytes(addressToBytes(destination))
    .bytes(message)
    .finish();
}

/** RFC 8200 §8.1: over the pseudo-header and the message; 0 for a message whose checksum is right. */
function icmpv6Checksum(source: IpAddress, destination: IpAddress, message: Uint8Array): number {
  const pseudo = new ByteWriter(IPV6_HEADER_LENGTH)
    .bytes(addressToBytes(source))
    .bytes(addressToBytes(destination))
    .u32(message.length)
    .u32(NEXT_HEADER_ICMPV6)
    .finish();
  return internetChecksum(pseudo, message);
}
