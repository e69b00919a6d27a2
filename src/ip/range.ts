import type { IpAddress } from "./address.ts";
import { formatAddress } from "./address.ts";

/** An inclusive run of addresses of one family; `first <= last`. */
export interface IpRange {
  readonly first: IpAddress;
  readonly last: IpAddress;
}

export function rangeSize(range: IpRange): bigint {
  return range.last - range.first + 1n;
}

export function rangeContains(range: IpRange, address: IpAddress): boolean {
  return address >= range.first && address <= range.last;
}

export function rangesOverlap(a: IpRange, b: IpRange): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function formatRange(range: IpRange): string {
  return range.first === range.last
    ? formatAddress(range.first)
    : `${formatAddress(range.first)}-${formatAddress(range.last)}`;
}
