import type { SessionAddresses } from "../../bgp/rib/next-hop.ts";
import type { Endpoints } from "../../bgp/session/connection.ts";
import { familyOf, type IpAddress, isLinkLocalUnicast } from "../../ip/address.ts";
import { familyBits } from "../../ip/family.ts";
import type { Link } from "../../ports/links.ts";

type Assigned = Link["addresses"][number];

/** Our addresses as the peer at the other end of a connection can reach them; global addresses come first. */
export function sessionAddresses({ local, remote }: Endpoints, links: readonly Link[]): SessionAddresses {
  const own = links.find(({ addresses }) => addresses.some(({ address }) => address === local.address));
  const assigned = own?.addresses ?? [];
  const ofInterface = assigned.map(({ address }) => address);
  return {
    local: local.address,
    ofInterface: [...ofInterface.filter(isGlobal), ...ofInterface.filter(isLinkLocalUnicast)],
    onLink: isLinkLocalUnicast(remote.address) || assigned.some((one) => isInPrefixOf(one, remote.address)),
  };
}

function isGlobal(address: IpAddress): boolean {
  return !isLinkLocalUnicast(address);
}

function isInPrefixOf({ address, prefixLength }: Assigned, other: IpAddress): boolean {
  const family = familyOf(address);
  return familyOf(other) === family && (address ^ other) >> BigInt(familyBits(family) - prefixLength) === 0n;
}
