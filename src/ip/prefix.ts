import type { IpAddress } from "./address.ts";
import { familyOf, formatAddress, parseAddress } from "./address.ts";
import { familyBits } from "./family.ts";
import type { IpRange } from "./range.ts";

/** A CIDR; `address` is the network address (host bits zero). */
export interface IpPrefix {
  readonly address: IpAddress;
  readonly length: number;
}

/** Parses `address/length` by the rules of Go's `net.ParseCIDR`: host bits are allowed and masked off. */
export function parsePrefix(text: string): IpPrefix | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = parseAddress(text.slice(0, slash));
  const lengthText = text.slice(slash + 1);
  if (address === undefined || !/^[0-9]{1,3}$/.test(lengthText)) return undefined;
  const length = Number(lengthText);
  if (length > familyBits(familyOf(address))) return undefined;
  return prefixOf(address, length);
}

/** The subnet of `length` bits that an address is in. */
export function prefixOf(address: IpAddress, length: number): IpPrefix {
  return { address: maskAddress(address, length), length };
}

export function prefixContains(prefix: IpPrefix, address: IpAddress): boolean {
  return familyOf(prefix.address) === familyOf(address) && maskAddress(address, prefix.length) === prefix.address;
}

/** Clears all bits behind the first `length` bits of the address's own family. */
function maskAddress(address: IpAddress, length: number): IpAddress {
  const host = BigInt(familyBits(familyOf(address)) - length);
  return ((address >> host) << host) as IpAddress;
}

export function prefixRange(prefix: IpPrefix): IpRange {
  const host = BigInt(familyBits(familyOf(prefix.address)) - prefix.length);
  return { first: prefix.address, last: (prefix.address | ((1n << host) - 1n)) as IpAddress };
}

export function formatPrefix(prefix: IpPrefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}
