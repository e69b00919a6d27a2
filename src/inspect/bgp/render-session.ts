import { FAMILIES } from "../../ip/family.ts";
import type { LiveMessages, LiveNegotiated } from "../../speaker/bgp/live-bgp.ts";
import type { Page } from "../render/page.ts";
import { type Section, sentence, table } from "../render/sections.ts";
import { formatAgo, formatSpan } from "../render/words.ts";
import { problemText, sessionsDocument } from "./render-peers.ts";
import type { SessionReport, SessionsReport } from "./sessions-report.ts";

/** All that is known of the sessions, a section for each. */
export function renderSessions(report: SessionsReport, page: Page): string {
  const sections = report.sessions.map((session): Section => [
    `${session.name} on ${session.node}`,
    sessionLines(session, page),
  ]);
  return sessionsDocument(report, sections, page);
}

function sessionLines(session: SessionReport, page: Page): readonly string[] {
  const { problems, negotiated, transitions } = session;
  const yellow = problems.flatMap((problem) => sentence(problemText(problem), page)).map(page.paint.yellow);
  const changes = transitions
    .toReversed()
    .map(({ at, from, to, reason = "" }) => [at, `${from} to ${to}`, reason] as const);
  return [
    ...stateTexts(session).flatMap((text) => sentence(text, page)),
    ...yellow,
    ...(negotiated === undefined ? [] : agreedTexts(negotiated)).flatMap((text) => sentence(text, page)),
    ...table(["ROUTES", "MEANT", "SENT", "RECEIVED"], routeRows(session), page),
    ...table(["MESSAGES", "SENT", "RECEIVED"], messageRows(session.sent, session.received), page),
    ...table(["LAST CHANGES", "STATE", "WHY"], changes, page),
  ];
}

function stateTexts(session: SessionReport): readonly string[] {
  const { state, sinceSeconds, remote, local, vrf, passive, localAsn, remoteAs, routerId } = session;
  const { timesEstablished, failures, lastEnd, leftOut } = session;
  const ends = local === undefined ? `with ${remote}` : `from ${local} to ${remote}`;
  return [
    `${state} for ${formatSpan(sinceSeconds)}, ${ends}${vrf === undefined ? "" : ` in VRF ${vrf}`}`,
    `our AS ${localAsn}, BGP identifier ${routerId}; the peer is to be in ${remoteAs}${passive ? "; the peer connects" : ""}`,
    `established ${times(timesEstablished)}; failed ${times(failures)} since it was last started`,
    ...(lastEnd === undefined
      ? []
      : [`last end ${formatAgo(lastEnd.secondsAgo)}: ${lastEnd.reason} (${lastEnd.code})`]),
    ...(leftOut.length === 0
      ? []
      : [`not offered any more, since the peer refused it: capability ${leftOut.join(", ")}`]),
  ];
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function agreedTexts(negotiated: LiveNegotiated): readonly string[] {
  const { peerAsn, peerRouterId, internal, holdSeconds, keepaliveSeconds, families, capabilities } = negotiated;
  const on = [
    ["four-octet AS numbers", negotiated.fourOctetAs],
    ["extended messages", negotiated.extendedMessages],
    ["route refresh", negotiated.routeRefresh],
    ["enhanced route refresh", negotiated.enhancedRefresh],
    [
      `next hops of the other family for ${negotiated.extendedNextHop.join(", ")}`,
      negotiated.extendedNextHop.length > 0,
    ],
  ] as const;
  const names = on.filter(([, is]) => is).map(([name]) => name);
  const timers =
    holdSeconds === 0 ? "never expires" : `hold time ${holdSeconds} s, keepalives each ${keepaliveSeconds} s`;
  return [
    `the peer is in AS ${peerAsn} (${internal ? "internal" : "external"}), BGP identifier ${peerRouterId}`,
    `agreed: routes of ${families.length === 0 ? "no family" : families.join(" and ")}; ${timers}`,
    ...(names.length === 0 ? [] : [`agreed: ${names.join(", ")}`]),
    ...(capabilities.length === 0 ? [] : [`the peer offers: ${capabilities.join("; ")}`]),
  ];
}

function routeRows({ prefixes, prefixesReceived }: SessionReport): readonly (readonly string[])[] {
  return FAMILIES.map((family) => {
    const { wanted, told } = prefixes[family];
    return [family, ...[wanted, told, prefixesReceived[family]].map(String)];
  });
}

function messageRows(sent: LiveMessages, received: LiveMessages): readonly (readonly string[])[] {
  const types = Object.keys(sent) as (keyof LiveMessages)[];
  return types.map((type) => [type, String(sent[type]), String(received[type])]);
}
