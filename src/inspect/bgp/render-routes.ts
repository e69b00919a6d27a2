import { parsePrefix } from "../../ip/prefix.ts";
import { familyOf } from "../../ip/address.ts";
import type { LiveRoute } from "../../speaker/bgp/live-bgp.ts";
import type { Page } from "../render/page.ts";
import { table } from "../render/sections.ts";
import { sessionsDocument } from "./render-peers.ts";
import { downProblem, unsentProblem } from "./session-problems.ts";
import type { SessionReport, SessionsReport } from "./sessions-report.ts";

const HEAD = ["NODE", "PEER", "PREFIX", "STATE", "NEXT HOP", "AS PATH", "PREF", "MED", "COMMUNITIES"];

/** One line for each route that a peer has or is meant to have, as it was told. */
export function renderRoutes(report: SessionsReport, page: Page): string {
  const rows = report.sessions.flatMap((session) => (session.routes ?? []).map((route) => row(session, route)));
  return sessionsDocument(report, [["Routes", table(HEAD, rows, page)]], page);
}

function row(session: SessionReport, route: LiveRoute): readonly string[] {
  const { node, name } = session;
  const { prefix, state, told } = route;
  if (told === undefined) return [node, name, prefix, state, "", "", "", "", whyNot(session, route)];
  const { nextHop, asPath, localPref, med, communities } = told;
  const numbers = [localPref, med].map((number) => (number === undefined ? "" : String(number)));
  return [node, name, prefix, state, nextHop, asPath.join(" "), ...numbers, communities.join(" ")];
}

/** In a word or two: the session's own report has the rest. */
function whyNot(session: SessionReport, { prefix, unsent }: LiveRoute): string {
  const parsed = parsePrefix(prefix);
  if (unsent !== undefined && parsed !== undefined)
    return unsentProblem(unsent, familyOf(parsed.address), session).explanation;
  return downProblem(session) === undefined ? "about to be sent" : "no session";
}
