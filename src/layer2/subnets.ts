/** Whether an interface carries the subnet of an address. It is answered there in any case; this is for people. Pure. */
import { familyOf, type IpAddress, isLinkLocalUnicast } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import { formatPrefix, type IpPrefix, prefixContains, prefixOf } from "../ip/prefix.ts";
import type { Link } from "../ports/links.ts";

/** The subnets of an interface. */
export interface InterfaceSubnets {
  readonly name: string;
  /** By its addresses, in their order, but for fe80::/10, which every interface has. */
  readonly subnets: readonly IpPrefix[];
}

export function subnetsOf({ name, addresses }: Link): InterfaceSubnets {
  const subnets = new Map<string, IpPrefix>();
  for (const { address, prefixLength } of addresses) {
    if (isLinkLocalUnicast(address)) continue;
    const subnet = prefixOf(address, prefixLength);
    subnets.set(formatPrefix(subnet), subnet);
  }
  return { name, subnets: [...subnets.values()] };
}

/** Without any subnet there is none that has the address. */
export function carries({ subnets }: InterfaceSubnets, address: IpAddress): boolean {
  return subnets.some((subnet) => prefixContains(subnet, address));
}

/** `eth0 (10.0.0.0/24, 10.1.0.0/24)`, `eth1 (no IPv6 subnet)`. */
export function describeSubnets({ name, subnets }: InterfaceSubnets, family: Family): string {
  const ofFamily = subnets.filter(({ address }) => familyOf(address) === family);
  return `${name} (${ofFamily.length === 0 ? `no ${family} subnet` : ofFamily.map(formatPrefix).join(", ")})`;
}
