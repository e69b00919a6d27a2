import { toHex } from "../bytes/hex.ts";
import { assertNever } from "../lib/exhaustive.ts";
import { type AfiSafi, unicastFamily } from "./address-family.ts";
import type { Capability, GracefulRestart } from "./message.ts";

/** IANA "Capability Codes" that we have no use for; 128 and up are names of habit. */
const NAMES: Readonly<Record<number, string>> = {
  3: "outbound route filtering",
  7: "BGPsec",
  8: "multiple labels",
  9: "BGP role",
  67: "dynamic capability",
  68: "multisession",
  69: "ADD-PATH",
  71: "long-lived graceful restart",
  73: "FQDN",
  74: "BFD strict mode",
  75: "software version",
  128: "route refresh of old",
  130: "outbound route filtering of old",
  131: "multisession of old",
};

/** How many bytes of a capability that we don't know are shown. */
const SHOWN_BYTES = 32;

/** A capability in words, for the log and the state: what a peer offers, known to us or not. */
export function describeCapability(capability: Capability): string {
  switch (capability.is) {
    case "multiprotocol":
      return describeTable(capability);
    case "route-refresh":
      return "route refresh";
    case "enhanced-route-refresh":
      return "enhanced route refresh";
    case "extended-message":
      return "extended messages";
    case "four-octet-as":
      return `AS ${capability.asn} in four bytes`;
    case "extended-next-hop":
      return `next hops ${capability.entries.map((entry) => `of AFI ${entry.nextHopAfi} for ${describeTable(entry)}`).join(", ")}`;
    case "graceful-restart":
      return describeRestart(capability);
    case "unknown":
      return describeUnknown(capability.code, capability.value);
    default:
      return assertNever(capability);
  }
}

function describeTable(table: AfiSafi): string {
  const family = unicastFamily(table);
  return family === undefined ? `AFI ${table.afi} SAFI ${table.safi}` : `${family} unicast`;
}

function describeRestart({ time, restarting, notification, families }: GracefulRestart): string {
  const kept = families.map((table) => describeTable(table) + (table.forwarding ? " (kept forwarding)" : ""));
  const parts = [`graceful restart within ${time} s`, ...kept];
  if (notification) parts.push("over notifications");
  if (restarting) parts.push("has restarted");
  return parts.join(", ");
}

function describeUnknown(code: number, value: Uint8Array): string {
  const shown = toHex(value.subarray(0, SHOWN_BYTES)) + (value.length > SHOWN_BYTES ? "…" : "");
  const name = NAMES[code];
  const head = name === undefined ? `capability ${code}` : `${name} (capability ${code})`;
  return shown === "" ? head : `${head} ${shown}`;
}
