import type { UnsentReason } from "../../bgp/rib/renderer.ts";
import type { EndCode } from "../../bgp/session/reason.ts";
import { FAMILIES, type Family } from "../../ip/family.ts";
import type { LivePeer } from "../../speaker/bgp/live-bgp.ts";
import type { Reason } from "../explain/service-explanation.ts";
import { counted } from "../render/words.ts";
import { otherSession } from "./other-session.ts";

/** What keeps a peer from having all routes that it is meant to have; `down`: there is no session. */
export interface SessionProblem extends Reason {
  readonly code: "down" | UnsentReason;
}

const LOOK = "look into the router's log";

/** What to do about a session that ended so; "" when it comes back by itself. */
const FIXES: Readonly<Record<EndCode, string>> = {
  "admin-shutdown": "",
  deconfigured: "",
  "admin-reset": "",
  "config-changed": "",
  "bfd-down": "see whether packets pass between node and router",
  "connect-failed":
    "see whether the router listens for this node at this address and port, and whether a filter refuses it",
  "connect-timeout": "see whether packets pass both ways, and whether both sides have the same TCP MD5 password",
  "connection-lost": `${LOOK}; it may have no neighbor with this node's address`,
  collision: "",
  replaced: "",
  "hold-timer-expired": "see whether the router is alive, and whether large packets pass",
  "send-hold-timer-expired": "see whether the router is overloaded",
  "header-error": LOOK,
  "open-error": "let AS numbers, BGP identifiers and hold times of BGPPeer and router agree",
  "update-error": LOOK,
  "refresh-error": LOOK,
  "unexpected-message": LOOK,
  "too-many-prefixes": "let the router announce less to the node, or raise maximumPrefixes of the BGPPeer",
  "peer-notified": `${LOOK}, and let BGPPeer and router agree`,
};

/** Why there is no session; undefined: there is one. */
export function downProblem({ state, lastEnd, passive }: LivePeer): SessionProblem | undefined {
  if (state === "Established") return undefined;
  if (lastEnd !== undefined)
    return { code: "down", explanation: `no session: ${lastEnd.reason} (${lastEnd.code})`, fix: FIXES[lastEnd.code] };
  const explanation = passive ? "no session: the peer has not connected yet" : "no session yet";
  return { code: "down", explanation, fix: passive ? "let the router connect to this node" : "" };
}

/** Why routes of a family are not sent in a session. */
export function unsentProblem(reason: UnsentReason, family: Family, peer: LivePeer): SessionProblem {
  switch (reason) {
    case "familyNotNegotiated":
      return peer.negotiated?.missingFamilies.includes(family) === true
        ? {
            code: reason,
            explanation: `the peer wants no ${family} routes`,
            fix: `activate ${family} unicast for this neighbor on the router`,
          }
        : {
            code: reason,
            explanation: `the session is not for ${family} routes`,
            fix: `set dualStackAddressFamily of the BGPPeer, or add one with an ${family} address`,
          };
    case "noNextHop":
      return {
        code: reason,
        explanation: `the node has no ${family} address towards the peer that could be the next hop`,
        fix: `give the interface of the session an ${family} address`,
      };
    case "tooManyCommunities":
      return {
        code: reason,
        explanation: "a route has more communities than fit into a message",
        fix: "remove communities from BGPAdvertisements",
      };
  }
}

/** `peers`: all of the node. What another session with the same router carries is no problem of this one. */
export function sessionProblems(peer: LivePeer, peers: readonly LivePeer[]): readonly SessionProblem[] {
  const down = downProblem(peer);
  if (down !== undefined) return [down];
  return FAMILIES.filter((family) => otherSession(family, peer, peers) === undefined).flatMap((family) =>
    Object.entries(peer.prefixes[family].unsent).map(([reason, count]) => {
      const problem = unsentProblem(reason as UnsentReason, family, peer);
      return { ...problem, explanation: `${counted(count, "route")} not sent: ${problem.explanation}` };
    }),
  );
}
