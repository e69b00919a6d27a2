import { addressToBytes, familyOf, type IpAddress } from "../ip/address.ts";
import * as linux from "./socket-constants.ts";

/** The IPv4-mapped form of an address (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = Uint8Array.from({ length: 12 }, (_, i) => (i < 10 ? 0 : 0xff));

/**
 * struct sockaddr_in, or sockaddr_in6 without flow label and scope: family in host order, port and address in network
 * order. A socket of family IPv6 takes IPv4 addresses in their mapped form.
 */
export function socketAddressBytes(address: IpAddress, port: number, socketIsIpv6: boolean): Uint8Array {
  const own = addressToBytes(address);
  const bytes = new Uint8Array(socketIsIpv6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, socketIsIpv6 ? linux.AF_INET6 : linux.AF_INET, true);
  view.setUint16(2, port, false);
  if (!socketIsIpv6) bytes.set(own, 4);
  else if (familyOf(address) === "IPv6") bytes.set(own, 8);
  else bytes.set([...MAPPED_PREFIX, ...own], 8);
  return bytes;
}
