import type { IpAddress } from "../ip/address.ts";
import { familyOf } from "../ip/address.ts";
import { familyBits } from "../ip/family.ts";
import type { IpPrefix } from "../ip/prefix.ts";
import type { IpRange } from "../ip/range.ts";

/** The first of the widest CIDRs that lie inside a range. */
export function widestPrefix({ first, last }: IpRange): IpPrefix {
  const bits = familyBits(familyOf(first));
  for (let length = 0; length < bits; length += 1) {
    const size = 1n << BigInt(bits - length);
    const address = ((first + size - 1n) / size) * size;
    if (address + size - 1n <= last) return { address: address as IpAddress, length };
  }
  return { address: first, length: bits };
}
