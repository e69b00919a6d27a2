import type { LiveBgp } from "../../speaker/bgp/live-bgp.ts";
import type { LiveAddress, LiveMembership } from "../../speaker/live-state.ts";

/** What the speakers said when they were asked themselves. */
export type LiveView = readonly AskedSpeaker[];

export type AskedSpeaker = ReadSpeaker | UnreadSpeaker;

/** A speaker that answered. */
export interface ReadSpeaker {
  readonly node: string;
  readonly pod: string;
  /** Its clock when it answered, in wall-clock milliseconds. Its other times are to be compared with this one. */
  readonly now: number;
  /** What is missing before it can do its work; absent: it is ready. */
  readonly waitingFor?: string;
  /** Absent without membership. */
  readonly membership?: LiveMembership;
  readonly addresses: readonly LiveAddress[];
  /** Absent when it has no BGP, or is of a version before that was shown. */
  readonly bgp?: LiveBgp;
  /** Not all of its addresses, or routes, were read, and why. */
  readonly partial?: UnreadReason;
}

interface UnreadSpeaker {
  readonly node: string;
  readonly pod: string;
  readonly unread: UnreadReason;
}

/**
 * Why a speaker's state is not known:
 * - `noPort`: it serves no metrics
 * - `tokenForbidden`, `noToken`: no token could be had to show to it
 * - `proxyForbidden`: we may not ask Pods through the API server
 * - `podGone`: the Pod is not there any more
 * - `unreachable`: the API server can't reach it, or we can't reach the API server
 * - `notAllowed`: it doesn't let us read
 * - `notReviewed`: it can't find out whether we may read
 * - `noState`: it is MetalLB's own, or of a version before there was a state
 * - `badAnswer`: what it says is not understood
 */
export type UnreadCode =
  | "noPort"
  | "tokenForbidden"
  | "noToken"
  | "proxyForbidden"
  | "podGone"
  | "unreachable"
  | "notAllowed"
  | "notReviewed"
  | "noState"
  | "badAnswer";

export interface UnreadReason {
  readonly code: UnreadCode;
  readonly explanation: string;
  /** What to do about it; "" when there is nothing. */
  readonly fix: string;
}

export function isRead(speaker: AskedSpeaker): speaker is ReadSpeaker {
  return !("unread" in speaker);
}

/**
 * Nodes that are alive for those speakers that are sure of themselves: one that is cut off takes the others for dead.
 * `all` when the speakers run without membership; undefined when nobody knows.
 */
export function aliveNodes(view: LiveView): ReadonlySet<string> | "all" | undefined {
  const read = view.filter(isRead);
  if (read.length > 0 && read.every(({ membership }) => membership === undefined)) return "all";
  const sure = read.flatMap(({ membership }) => (membership?.standing.kind === "sure" ? membership : []));
  return sure.length === 0 ? undefined : new Set(sure.flatMap(({ members }) => members.map(({ node }) => node)));
}
