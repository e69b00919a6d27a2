import { formatAgo } from "../render/words.ts";
import { type AddressAnswers, isAnswering } from "./address-answers.ts";
import type { Live } from "./live.ts";

/**
 * Where what the speakers do is not what it should be:
 * - `severalAnswer`: more than one node answers for the address, and none of them is giving it up
 * - `notAnswered`: a node says that it announces the address, and answers on no interface
 * - `holdsBack`: the same, since others may have taken its place
 * - `unsaid`: a node answers, and no ServiceL2Status says so
 * - `duplicateAddress`: another station claims the address
 */
export type LiveProblemCode = "severalAnswer" | "notAnswered" | "holdsBack" | "unsaid" | "duplicateAddress";

export interface LiveProblem {
  readonly code: LiveProblemCode;
  readonly explanation: string;
}

/** Compares what the speakers do for an address with `owners`: who says that it announces it; undefined: not known. */
export function liveProblems(ip: string, owners: readonly string[] | undefined, live: Live): readonly LiveProblem[] {
  const answers = live.answers.get(ip) ?? [];
  const answering = answers.filter((answer) => isAnswering(answer) && !answer.leaving);
  const problems: LiveProblem[] = [];
  if (answering.length > 1) {
    const all = answering.map(({ node, interfaces }) => `${node} (${macsOf(interfaces).join(", ")})`).join(" and ");
    problems.push({ code: "severalAnswer", explanation: `${all} answer for it` });
  }
  for (const node of owners ?? []) {
    const problem = live.isKnown(node) ? ownerProblem(node, answers) : undefined;
    if (problem !== undefined) problems.push(problem);
  }
  for (const { node } of answering)
    if (owners?.includes(node) === false)
      problems.push({ code: "unsaid", explanation: `${node} answers for it, and no ServiceL2Status says so` });
  return [...problems, ...answers.flatMap((answer) => duplicateProblems(answer, live))];
}

function ownerProblem(node: string, answers: readonly AddressAnswers[]): LiveProblem | undefined {
  const answer = answers.find((other) => other.node === node);
  if (answer === undefined)
    return { code: "notAnswered", explanation: `${node} says that it announces it, and knows nothing of it any more` };
  if (answer.holdsBack)
    return { code: "holdsBack", explanation: `${node} answers nothing: others may have taken its place` };
  if (answer.interfaces.length > 0) return undefined;
  return { code: "notAnswered", explanation: `${node} says that it announces it, and answers on no interface` };
}

function duplicateProblems({ node, duplicates }: AddressAnswers, { nodeOfMac }: Live): readonly LiveProblem[] {
  return duplicates.map(({ mac, interface: on, secondsAgo }) => {
    const known = nodeOfMac.get(mac);
    const who = known === undefined ? `another station, ${mac},` : `${known} (${mac})`;
    const explanation = `${node} heard ${formatAgo(secondsAgo)} on ${on} how ${who} claims it`;
    return { code: "duplicateAddress", explanation };
  });
}

/** Each once, in the order of the interfaces. */
export function macsOf(interfaces: AddressAnswers["interfaces"]): readonly string[] {
  return [...new Set(interfaces.map(({ mac }) => mac))];
}
