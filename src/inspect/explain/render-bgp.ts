import { formatIssue } from "../../config/issues.ts";
import type { Page } from "../render/page.ts";
import { sentence, table } from "../render/sections.ts";
import { capped } from "../render/text-table.ts";
import type { ExplainedBgp, ExplainedBgpNode } from "./bgp-explanation.ts";
import { isOtherwise } from "./explain-bgp.ts";

/** Nodes that are listed; `-o json` has all of them. */
const MOST_LISTED = 20;

/** Which nodes announce a Service with BGP, as lines of a section. */
export function bgpLines(bgp: ExplainedBgp | undefined, page: Page): readonly string[] {
  if (bgp === undefined) return [];
  const { nodes, issues } = bgp;
  const routes = new Map(nodes.flatMap(({ routes: own }) => own.map((route) => [route.prefix, route] as const)));
  return [
    ...[...routes.values()].flatMap(({ prefix, advertisements }) =>
      sentence(`${prefix} by ${advertisements.join(" and ")}`, page),
    ),
    ...nodes
      .filter(isOtherwise)
      .slice(0, MOST_LISTED)
      .flatMap(({ node, said = [] }) =>
        sentence(`differs: ${node} says that it announces to ${named(said)}`, page).map(page.paint.yellow),
      ),
    ...nodes
      .flatMap(sessionTexts)
      .slice(0, MOST_LISTED)
      .flatMap((text) => sentence(text, page).map(page.paint.yellow)),
    ...issues.flatMap((issue) => sentence(`refused by speakers: ${formatIssue(issue)}`, page)),
    ...table(["NODE", "PEERS", "SENT TO", "RESULT", "WHY"], capped(nodes.map(nodeRow), MOST_LISTED), page),
  ];
}

/** Whether there is nothing to announce yet: why the Service has no address is said elsewhere. */
export function isBgpWaiting({ nodes }: ExplainedBgp): boolean {
  return nodes.some(({ code }) => code === "noIPAllocated");
}

/** Which peers lack routes, and why. */
function sessionTexts({ node, sessions = [] }: ExplainedBgpNode): readonly string[] {
  return sessions
    .filter(({ code }) => code !== "sent")
    .map(({ peer, explanation, fix }) => `not sent: ${node} to ${peer}: ${explanation}${fix === "" ? "" : `; ${fix}`}`);
}

function nodeRow({ node, peers, sessions, code, explanation, fix }: ExplainedBgpNode): readonly string[] {
  const sent = sessions?.filter((session) => session.code === "sent").map(({ peer }) => peer);
  const sentTo = sent === undefined ? "" : sent.join(", ") || "nobody";
  return [node, peers.join(", "), sentTo, code, fix === "" ? explanation : `${explanation}; ${fix}`];
}

function named(peers: readonly string[]): string {
  return peers.length === 0 ? "nobody" : peers.join(" and ");
}
