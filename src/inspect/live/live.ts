import { type Answers, answersIn } from "./address-answers.ts";
import { isRead, type LiveView } from "./live-view.ts";

/** What the speakers said, arranged for questions about addresses. */
export interface Live {
  readonly view: LiveView;
  readonly answers: Answers;
  /** Whether all that a node's speaker has to say is known. */
  isKnown(node: string): boolean;
  /** Nodes whose speakers answer with a MAC. */
  readonly nodeOfMac: ReadonlyMap<string, string>;
}

export function arrangeLive(view: LiveView): Live {
  const answers = answersIn(view);
  const known = new Set(
    view.filter((speaker) => isRead(speaker) && speaker.partial === undefined).map(({ node }) => node),
  );
  const macs = [...answers.values()]
    .flat()
    .flatMap(({ node, interfaces }) => interfaces.map(({ mac }) => [mac, node] as const));
  return { view, answers, isKnown: (node) => known.has(node), nodeOfMac: new Map(macs) };
}
