import { formatIssue } from "../../config/issues.ts";
import { addressUse } from "../render/address-use.ts";
import type { Page } from "../render/page.ts";
import { document, type Section, sentence, table } from "../render/sections.ts";
import { capped, wrap } from "../render/text-table.ts";
import { printable } from "../render/words.ts";
import { isOtherwise, isUnsent } from "./explain-bgp.ts";
import { bgpLines, isBgpWaiting } from "./render-bgp.ts";
import { isWaiting, layer2Lines } from "./render-layer2.ts";
import { shownAsDecided } from "./summarize.ts";
import type { ExplainedPool, ServiceExplanation, SharingService } from "./service-explanation.ts";

/** Services on one address, and pools, that are listed; `-o json` has all of them. */
const MOST_LISTED = 20;
/** The latest ones are listed. */
const MOST_EVENTS = 10;

/** The explanation for people: the answer first, then what it rests on. */
export function renderExplanation(explanation: ServiceExplanation, page: Page): string {
  const sections: readonly Section[] = [
    ["Asked for", askedLines(explanation, page)],
    ["Shared with", sharedLines(explanation, page)],
    ["Can't be kept", lostLines(explanation, page)],
    ["Pools, in the order they are looked at", poolLines(explanation, page)],
    ["Configuration", configurationLines(explanation, page)],
    ["Status", statusLines(explanation, page)],
    ["Layer 2", layer2Lines(explanation.layer2, page)],
    ["BGP", bgpLines(explanation.bgp, page)],
    ["Events, latest last", eventLines(explanation, page)],
    ["Notes", explanation.notes.flatMap((text) => sentence(text, page))],
  ];
  return document(answer(explanation, page), sections, page);
}

function answer(explanation: ServiceExplanation, { paint, width }: Page): readonly string[] {
  const { summary, decision, notServed, layer2, bgp } = explanation;
  const color = paint[answerColor(explanation)];
  const refusal = decision?.refusal ?? decision?.missing;
  const reason = notServed ?? refusal;
  const lines = wrap(printable(`${summary}.`), width).map((line) => color(line));
  if (layer2 !== undefined && !isWaiting(layer2))
    lines.push(...wrap(printable(`On layer 2: ${layer2.summary}.`), width).map(paint[layer2Color(layer2)]));
  if (bgp !== undefined && !isBgpWaiting(bgp))
    lines.push(...wrap(printable(`With BGP: ${bgp.summary}.`), width).map(paint[bgpColor(bgp)]));
  if (reason === undefined) return lines;
  const code = notServed === undefined && refusal !== undefined ? `  (reason ${refusal.code})` : "";
  return [...lines, ...wrap(printable(`To mend it: ${reason.fix}.${code}`), width)];
}

function answerColor(explanation: ServiceExplanation): "red" | "yellow" | "green" {
  const { decision } = explanation;
  if (decision === undefined || decision.addresses.length === 0) return "red";
  return decision.refusal === undefined && shownAsDecided(explanation, decision) ? "green" : "yellow";
}

function layer2Color({ differences, expectedOwner }: NonNullable<ServiceExplanation["layer2"]>): "yellow" | "green" {
  return differences.length === 0 && expectedOwner !== undefined ? "green" : "yellow";
}

function bgpColor({ nodes }: NonNullable<ServiceExplanation["bgp"]>): "yellow" | "green" {
  return nodes.some(({ code }) => code === "announces") && !nodes.some(isOtherwise) && !nodes.some(isUnsent)
    ? "green"
    : "yellow";
}

function askedLines({ asked }: ServiceExplanation, page: Page): readonly string[] {
  const rows = asked.map(({ what, value, from, deprecated }) => [
    what,
    value,
    `${from}${deprecated ? " (deprecated)" : ""}`,
  ]);
  return table(["WHAT", "VALUE", "FROM"], rows, page);
}

function sharedLines({ decision }: ServiceExplanation, page: Page): readonly string[] {
  const rows = (decision?.addresses ?? []).flatMap(({ address, sharedWith }) =>
    capped(
      sharedWith.map((other) => sharingRow(address, other)),
      MOST_LISTED,
    ),
  );
  return table(["ADDRESS", "SERVICE", "KEY", "PORTS"], rows, page);
}

function sharingRow(address: string, { service, sharingKey, ports }: SharingService): readonly string[] {
  return [address, service, sharingKey, ports.join(", ")];
}

function lostLines({ decision }: ServiceExplanation, page: Page): readonly string[] {
  return table(
    ["ADDRESS", "WHY"],
    (decision?.lost ?? []).map(({ address, explanation }) => [address, explanation]),
    page,
  );
}

function poolLines({ pools }: ServiceExplanation, page: Page): readonly string[] {
  return table(["POOL", "IN USE", "RESULT", "WHY"], capped(pools.map(poolRow), MOST_LISTED), page);
}

function poolRow(pool: ExplainedPool): readonly string[] {
  const fix = pool.fix === "" ? "" : `; ${pool.fix}`;
  return [pool.pool, addressUse(pool), pool.code ?? pool.verdict, pool.explanation + fix];
}

function configurationLines({ configuration }: ServiceExplanation, page: Page): readonly string[] {
  const { issues, reported } = configuration;
  const bad = reported.filter(({ result }) => result === "Invalid");
  return [
    ...issues.map(formatIssue),
    ...bad.map(({ name, result, errorSummary }) => `${name} reports ${result}: ${errorSummary}`),
  ].flatMap((text) => sentence(text, page));
}

function statusLines({ shown, differences, controller, served }: ServiceExplanation, page: Page): readonly string[] {
  const { addresses, pool, condition } = shown;
  const from = pool === undefined ? "" : ` from pool ${pool}`;
  const lines = [addresses.length === 0 ? "shows no address" : `shows ${addresses.join(" and ")}${from}`];
  if (condition !== undefined) {
    const { status, reason, message, lastTransitionTime } = condition;
    lines.push(`condition Allocated is ${status} since ${lastTransitionTime}: ${reason}: ${message}`);
  }
  if (served && differences.length === 0) lines.push("this is what the controller would decide now");
  if (differences.length === 0 && controller.state === "stopped") lines.push(`but ${controller.explanation}`);
  return [
    ...lines.flatMap((text) => sentence(text, page)),
    ...differenceLines(differences, controller).flatMap((text) => sentence(text, page).map(page.paint.yellow)),
  ];
}

/** What isn't as decided, and who would have to do something about it. */
function differenceLines(
  differences: readonly string[],
  { state, explanation }: ServiceExplanation["controller"],
): readonly string[] {
  if (differences.length === 0) return [];
  const who = {
    leading: `${explanation} and may be about to write; if this stays, look into its log`,
    stopped: explanation,
    unknown: `${explanation}; if this stays, see whether the controller runs`,
  };
  return [...differences.map((difference) => `differs: ${difference}`), who[state]];
}

function eventLines({ events }: ServiceExplanation, page: Page): readonly string[] {
  const rows = events
    .slice(-MOST_EVENTS)
    .map(({ lastSeen, type, reason, count, message }) => [
      lastSeen,
      type,
      reason,
      count > 1 ? `${message} (${count} times)` : message,
    ]);
  return table(["LAST SEEN", "TYPE", "REASON", "MESSAGE"], rows, page);
}
