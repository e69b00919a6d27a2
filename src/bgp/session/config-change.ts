import type { SessionConfig, TransportConfig } from "./config.ts";
import { satisfiesRemoteAs } from "./config.ts";
import type { Negotiated } from "./negotiate.ts";
import { negotiatedHoldTime } from "./timing.ts";

/**
 * What another value of a field asks of a session that stands. `reset`: the peer knows the old value from our OPEN, or the
 * connection was made with it. `nothing`: from now on the new value counts. A function: a reset, if it says so.
 */
type Effect = "reset" | "nothing" | ((after: SessionConfig, negotiated: Negotiated) => boolean);

/** The table of docs/bgp.md. */
const EFFECTS: Readonly<Record<Exclude<keyof SessionConfig, "transport">, Effect>> = {
  localAsn: "reset",
  // Written another way, the AS may still be the one that the peer is in.
  remoteAs: (after, { peerAsn }) => !satisfiesRemoteAs(after.remoteAs, peerAsn, after.localAsn),
  routerId: "reset",
  families: "reset",
  extendedNextHop: "reset",
  // The peer's own hold time may have been the smaller one, and still be.
  holdTime: (after, { holdTime, peerHoldTime }) => negotiatedHoldTime(after.holdTime, peerHoldTime) !== holdTime,
  keepaliveTime: "nothing",
  connectTime: "nothing",
  passive: "nothing",
  delayOpenTime: "nothing",
  maxPrefixes: "nothing",
  gracefulRestart: "reset",
};

const TRANSPORT_EFFECTS: Readonly<Record<keyof TransportConfig, "reset">> = {
  remote: "reset",
  zone: "reset",
  port: "reset",
  source: "reset",
  vrf: "reset",
  multiHop: "reset",
  ttlSecurity: "reset",
  keyVersion: "reset",
};

/** Names of the fields whose change needs a reset; `negotiated` is undefined while the session isn't Established. */
export function fieldsThatReset(
  before: SessionConfig,
  after: SessionConfig,
  negotiated: Negotiated | undefined,
): readonly string[] {
  const fields = keysOf(EFFECTS).filter((field) => {
    const effect = EFFECTS[field];
    if (effect === "nothing" || isSame(before[field], after[field])) return false;
    // Nothing is lost with a session that doesn't stand, and the next attempt may be the first to succeed.
    return effect === "reset" || negotiated === undefined || effect(after, negotiated);
  });
  const transport = keysOf(TRANSPORT_EFFECTS).filter((field) => before.transport[field] !== after.transport[field]);
  return [...fields, ...transport];
}

function keysOf<T extends object>(table: T): readonly (keyof T & string)[] {
  return Object.keys(table) as (keyof T & string)[];
}

/** Fields are numbers, texts, or small objects and lists of them. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) =>
    isSame((one as Readonly<Record<string, unknown>>)[key], (other as Readonly<Record<string, unknown>>)[key]),
  );
}
