import { type IpAddress, familyOf } from "../../ip/address.ts";
import type { Family } from "../../ip/family.ts";
import type { IpPrefix } from "../../ip/prefix.ts";
import { MalformedError } from "../../lib/errors.ts";

/** The 96 bits in front of an IPv4 address in the 128 of an `IpAddress`. */
const MAPPED = 0xffff_0000_0000n;

/** Room of one address while it is cut to the bytes that its prefix needs. */
const scratch = new Uint8Array(16);
const scratchView = new DataView(scratch.buffer);

/** Bytes that a prefix takes: its length, and as many bytes as have a bit of it (RFC 4271 §4.3). */
export function prefixBytes({ length }: IpPrefix): number {
  return 1 + ((length + 7) >>> 3);
}

/** Writes a prefix and returns where the next one goes. The room is the caller's to have checked. */
export function writePrefix(bytes: Uint8Array, at: number, { address, length }: IpPrefix): number {
  bytes[at] = length;
  const size = (length + 7) >>> 3;
  if (familyOf(address) === "IPv4") {
    const value = Number(BigInt.asUintN(32, address));
    for (let i = 0; i < size; i++) bytes[at + 1 + i] = value >>> (24 - 8 * i);
  } else {
    scratchView.setBigUint64(0, address >> 64n);
    if (size > 8) scratchView.setBigUint64(8, BigInt.asUintN(64, address));
    for (let i = 0; i < size; i++) bytes[at + 1 + i] = scratch[i]!;
  }
  return at + 1 + size;
}

/**
 * Reads prefixes up to the end of `bytes`; bits behind a prefix's length mean nothing. Throws MalformedError for what
 * RFC 7606 §5.3 calls incorrect. Prefixes within ::ffff:0:0/96 are none of either family, and left out.
 */
export function decodePrefixes(bytes: Uint8Array, family: Family): IpPrefix[] {
  const prefixes: IpPrefix[] = [];
  const longest = family === "IPv4" ? 32 : 128;
  for (let at = 0; at < bytes.length;) {
    const length = bytes[at]!;
    const size = (length + 7) >>> 3;
    if (length > longest) throw new MalformedError(`an ${family} prefix can't have ${length} bits`);
    if (at + 1 + size > bytes.length)
      throw new MalformedError(`the last prefix is cut off after ${bytes.length - at} bytes`);
    const address = family === "IPv4" ? readIpv4(bytes, at + 1, length) : readIpv6(bytes, at + 1, length);
    if (family === "IPv4" || familyOf(address) === "IPv6") prefixes.push({ address, length });
    at += 1 + size;
  }
  return prefixes;
}

function readIpv4(bytes: Uint8Array, at: number, length: number): IpAddress {
  const size = (length + 7) >>> 3;
  let value = 0;
  for (let i = 0; i < size; i++) value |= bytes[at + i]! << (24 - 8 * i);
  const masked = length === 0 ? 0 : (value & (0xffff_ffff << (32 - length))) >>> 0;
  return (MAPPED | BigInt(masked)) as IpAddress;
}

function readIpv6(bytes: Uint8Array, at: number, length: number): IpAddress {
  const size = (length + 7) >>> 3;
  scratch.fill(0);
  for (let i = 0; i < size; i++) scratch[i] = bytes[at + i]!;
  const spare = 8 * size - length;
  if (spare > 0) scratch[size - 1]! &= 0xff << spare;
  return ((scratchView.getBigUint64(0) << 64n) | scratchView.getBigUint64(8)) as IpAddress;
}

/** Prefixes one behind the other. */
export function encodePrefixes(prefixes: readonly IpPrefix[]): Uint8Array {
  let size = 0;
  for (const prefix of prefixes) size += prefixBytes(prefix);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const prefix of prefixes) at = writePrefix(bytes, at, prefix);
  return bytes;
}
