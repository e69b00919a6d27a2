import type { Page } from "../render/page.ts";
import type { PoolUse } from "../cluster/pool-use.ts";
import { addressUse } from "../render/address-use.ts";
import { document, type Section, sentence, table } from "../render/sections.ts";
import { wrap } from "../render/text-table.ts";
import { counted, printable } from "../render/words.ts";
import type { PlacedAddress, PlanIssue, PlanReport, ServiceChange } from "./plan-report.ts";

/** Services that are listed of each sort; `-o json` has all of them. */
const MOST_LISTED = 50;

const WORDS = {
  lose: "loses",
  move: "moves",
  repool: "other pool",
  gain: "gains",
} as const satisfies Readonly<Record<ServiceChange["change"], string>>;

/** The plan for people: the answer first, then what it is made of. */
export function renderPlan(report: PlanReport, page: Page): string {
  const { paint, width } = page;
  const color = !report.valid ? paint.red : report.disruptive ? paint.yellow : paint.green;
  const sections: readonly Section[] = [
    ["Errors and warnings", report.issues.map((issue) => issueLine(issue, page))],
    [
      "Objects",
      table(
        ["CHANGE", "OBJECT"],
        report.objects.map(({ change, object }) => [change, object]),
        page,
      ),
    ],
    ["Services", serviceLines(report.services, page)],
    ["Pools, addresses in use", poolLines(report, page)],
    ["Notes", report.notes.flatMap((note) => sentence(note, page))],
  ];
  const answer = wrap(printable(`${report.summary}.`), width).map((line) => color(line));
  return document(answer, sections, page);
}

function issueLine({ severity, path, line, object, field, message, fix, isNew }: PlanIssue, { paint }: Page): string {
  const color = severity === "error" ? paint.red : paint.yellow;
  const place = path === "" ? "in the cluster" : `${path}:${line}`;
  const said = [object, field, `${message}; ${fix}`].filter((part) => part !== "").join(": ");
  return `${printable(place)}: ${color(severity)}${isNew ? "" : " (not new)"}: ${printable(said)}`;
}

function serviceLines(services: readonly ServiceChange[], page: Page): readonly string[] {
  const sorts = ["lose", "move", "repool", "gain"] as const;
  const rows = sorts.flatMap((sort) => {
    const all = services.filter(({ change }) => change === sort);
    const listed = all.slice(0, MOST_LISTED).map(serviceRow);
    return all.length <= MOST_LISTED
      ? listed
      : [...listed, [WORDS[sort], counted(all.length - MOST_LISTED, "more", "more")]];
  });
  return table(["CHANGE", "SERVICE", "FROM", "TO", "WHY"], rows, page);
}

function serviceRow({ service, change, from, to, why }: ServiceChange): readonly string[] {
  return [WORDS[change], service, placed(from), placed(to), because(why)];
}

/** All reasons, and what mends the last: that is why nothing takes the place of what is gone. */
function because(why: ServiceChange["why"]): string {
  const last = why.at(-1);
  return last === undefined ? "" : `${why.map(({ explanation }) => explanation).join(", and ")}; ${last.fix}`;
}

/** `10.0.0.1 (gold)`, `10.0.0.1, fd00::1 (gold)` */
function placed(addresses: readonly PlacedAddress[]): string {
  if (addresses.length === 0) return "none";
  const pools = [...new Set(addresses.map(({ pool }) => pool))].join(", ");
  return `${addresses.map(({ address }) => address).join(", ")} (${pools})`;
}

function poolLines({ pools }: PlanReport, page: Page): readonly string[] {
  const rows = pools.map(({ pool, before, after }) => [pool, use(before, "not there"), use(after, "gone")]);
  return table(["POOL", "BEFORE", "AFTER"], rows, page);
}

function use(fill: PoolUse | undefined, absent: string): string {
  return fill === undefined ? absent : addressUse(fill);
}
