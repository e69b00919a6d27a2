import type { UnsentReason } from "../../bgp/rib/renderer.ts";
import { familyOf } from "../../ip/address.ts";
import { formatPrefix, type IpPrefix } from "../../ip/prefix.ts";
import type { LivePeer, LiveRoute } from "../../speaker/bgp/live-bgp.ts";
import type { Reason } from "../explain/service-explanation.ts";
import { isRead, type LiveView } from "../live/live-view.ts";
import { otherSession } from "./other-session.ts";
import { downProblem, unsentProblem } from "./session-problems.ts";

/**
 * What became of the routes that a peer is meant to get from a node. `sent`: it has all that its session is for, and
 * another session with the same router is for the others. `noSession`: the speaker
 * doesn't know the peer. `down`: there is no session. `waiting`: they are about to be sent. `notMeant`: the speaker
 * doesn't mean the peer to have some of them. Else the speaker's reason why some can't be sent.
 */
export interface SessionAnswer extends Reason {
  readonly peer: string;
  readonly code: "sent" | "noSession" | "down" | "waiting" | "notMeant" | UnsentReason;
  /** Prefixes that the peer has of those that it is meant to get. */
  readonly sent: readonly string[];
}

/** The peers that each node's speaker knows, with the routes that were asked for; undefined: that is not known. */
export type LivePeersOf = (node: string) => ReadonlyMap<string, LivePeer> | undefined;

export function livePeersIn(view: LiveView | undefined): LivePeersOf {
  const read = (view ?? []).filter(isRead).flatMap(({ node, bgp }) => {
    return bgp === undefined ? [] : [[node, new Map(bgp.peers.map((peer) => [peer.name, peer]))] as const];
  });
  const byNode = new Map(read);
  return (node) => byNode.get(node);
}

/** Holds what a peer is meant to get against what its node's speaker says of it. `peers`: all of the node. */
export function sessionAnswer(
  name: string,
  meant: readonly IpPrefix[],
  peers: ReadonlyMap<string, LivePeer>,
): SessionAnswer {
  const peer = peers.get(name);
  if (peer === undefined) {
    const fix = "see whether its ConfigurationState refuses the configuration";
    return { peer: name, code: "noSession", explanation: "its speaker doesn't know this peer", fix, sent: [] };
  }
  const routes = new Map(peer.routes?.map((route) => [route.prefix, route]));
  const sent = meant.map(formatPrefix).filter((prefix) => routes.get(prefix)?.state === "told");
  const down = downProblem(peer);
  if (down !== undefined) return { peer: name, ...down, sent: [] };
  const elsewhere = new Set<string>();
  for (const prefix of meant) {
    const why = whyNotSent(prefix, routes.get(formatPrefix(prefix)), peer);
    const family = familyOf(prefix.address);
    const other = why?.code === "familyNotNegotiated" ? otherSession(family, peer, peers.values()) : undefined;
    if (other !== undefined) elsewhere.add(`${other.name} is for ${family}`);
    else if (why !== undefined) return { peer: name, ...why, sent };
  }
  const has = [sent.length === 0 ? "has none" : `has ${sent.join(" and ")}`, ...elsewhere];
  return { peer: name, code: "sent", explanation: has.join("; "), fix: "", sent };
}

function whyNotSent(
  prefix: IpPrefix,
  route: LiveRoute | undefined,
  peer: LivePeer,
): Omit<SessionAnswer, "peer" | "sent"> | undefined {
  if (route?.state === "told") return undefined;
  const text = formatPrefix(prefix);
  if (route?.unsent !== undefined) {
    const { code, explanation, fix } = unsentProblem(route.unsent, familyOf(prefix.address), peer);
    return { code, explanation: `${text} is not sent: ${explanation}`, fix };
  }
  if (route?.state === "waiting") return { code: "waiting", explanation: `${text} is about to be sent`, fix: "" };
  return {
    code: "notMeant",
    explanation: `its speaker doesn't mean it to have ${text}`,
    fix: "see whether it can read what it decides from: its log and its ConfigurationState",
  };
}
