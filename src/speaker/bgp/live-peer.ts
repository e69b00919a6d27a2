import { describeCapability } from "../../bgp/capability-text.ts";
import { describeRemoteAs } from "../../bgp/session/config.ts";
import type { Negotiated } from "../../bgp/session/negotiate.ts";
import type { EndReason } from "../../bgp/session/reason.ts";
import type { Transition } from "../../bgp/session/session-record.ts";
import type { Millis } from "../../lib/duration.ts";
import type { LiveEnd, LiveNegotiated, LivePeer, LiveTransition } from "./live-bgp.ts";
import type { PeerReport } from "./peer-manager.ts";
import { formatStreamAddress } from "./stream-text.ts";

/** Makes a time of people's clocks, RFC 3339, from one of sessions, which are monotonic. */
export type TimeText = (at: Millis) => string;

/** How it is with a peer, without its routes. */
export function livePeer({ plan, session, rib }: PeerReport, time: TimeText): LivePeer {
  const { config, name, remote } = plan;
  const { endpoints, retryAt, lastEnd, negotiated } = session;
  const { localAsn, remoteAs, passive, transport } = config;
  return {
    name,
    remote: formatStreamAddress(remote),
    ...(endpoints === undefined ? {} : { local: formatStreamAddress(endpoints.local) }),
    ...(transport.vrf === undefined ? {} : { vrf: transport.vrf }),
    localAsn,
    remoteAs: describeRemoteAs(remoteAs, localAsn),
    routerId: dotted(config.routerId),
    passive,
    state: session.state,
    since: time(session.since),
    ...(retryAt === undefined ? {} : { retryAt: time(retryAt) }),
    ...(lastEnd === undefined ? {} : { lastEnd: { at: time(lastEnd.at), ...liveEnd(lastEnd.reason) } }),
    ...(negotiated === undefined ? {} : { negotiated: liveNegotiated(negotiated) }),
    leftOut: session.leftOut,
    prefixes: rib.counts(),
    prefixesReceived: session.prefixesReceived,
    sent: session.sent,
    received: session.received,
    timesEstablished: session.timesEstablished,
    failures: session.connectRetryCounter,
    transitions: session.transitions.map((transition) => liveTransition(transition, time)),
  };
}

/** NOTIFICATIONs are left out: their words are in the reason. */
function liveEnd({ code, text }: EndReason): LiveEnd {
  return { code, reason: text };
}

function liveTransition({ at, from, to, reason }: Transition, time: TimeText): LiveTransition {
  return { at: time(at), from, to, ...(reason === undefined ? {} : liveEnd(reason)) };
}

function liveNegotiated(negotiated: Negotiated): LiveNegotiated {
  const { peerAsn, peerRouterId, internal, holdTime, keepaliveTime, peerHoldTime, peerCapabilities } = negotiated;
  const { families, missingFamilies, extendedNextHop } = negotiated;
  const { fourOctetAs, extendedMessages, routeRefresh, enhancedRefresh } = negotiated;
  return {
    peerAsn,
    peerRouterId: dotted(peerRouterId),
    internal,
    holdSeconds: holdTime / 1000,
    keepaliveSeconds: keepaliveTime / 1000,
    peerHoldSeconds: peerHoldTime / 1000,
    families,
    missingFamilies,
    extendedNextHop,
    fourOctetAs,
    extendedMessages,
    routeRefresh,
    enhancedRefresh,
    capabilities: peerCapabilities.map(describeCapability),
  };
}

/** A BGP identifier as people write it. */
function dotted(routerId: number): string {
  return [24, 16, 8, 0].map((shift) => (routerId >>> shift) & 0xff).join(".");
}
