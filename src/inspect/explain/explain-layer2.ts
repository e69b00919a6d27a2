import { formatAddress } from "../../ip/address.ts";
import type { ServiceView } from "../../config/service.ts";
import { keyOfService } from "../../controller/service-key.ts";
import { ownerOrder } from "../../layer2/election.ts";
import type { Contest } from "../../speaker/announce-plan.ts";
import { decideOn, electOwner, scoreOf } from "../../speaker/announce-plan.ts";
import type { Announcement } from "../../speaker/protocol.ts";
import type { Layer2View } from "../cluster/layer2-view.ts";
import { describeNoAdvertisement, describeSkip } from "../layer2/describe-skip.ts";
import type { Elections } from "../layer2/elections.ts";
import { ownersOf } from "../layer2/owners-of.ts";
import { speakersByNode } from "../layer2/speaker-states.ts";
import type { EventView } from "../cluster/event-view.ts";
import type { ReportedState } from "../cluster/controller-state.ts";
import type { ExplainedLayer2, ExplainedNode } from "./layer2-explanation.ts";
import { layer2Differences } from "./layer2-differences.ts";

/** What the speakers say beside their statuses. */
export interface SpeakerWords {
  readonly events: readonly EventView[];
  /** ConfigurationStates; undefined: not read. */
  readonly reported: readonly ReportedState[] | undefined;
}

/** Explains who announces `service` on layer 2, as its status is now, and who would. */
export function explainLayer2(
  service: ServiceView,
  view: Layer2View,
  elections: Elections,
  words: SpeakerWords,
): ExplainedLayer2 {
  const { contest, refusal } = openContest(service, elections);
  const owners = ownersOf(view, keyOfService(service));
  const expectedOwner = contest && electOwner(contest);
  const explained = {
    ...(refusal === undefined ? {} : { refusal }),
    ...(expectedOwner === undefined ? {} : { expectedOwner }),
    aliveFrom: view.speakers === undefined ? ("all-nodes" as const) : ("ready-speakers" as const),
    ...(owners === undefined ? {} : { owners }),
    nodes: contest === undefined ? [] : explainNodes(contest, expectedOwner, view),
    issues: elections.issues,
  };
  const differences = layer2Differences(explained, { ownerOfAll: elections.ownerOfAll(service), ...words });
  return { summary: summarizeLayer2(explained), ...explained, differences };
}

type Opened =
  | { readonly contest: Contest; readonly refusal?: undefined }
  | { readonly contest?: undefined; readonly refusal: NonNullable<ExplainedLayer2["refusal"]> };

/** A contest that nobody can take part in counts as refused, too. */
function openContest(service: ServiceView, elections: Elections): Opened {
  const contest = elections.contest(service);
  if ("refusal" in contest) return { refusal: { code: contest.refusal, ...describeSkip(contest.refusal) } };
  if (contest.matching.length > 0) return { contest };
  const pool = elections.poolOf(contest);
  const reason = describeNoAdvertisement(pool, elections.advertisementsOf(pool));
  return { refusal: { code: "noMatchingAdvertisement", ...reason } };
}

function explainNodes(contest: Contest, owner: string | undefined, view: Layer2View): readonly ExplainedNode[] {
  const speakers = speakersByNode(view.speakers);
  const nodes = view.nodes.map(({ name }) => explainNode(name, contest, owner, speakers(name)));
  const able = nodes.filter(({ interfaces }) => interfaces !== undefined);
  const order = ownerOrder(
    able.map(({ node }) => node),
    formatAddress(contest.addresses[0]!),
  );
  const rank = new Map(order.map((node, i) => [node, i]));
  const succession = able.sort((a, b) => b.preference - a.preference || rank.get(a.node)! - rank.get(b.node)!);
  const unable = nodes.filter(({ interfaces }) => interfaces === undefined);
  return [...succession, ...unable.sort((a, b) => (a.node < b.node ? -1 : 1))];
}

function explainNode(
  node: string,
  contest: Contest,
  owner: string | undefined,
  speaker: ExplainedNode["speaker"],
): ExplainedNode {
  const decision = decideOn(node, contest, () => owner);
  const about = {
    node,
    preference: scoreOf(node, contest.matching) ?? 0,
    endpoint: contest.endpoints.isOn(node),
    speaker,
  };
  if (decision.announce)
    return { ...about, code: "owner", explanation: "should announce it", fix: "", interfaces: decision.interfaces };
  const { reason } = decision;
  return { ...about, code: reason, ...describeSkip(reason), ...(reason === "notOwner" ? couldUse(node, contest) : {}) };
}

/** Where a node would announce if it were the owner. */
function couldUse(node: string, contest: Contest): { readonly interfaces?: Announcement["interfaces"] } {
  const decision = decideOn(node, contest, () => node);
  return decision.announce ? { interfaces: decision.interfaces } : {};
}

function summarizeLayer2({ owners, expectedOwner, refusal }: Omit<ExplainedLayer2, "summary" | "differences">): string {
  const why = refusal?.explanation ?? "no node can";
  const should = expectedOwner === undefined ? `nobody should: ${why}` : `${expectedOwner} should`;
  if (owners === undefined) return `who announces it is not known; ${should}`;
  const [owner, ...others] = owners.map(({ node }) => node);
  if (owner === undefined) return `nobody announces it${expectedOwner === undefined ? `: ${why}` : `; ${should}`}`;
  if (others.length > 0) return `${[owner, ...others].join(" and ")} announce it; ${should}`;
  return owner === expectedOwner ? `${owner} announces it` : `${owner} announces it; ${should}`;
}
