import { type Family, otherFamily } from "../../ip/family.ts";
import { type AfiSafi, afiOf, SAFI } from "../address-family.ts";
import { AS_TRANS, type Capability, type Open } from "../message.ts";
import { CAPABILITY_CODE } from "../wire/capabilities.ts";
import type { SessionConfig } from "./config.ts";

/** Our OPEN (RFC 4271 §4.2), without the capabilities whose codes the peer can't bear. */
export function makeOpen(config: SessionConfig, left: ReadonlySet<number>): Open {
  const { localAsn, families, extendedNextHop, gracefulRestart } = config;
  const offered: Capability[] = families.map((family) => ({ is: "multiprotocol", ...unicast(family) }));
  offered.push({ is: "route-refresh" }, { is: "enhanced-route-refresh" }, { is: "extended-message" });
  offered.push({ is: "four-octet-as", asn: localAsn });
  if (extendedNextHop.length > 0) {
    const entries = extendedNextHop.map((family) => ({ ...unicast(family), nextHopAfi: afiOf(otherFamily(family)) }));
    offered.push({ is: "extended-next-hop", entries });
  }
  if (gracefulRestart !== undefined) offered.push(gracefulRestart);
  return {
    type: "open",
    version: 4,
    asn: localAsn > 0xffff ? AS_TRANS : localAsn,
    holdTime: Math.trunc(config.holdTime / 1000),
    routerId: config.routerId,
    capabilities: offered.filter((one) => one.is === "unknown" || !left.has(CAPABILITY_CODE[one.is])),
  };
}

function unicast(family: Family): AfiSafi {
  return { afi: afiOf(family), safi: SAFI.UNICAST };
}
