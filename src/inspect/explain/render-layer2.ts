import { formatIssue } from "../../config/issues.ts";
import type { Page } from "../render/page.ts";
import { sentence, table } from "../render/sections.ts";
import { capped } from "../render/text-table.ts";
import { type AddressAnswers, isAnswering } from "../live/address-answers.ts";
import { speakerLines } from "../live/speaker-reports.ts";
import { formatAgo, where } from "../render/words.ts";
import type { ExplainedLayer2, ExplainedNode } from "./layer2-explanation.ts";

/** Nodes that are listed; `-o json` has all of them. */
const MOST_LISTED = 20;

const TAKEN_ALIVE = {
  members: "taken to be alive: whom the speakers take for members",
  "no-membership": "taken to be alive: every node, since the speakers run without membership",
  "ready-speakers": "taken to be alive: speakers whose Pods are ready",
  "all-nodes": "taken to be alive: a speaker on every node",
} as const;

/** Who announces a Service and who would, as lines of a section. */
export function layer2Lines(layer2: ExplainedLayer2 | undefined, page: Page): readonly string[] {
  if (layer2 === undefined) return [];
  const { refusal, differences, issues, owners = [], answers = [], speakers = [], aliveFrom, nodes } = layer2;
  const yellow = (text: string) => sentence(text, page).map(page.paint.yellow);
  return [
    ...owners.flatMap(({ node, interfaces }) => sentence(`${node} announces it on ${where(interfaces)}`, page)),
    ...answers.flatMap(({ address, by }) => by.flatMap((answer) => answerLines(address, answer, page))),
    ...speakerLines(speakers, page),
    ...(refusal === undefined
      ? []
      : sentence(`${refusal.explanation}; ${refusal.fix}  (reason ${refusal.code})`, page)),
    ...differences.flatMap(({ explanation, causes }) => [
      ...yellow(`differs: ${explanation}`),
      ...causes.flatMap((cause) => sentence(`- ${cause}`, page)),
    ]),
    ...issues.flatMap((issue) => sentence(`refused by speakers: ${formatIssue(issue)}`, page)),
    ...(nodes.length === 0 ? [] : sentence(TAKEN_ALIVE[aliveFrom], page)),
    ...table(["NODE", "PREFERENCE", "SPEAKER", "RESULT", "WHY"], capped(nodes.map(nodeRow), MOST_LISTED), page),
  ];
}

/** Said of an interface that answers for an address which none of its subnets has. */
const OFF_SUBNET = ", without its subnet";

/** What one node does for one address. */
function answerLines(address: string, answer: AddressAnswers, page: Page): readonly string[] {
  const { node, interfaces, leaving, lastAnswered, lastGratuitous } = answer;
  const on = interfaces.map(({ name, mac, noSubnet }) => `${name} (${mac}${noSubnet ? OFF_SUBNET : ""})`).join(", ");
  const what = isAnswering(answer)
    ? `${node} answers for ${address} on ${on}${leaving ? ", until its next owner does" : ""}`
    : `${node} answers for ${address} on no interface at present`;
  const last =
    lastAnswered === undefined
      ? "no request answered yet"
      : `last request answered ${formatAgo(lastAnswered.secondsAgo)}, from ${lastAnswered.to} on ${lastAnswered.interface}`;
  const told = lastGratuitous === undefined ? "" : `; last gratuitous frame ${formatAgo(lastGratuitous.secondsAgo)}`;
  return [...sentence(what, page), ...sentence(`- ${last}${told}`, page)];
}

/** Whether there is nothing to announce yet: why the Service has no address is said elsewhere. */
export function isWaiting({ refusal }: ExplainedLayer2): boolean {
  return refusal?.code === "noIPAllocated";
}

function nodeRow({ node, preference, speaker, code, explanation, fix, interfaces }: ExplainedNode): readonly string[] {
  const on = interfaces === undefined ? "" : ` on ${where(interfaces)}`;
  const mend = fix === "" ? "" : `; ${fix}`;
  return [node, preference === 0 ? "" : `${preference}`, speaker, code, `${explanation}${on}${mend}`];
}
