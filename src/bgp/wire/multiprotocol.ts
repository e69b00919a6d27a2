/**
 * MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760 §3, §4) for IPv4 and IPv6 unicast, with link-local next hops (RFC 2545
 * §3) and IPv6 next hops of IPv4 routes (RFC 8950 §3).
 */
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { addressFromBytes, addressToBytes, familyOf, type IpAddress } from "../../ip/address.ts";
import type { Family } from "../../ip/family.ts";
import { MalformedError } from "../../lib/errors.ts";
import { type AfiSafi, afiOf, SAFI } from "../address-family.ts";
import type { Reach, Unreach } from "../message.ts";
import { decodePrefixes } from "./nlri.ts";

const IPV6_BYTES = 16;

/** What stands in MP_REACH_NLRI in front of the prefixes. */
export function reachHead(reach: Omit<Reach, "prefixes">): Uint8Array {
  const nextHop = encodeNextHop(reach);
  return new ByteWriter(5 + nextHop.length)
    .u16(afiOf(reach.family))
    .u8(SAFI.UNICAST)
    .u8(nextHop.length)
    .bytes(nextHop)
    .u8(0) // reserved
    .finish();
}

/** What stands in MP_UNREACH_NLRI in front of the prefixes. */
export function unreachHead(family: Family): Uint8Array {
  return Uint8Array.of(0, afiOf(family), SAFI.UNICAST);
}

/** An IPv4 next hop of IPv6 routes is written as IPv4-mapped IPv6 address. */
function encodeNextHop({ family, nextHop, linkLocalNextHop }: Omit<Reach, "prefixes">): Uint8Array {
  if (family === "IPv4" && familyOf(nextHop) === "IPv4") return addressToBytes(nextHop);
  const bytes = new Uint8Array(linkLocalNextHop === undefined ? IPV6_BYTES : 2 * IPV6_BYTES);
  const view = new DataView(bytes.buffer);
  writeIpv6(view, 0, nextHop);
  if (linkLocalNextHop !== undefined) writeIpv6(view, IPV6_BYTES, linkLocalNextHop);
  return bytes;
}

function writeIpv6(view: DataView, at: number, address: IpAddress): void {
  view.setBigUint64(at, address >> 64n);
  view.setBigUint64(at + 8, BigInt.asUintN(64, address));
}

/** The table that an MP_REACH_NLRI or MP_UNREACH_NLRI speaks of. Throws MalformedError. */
export function tableOf(value: Uint8Array): AfiSafi {
  const reader = new ByteReader(value);
  return { afi: reader.u16(), safi: reader.u8() };
}

/** The value of an MP_REACH_NLRI of a unicast table. Throws MalformedError. */
export function decodeReach(value: Uint8Array, family: Family): Reach {
  const reader = new ByteReader(value);
  reader.skip(3); // AFI and SAFI
  const nextHop = reader.bytes(reader.u8());
  reader.skip(1); // reserved
  const prefixes = value.subarray(reader.offset);
  const { length } = nextHop;
  if (length === 4 && family === "IPv4") {
    return { family, nextHop: addressFromBytes(nextHop), prefixes: decodePrefixes(prefixes, family) };
  }
  if (length !== IPV6_BYTES && length !== 2 * IPV6_BYTES) {
    throw new MalformedError(`a next hop of ${family} routes can't have ${length} bytes`);
  }
  const global = addressFromBytes(nextHop.subarray(0, IPV6_BYTES));
  const linkLocal = length === IPV6_BYTES ? undefined : addressFromBytes(nextHop.subarray(IPV6_BYTES));
  return {
    family,
    nextHop: global,
    ...(linkLocal !== undefined && { linkLocalNextHop: linkLocal }),
    prefixes: decodePrefixes(prefixes, family),
  };
}

/** The value of an MP_UNREACH_NLRI of a unicast table. Throws MalformedError. */
export function decodeUnreach(value: Uint8Array, family: Family): Unreach {
  return { family, prefixes: decodePrefixes(value.subarray(3), family) };
}
