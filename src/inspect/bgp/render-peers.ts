import { FAMILIES, type Family } from "../../ip/family.ts";
import { speakerLines } from "../live/speaker-reports.ts";
import type { Page } from "../render/page.ts";
import { document, type Section, sentence, table } from "../render/sections.ts";
import { wrap } from "../render/text-table.ts";
import { formatSpan, printable } from "../render/words.ts";
import type { SessionReport, SessionsReport } from "./sessions-report.ts";

const HEAD = [
  "NODE",
  "PEER",
  "REMOTE",
  "AS",
  "STATE",
  "FOR",
  ...FAMILIES.map((family) => family.toUpperCase()),
  "PROBLEM",
];

/** One line for each session; under a family, how many routes of those that it is meant to have the peer has. */
export function renderPeers(report: SessionsReport, page: Page): string {
  return sessionsDocument(report, [["Sessions", table(HEAD, report.sessions.map(row), page)]], page);
}

/** The answer, what is shown of the sessions, and what could not be known. */
export function sessionsDocument(
  { summary, sessions, speakers, notes }: SessionsReport,
  shown: readonly Section[],
  page: Page,
): string {
  const isFine = sessions.every(({ problems }) => problems.length === 0);
  const color = isFine ? page.paint.green : page.paint.yellow;
  const sections: readonly Section[] = [
    ...shown,
    ["Speakers", speakerLines(speakers, page)],
    ["Notes", notes.flatMap((text) => sentence(text, page))],
  ];
  return document(
    wrap(printable(`${summary}.`), page.width).map((line) => color(line)),
    sections,
    page,
  );
}

function row(session: SessionReport): readonly string[] {
  const { node, name, remote, state, sinceSeconds, problems } = session;
  const counts = FAMILIES.map((family) => prefixCount(session, family));
  return [
    node,
    name,
    remote,
    asnText(session),
    state,
    formatSpan(sinceSeconds),
    ...counts,
    problems.map(problemText).join("; "),
  ];
}

export function problemText({ explanation, fix }: SessionReport["problems"][number]): string {
  return fix === "" ? explanation : `${explanation}; ${fix}`;
}

function asnText({ negotiated, remoteAs }: SessionReport): string {
  return negotiated === undefined ? remoteAs.replace(/^AS /, "") : String(negotiated.peerAsn);
}

/** `3/3`; nothing of a family that the session is not for, unless it should be. */
function prefixCount({ prefixes, negotiated, problems }: SessionReport, family: Family): string {
  const { wanted, told } = prefixes[family];
  const isOfSession = negotiated?.families.includes(family) === true;
  return isOfSession || (wanted > 0 && problems.length > 0) ? `${told}/${wanted}` : "";
}
