import { crc32 } from "../../bytes/crc32.ts";
import { familyOf, parseAddress } from "../../ip/address.ts";
import { routerIdOf } from "./session-plans.ts";

/**
 * Our BGP identifier where none is configured: the node's IPv4 address, else a number that is made of the node's name and
 * the same in every session, as the reference makes it. Unsigned 32 bits, not 0.
 */
export function defaultRouterId(hostAddress: string | undefined, node: string): number {
  const address = hostAddress === undefined ? undefined : parseAddress(hostAddress);
  if (address !== undefined && familyOf(address) === "IPv4") return routerIdOf(address) || 1;
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, crc32(new TextEncoder().encode(node)), true);
  return view.getUint32(0) || 1;
}
