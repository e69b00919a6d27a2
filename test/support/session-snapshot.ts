import type { SessionSnapshot } from "../../src/bgp/session/session-record.ts";
import { millis } from "../../src/lib/duration.ts";

const NO_MESSAGES = { open: 0, update: 0, notification: 0, keepalive: 0, "route-refresh": 0 };

/** What a session that has only just begun says of itself, with changes. */
export function sessionSnapshot(changes: Partial<SessionSnapshot> = {}): SessionSnapshot {
  return {
    state: "Idle",
    since: millis(0),
    lastEnd: undefined,
    retryAt: undefined,
    endpoints: undefined,
    negotiated: undefined,
    leftOut: [],
    sent: NO_MESSAGES,
    received: NO_MESSAGES,
    prefixesReceived: { IPv4: 0, IPv6: 0 },
    endOfRibReceived: [],
    connectRetryCounter: 0,
    timesEstablished: 0,
    ends: new Map(),
    entered: { Idle: 0, Connect: 0, Active: 0, OpenSent: 0, OpenConfirm: 0, Established: 0 },
    transitions: [],
    ...changes,
  };
}
