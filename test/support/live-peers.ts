import type { LivePeer } from "../../src/speaker/bgp/live-bgp.ts";

const NO_MESSAGES = { open: 0, update: 0, notification: 0, keepalive: 0, "route-refresh": 0 };
const NO_ROUTES = { wanted: 0, told: 0, unsent: {} };

/** A peer in AS 64500 that is up for IPv4, with nothing to be told. */
export function livePeerOf(name: string, more: Partial<LivePeer> = {}): LivePeer {
  return {
    name,
    remote: "192.0.2.9:179",
    localAsn: 64_512,
    remoteAs: "AS 64500",
    routerId: "192.0.2.1",
    passive: false,
    state: "Established",
    since: "2025-12-31T23:57:00.000Z",
    negotiated: {
      peerAsn: 64_500,
      peerRouterId: "192.0.2.9",
      internal: false,
      holdSeconds: 90,
      keepaliveSeconds: 30,
      peerHoldSeconds: 180,
      families: ["IPv4"],
      missingFamilies: ["IPv6"],
      extendedNextHop: [],
      fourOctetAs: true,
      extendedMessages: false,
      routeRefresh: true,
      enhancedRefresh: false,
      capabilities: ["IPv4 unicast", "capability 99 0102"],
    },
    leftOut: [],
    prefixes: { IPv4: NO_ROUTES, IPv6: NO_ROUTES },
    prefixesReceived: { IPv4: 0, IPv6: 0 },
    sent: { ...NO_MESSAGES, open: 1, keepalive: 7 },
    received: NO_MESSAGES,
    timesEstablished: 1,
    failures: 0,
    transitions: [{ at: "2025-12-31T23:57:00.000Z", from: "OpenConfirm", to: "Established" }],
    ...more,
  };
}

/** The same without a session, for this reason. */
export function downPeerOf(name: string, lastEnd: Omit<NonNullable<LivePeer["lastEnd"]>, "at">): LivePeer {
  const { negotiated: _, ...peer } = livePeerOf(name, { state: "Active", timesEstablished: 0, failures: 3 });
  return { ...peer, lastEnd: { at: "2025-12-31T23:59:58.000Z", ...lastEnd } };
}
