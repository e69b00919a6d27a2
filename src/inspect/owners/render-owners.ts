import { formatIssue } from "../../config/issues.ts";
import type { Page } from "../render/page.ts";
import { document, type Section, sentence, table } from "../render/sections.ts";
import { wrap } from "../render/text-table.ts";
import { macsOf } from "../live/live-problems.ts";
import { speakerLines } from "../live/speaker-reports.ts";
import { formatAgo, printable, where } from "../render/words.ts";
import type { OwnedAddress, OwnersReport } from "./owners-report.ts";

/** Services of one address that are named; `-o json` has all of them. */
const MOST_NAMED = 2;

const HEAD = ["ADDRESS", "SERVICE", "NODE", "INTERFACES", "MAC", "ANSWERED", "PROBLEM"];

/** The report for people: one line for each address and owner. */
export function renderOwners(report: OwnersReport, page: Page): string {
  const { summary, addresses, leftOver, speakers = [], issues, notes } = report;
  const sections: readonly Section[] = [
    ["Addresses", table(HEAD, addresses.flatMap(rows), page)],
    [
      "Left over",
      table(
        ["SERVICE", "NODE"],
        leftOver.map(({ service, node }) => [service, node]),
        page,
      ),
    ],
    ["Speakers", speakerLines(speakers, page)],
    ["Refused by speakers", issues.flatMap((issue) => sentence(formatIssue(issue), page))],
    ["Notes", notes.flatMap((text) => sentence(text, page))],
  ];
  const isFine = addresses.every(({ problems }) => problems.length === 0);
  const color = isFine ? page.paint.green : page.paint.yellow;
  return document(
    wrap(printable(`${summary}.`), page.width).map((line) => color(line)),
    sections,
    page,
  );
}

function rows(owned: OwnedAddress): readonly (readonly string[])[] {
  const { address, services, problems } = owned;
  const more = services.length > MOST_NAMED ? ` and ${services.length - MOST_NAMED} more` : "";
  const names = services.slice(0, MOST_NAMED).join(", ") + more;
  const why = problems.map(({ explanation, code }) => `${explanation} (${code})`).join("; ");
  const [first = NOBODY, ...others] = nodesOf(owned);
  return [[address, names, ...first, why], ...others.map((other) => ["", "", ...other, ""])];
}

const NOBODY = ["nobody", "", "", ""];

/** Whoever says that it announces the address, and whoever answers for it: with what is known of how it does. */
function nodesOf({ owners, answers = [] }: OwnedAddress): readonly (readonly string[])[] {
  const said = new Map(owners.map(({ node, interfaces }) => [node, interfaces]));
  const seen = new Map(answers.map((answer) => [answer.node, answer]));
  const nodes = [...new Set([...said.keys(), ...seen.keys()])].sort();
  return nodes.map((node) => {
    const { interfaces = [], lastAnswered } = seen.get(node) ?? {};
    const on = interfaces.length > 0 ? interfaces.map(({ name }) => name) : (said.get(node) ?? []);
    return [node, where(on), macsOf(interfaces).join(", "), lastAnswered ? formatAgo(lastAnswered.secondsAgo) : ""];
  });
}
