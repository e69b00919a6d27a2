import type { LivePeer } from "../../speaker/bgp/live-bgp.ts";
import { ago } from "../live/address-answers.ts";
import { isRead, type LiveView, type ReadSpeaker } from "../live/live-view.ts";
import { type SpeakerReport, speakerReports } from "../live/speaker-reports.ts";
import { counted } from "../render/words.ts";
import { type SessionProblem, sessionProblems } from "./session-problems.ts";

/** The BGP sessions of a cluster as its speakers tell. `-o json` prints it as it is: fields are added, never renamed. */
export interface SessionsReport {
  /** The answer in one sentence. */
  readonly summary: string;
  /** By node, then by peer. */
  readonly sessions: readonly SessionReport[];
  /** The speakers, and whether they could be asked. */
  readonly speakers: readonly SpeakerReport[];
  /** What looks odd. */
  readonly notes: readonly string[];
}

export interface SessionReport extends LivePeer {
  readonly node: string;
  /** Since it came to its state, by the speaker's clock. */
  readonly sinceSeconds: number;
  readonly lastEnd?: NonNullable<LivePeer["lastEnd"]> & { readonly secondsAgo: number };
  readonly problems: readonly SessionProblem[];
}

/** `peer`: the only one that was asked about. */
export function sessionsReport(view: LiveView, peer?: string): SessionsReport {
  const sessions = view.filter(isRead).flatMap(sessionsOf).sort(byPlace);
  const silent = view.filter(isRead).filter(({ bgp }) => bgp === undefined);
  const notes = silent.map(({ pod }) => `${pod} says nothing of BGP: it is of an older version`);
  return { summary: summarize(sessions, peer), sessions, speakers: speakerReports(view), notes: notes.sort() };
}

function sessionsOf({ node, now, bgp }: ReadSpeaker): readonly SessionReport[] {
  const peers = bgp?.peers ?? [];
  return peers.map((peer) => {
    const { lastEnd, ...rest } = peer;
    return {
      node,
      ...rest,
      sinceSeconds: ago(peer.since, now).secondsAgo,
      ...(lastEnd === undefined ? {} : { lastEnd: { ...lastEnd, ...ago(lastEnd.at, now) } }),
      problems: sessionProblems(peer, peers),
    };
  });
}

function byPlace(a: SessionReport, b: SessionReport): number {
  if (a.node !== b.node) return a.node < b.node ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}

function summarize(sessions: readonly SessionReport[], peer: string | undefined): string {
  if (peer !== undefined && sessions.length === 0)
    return `no speaker that was asked has a session with BGPPeer ${peer}: see metallb bgp peers for those that there are`;
  const up = sessions.filter(({ state }) => state === "Established");
  const short = up.filter(({ problems }) => problems.length > 0).length;
  const parts = [`${up.length.toLocaleString("en")} established`];
  if (up.length < sessions.length) parts.push(`${(sessions.length - up.length).toLocaleString("en")} down`);
  if (short > 0) parts.push(`${short.toLocaleString("en")} without some routes`);
  return `${counted(sessions.length, "BGP session")}: ${parts.join(", ")}`;
}
