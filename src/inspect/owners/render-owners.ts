import { formatIssue } from "../../config/issues.ts";
import type { Page } from "../render/page.ts";
import { document, type Section, sentence, table } from "../render/sections.ts";
import { wrap } from "../render/text-table.ts";
import { printable, where } from "../render/words.ts";
import type { OwnedAddress, OwnersReport } from "./owners-report.ts";

/** Services of one address that are named; `-o json` has all of them. */
const MOST_NAMED = 2;

/** The report for people: one line for each address and owner. */
export function renderOwners({ summary, addresses, leftOver, issues, notes }: OwnersReport, page: Page): string {
  const sections: readonly Section[] = [
    ["Addresses", table(["ADDRESS", "SERVICE", "NODE", "INTERFACES", "PROBLEM"], addresses.flatMap(rows), page)],
    [
      "Left over",
      table(
        ["SERVICE", "NODE"],
        leftOver.map(({ service, node }) => [service, node]),
        page,
      ),
    ],
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

function rows({ address, services, owners, problems }: OwnedAddress): readonly (readonly string[])[] {
  const more = services.length > MOST_NAMED ? ` and ${services.length - MOST_NAMED} more` : "";
  const names = services.slice(0, MOST_NAMED).join(", ") + more;
  const why = problems.map(({ explanation, code }) => `${explanation} (${code})`).join("; ");
  const [first, ...others] = owners.map(({ node, interfaces }) => [node, where(interfaces)]);
  const [node = "", interfaces = ""] = first ?? ["nobody"];
  return [[address, names, node, interfaces, why], ...others.map((other) => ["", "", ...other, ""])];
}
