import type { EventView } from "../cluster/event-view.ts";
import type { ReportedState } from "../cluster/controller-state.ts";
import type { ExplainedLayer2, ExplainedOwner, Layer2Difference } from "./layer2-explanation.ts";

type Explained = Omit<ExplainedLayer2, "summary" | "differences">;

/** Where causes are looked for. */
export interface Clues {
  /** The owner if every node's speaker were alive. */
  readonly ownerOfAll: string | undefined;
  /** Of the Service, latest last. */
  readonly events: readonly EventView[];
  /** Undefined: not read. */
  readonly reported: readonly ReportedState[] | undefined;
}

/** Where who announces is not who should, with what may have led to it. Empty when the statuses are not known. */
export function layer2Differences(layer2: Explained, clues: Clues): readonly Layer2Difference[] {
  const { owners, expectedOwner } = layer2;
  if (owners === undefined) return [];
  const others = owners.filter(({ node }) => node !== expectedOwner);
  const missing = expectedOwner !== undefined && others.length === owners.length;
  return [
    ...(missing ? [missingOwner(expectedOwner, owners, layer2, clues)] : []),
    ...others.map((other) => unexpectedOwner(other, layer2)),
  ];
}

function missingOwner(
  expected: string,
  owners: readonly ExplainedOwner[],
  { nodes, aliveFrom }: Explained,
  { ownerOfAll, events, reported }: Clues,
): Layer2Difference {
  const causes = [...spoken(expected, reported), ...interfaceCauses(expected, nodes, events)];
  if (aliveFrom === "all-nodes") causes.push(`the speaker on ${expected} may not run`);
  if (owners.length === 0 && ownerOfAll !== expected)
    causes.push(
      `speakers without membership take every node for alive, and leave it to ${ownerOfAll}, which has none ready`,
    );
  if (aliveFrom === "members") return { explanation: saysNot(expected), causes };
  causes.push(
    `who is alive is not in the API: the others may take ${expected} for dead; its speaker's log and readiness tell`,
  );
  return { explanation: saysNot(expected), causes };
}

function saysNot(expected: string): string {
  return `${expected} should announce it and doesn't say that it does`;
}

/** What the speaker's ConfigurationState gives away. */
function spoken(node: string, reported: Clues["reported"]): readonly string[] {
  if (reported === undefined) return [];
  const state = reported.find(({ name }) => name === `speaker-${node}`);
  if (state === undefined)
    return [`there is no ConfigurationState speaker-${node}: the speaker there may never have run`];
  return state.result === "Invalid" ? [`the speaker on ${node} refuses the configuration: ${state.errorSummary}`] : [];
}

/** A node that has none of the interfaces it is limited to says so in an event, and nowhere else. */
function interfaceCauses(expected: string, nodes: Explained["nodes"], events: readonly EventView[]): readonly string[] {
  const failed = events.findLast(({ reason }) => reason === "announceFailed");
  if (failed !== undefined) return [`event announceFailed of ${failed.lastSeen}: ${failed.message}`];
  const interfaces = nodes.find(({ node }) => node === expected)?.interfaces ?? "all";
  return interfaces === "all" ? [] : [`${expected} may have none of the interfaces ${interfaces.join(", ")}`];
}

function unexpectedOwner({ node }: ExplainedOwner, { nodes, refusal, expectedOwner }: Explained): Layer2Difference {
  const explanation = `${node} says that it announces it`;
  const at = nodes.find((other) => other.node === node);
  const leftOver = `its ServiceL2Status may be left over from a speaker that no longer runs`;
  const behind = `the speaker on ${node} may be about to give it up, or has not heard of the last change`;
  if (refusal !== undefined) return { explanation, causes: [behind, leftOver] };
  if (at === undefined) return { explanation, causes: [`there is no node ${node}`, leftOver] };
  if (at.speaker === "none" || at.speaker === "not-ready")
    return { explanation, causes: [`no speaker Pod on ${node} is ready: ${leftOver}`] };
  if (at.code !== "notOwner") return { explanation, causes: [`${node} may not: ${at.explanation}`, behind] };
  return { explanation, causes: [`the speaker on ${node} may take ${expectedOwner} for dead`, behind] };
}
