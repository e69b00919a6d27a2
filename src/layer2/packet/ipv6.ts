/** The fixed IPv6 header (RFC 8200 §3) and the multicast addresses that neighbour discovery uses. Big-endian. Pure. */
import type { ByteReader } from "../../bytes/reader.ts";
import { type IpAddress, addressFromBytes, addressToBytes, familyOf, parseAddress } from "../../ip/address.ts";
import { MalformedError } from "../../lib/errors.ts";

export const IPV6_HEADER_LENGTH = 40;

/** IANA "Protocol Numbers". */
export const NEXT_HEADER_ICMPV6 = 58;

export const UNSPECIFIED = parseAddress("::")!;
/** RFC 4291 §2.7.1. */
export const ALL_NODES = parseAddress("ff02::1")!;
const SOLICITED_NODE_BASE = parseAddress("ff02::1:ff00:0")!;

export interface Ipv6Header {
  readonly payloadLength: number;
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
}

export function decodeIpv6(r: ByteReader): Ipv6Header {
  const version = r.u32() >>> 28;
  if (version !== 6) throw new MalformedError(`IP version ${version}`);
  return {
    payloadLength: r.u16(),
    nextHeader: r.u8(),
    hopLimit: r.u8(),
    source: decodeIpv6Address(r),
    destination: decodeIpv6Address(r),
  };
}

/** IPv4-mapped addresses never appear on the wire (RFC 4291 §2.5.5.2); as values they would be IPv4 addresses. */
export function decodeIpv6Address(r: ByteReader): IpAddress {
  const address = addressFromBytes(r.bytes(16));
  if (familyOf(address) !== "IPv6") throw new MalformedError("IPv4-mapped address");
  return address;
}

/** ff00::/8 (RFC 4291 §2.7). */
export function isMulticast(address: IpAddress): boolean {
  return address >> 120n === 0xffn;
}

/** ff02::1:ffXX:XXXX with the low 24 bits of the address (RFC 4291 §2.7.1). */
export function solicitedNodeGroup(address: IpAddress): IpAddress {
  return (SOLICITED_NODE_BASE | (address & 0xff_ffffn)) as IpAddress;
}

/** The Ethernet address of an IPv6 multicast group: 33:33 and its low 32 bits (RFC 2464 §7). */
export function multicastMac(group: IpAddress): Uint8Array {
  return Uint8Array.of(0x33, 0x33, ...addressToBytes(group).subarray(12));
}
