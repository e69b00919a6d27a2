import ipaddr from "ipaddr.js";
import { BugError } from "../lib/errors.ts";
import type { Family } from "./family.ts";

/**
 * An IP address as its 128-bit value. IPv4 addresses are their IPv4-mapped form (`::ffff:a.b.c.d`, RFC 4291
 * §2.5.5.2), so the value alone is a unique key for Maps, is ordered, and survives a structured clone.
 */
export type IpAddress = bigint & { readonly ip: true };

const MAPPED = 0xffff_0000_0000n;

export function familyOf(address: IpAddress): Family {
  return address >> 32n === 0xffffn ? "IPv4" : "IPv6";
}

/**
 * Parses an IP literal by the rules of Go's `net.ParseIP`, which users of the reference rely on: no leading
 * zeros in IPv4, no zones, no white space, IPv4-mapped IPv6 counts as IPv4.
 */
export function parseAddress(text: string): IpAddress | undefined {
  if (text.length > 45) return undefined;
  if (text.includes(":")) return parseIpv6(text);
  return parseIpv4(text);
}

function parseIpv4(text: string): IpAddress | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part)) return undefined;
    const octet = Number(part);
    if (octet > 255) return undefined;
    value = (value << 8n) | BigInt(octet);
  }
  return (MAPPED | value) as IpAddress;
}

function parseIpv6(text: string): IpAddress | undefined {
  if (text.includes("%") || /[^0-9a-fA-F:.]/.test(text)) return undefined;
  const dotted = text.slice(text.lastIndexOf(":") + 1);
  if (dotted.includes(".") && parseIpv4(dotted) === undefined) return undefined;
  if (!ipaddr.IPv6.isValid(text)) return undefined;
  return addressFromBytes(Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray()));
}

/** Canonical text: dotted quad, or RFC 5952 for IPv6. */
export function formatAddress(address: IpAddress): string {
  const bytes = [...addressToBytes(address)];
  return bytes.length === 4 ? bytes.join(".") : new ipaddr.IPv6(bytes).toRFC5952String();
}

/** From 4 or 16 bytes in network order. */
export function addressFromBytes(bytes: Uint8Array): IpAddress {
  if (bytes.length !== 4 && bytes.length !== 16)
    throw new BugError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  if (bytes.length === 4) {
    const [a, b, c, d] = bytes;
    return (MAPPED | BigInt(a! * 0x100_0000 + ((b! << 16) | (c! << 8) | d!))) as IpAddress;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return ((view.getBigUint64(0) << 64n) | view.getBigUint64(8)) as IpAddress;
}

/** 4 bytes for IPv4, 16 for IPv6, in network order. */
export function addressToBytes(address: IpAddress): Uint8Array {
  if (familyOf(address) === "IPv4") {
    const value = Number(address & 0xffff_ffffn);
    return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
  }
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, address >> 64n);
  view.setBigUint64(8, address);
  return new Uint8Array(view.buffer);
}

/** IPv6 link-local unicast, fe80::/10 (RFC 4291 §2.5.6). */
export function isLinkLocalUnicast(address: IpAddress): boolean {
  return address >> 118n === 0x3fan;
}
