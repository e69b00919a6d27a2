import { familyOf, formatAddress } from "../../ip/address.ts";
import type { StreamAddress } from "../../ports/streams.ts";

/** `192.0.2.1:179`, `[2001:db8::1]:179`, `[fe80::1%eth0]:179`. */
export function formatStreamAddress({ address, port, zone }: StreamAddress): string {
  const text = zone === undefined ? formatAddress(address) : `${formatAddress(address)}%${zone}`;
  return familyOf(address) === "IPv6" ? `[${text}]:${port}` : `${text}:${port}`;
}
