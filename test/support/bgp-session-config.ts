import { type SessionConfig, SESSION_DEFAULTS } from "../../src/bgp/session/config.ts";
import type { Endpoints } from "../../src/bgp/session/connection.ts";
import { parseAddress } from "../../src/ip/address.ts";

/** Two speakers that know each other, over either family. */
export const PLACES = {
  IPv4: { us: parseAddress("192.0.2.1")!, peer: parseAddress("192.0.2.2")! },
  IPv6: { us: parseAddress("2001:db8::1")!, peer: parseAddress("2001:db8::2")! },
} as const;

/** Both ends of a connection that we have begun. */
export const ENDPOINTS: Endpoints = {
  local: { address: PLACES.IPv4.us, port: 40_000 },
  remote: { address: PLACES.IPv4.peer, port: 179 },
};

/** AS 64512, router ID 192.0.2.1; the peer is in AS 64513. */
export function sessionConfig(changes: Partial<SessionConfig> = {}): SessionConfig {
  return {
    localAsn: 64_512,
    remoteAs: { is: "number", asn: 64_513 },
    routerId: 0xc000_0201,
    families: ["IPv4", "IPv6"],
    extendedNextHop: [],
    ...SESSION_DEFAULTS,
    passive: false,
    gracefulRestart: undefined,
    transport: {
      remote: PLACES.IPv4.peer,
      zone: undefined,
      port: 179,
      source: undefined,
      vrf: undefined,
      multiHop: false,
      ttlSecurity: false,
      keyVersion: undefined,
    },
    ...changes,
  };
}
