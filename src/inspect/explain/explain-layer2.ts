import { formatAddress, parseAddress } from "../../ip/address.ts";
import type { ServiceView } from "../../config/service.ts";
import { keyOfService } from "../../controller/service-key.ts";
import { ownerOrder } from "../../layer2/election.ts";
import type { Contest } from "../../speaker/announce-plan.ts";
import { decideOn, electOwner, scoreOf } from "../../speaker/announce-plan.ts";
import type { Announcement } from "../../speaker/protocol.ts";
import type { Layer2View } from "../cluster/layer2-view.ts";
import { describeNoAdvertisement, describeSkip } from "../layer2/describe-skip.ts";
import type { AliveFrom, Elections } from "../layer2/elections.ts";
import { ownersOf } from "../layer2/owners-of.ts";
import { speakersByNode } from "../layer2/speaker-states.ts";
import type { EventView } from "../cluster/event-view.ts";
import type { ReportedState } from "../cluster/controller-state.ts";
import { arrangeLive, type Live } from "../live/live.ts";
import { liveProblems } from "../live/live-problems.ts";
import { speakerReports } from "../live/speaker-reports.ts";
import type { ExplainedLayer2, ExplainedNode, Layer2Difference } from "./layer2-explanation.ts";
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
  const live = view.live === undefined ? undefined : arrangeLive(view.live);
  const { aliveFrom } = elections;
  const explained = {
    ...(refusal === undefined ? {} : { refusal }),
    ...(expectedOwner === undefined ? {} : { expectedOwner }),
    aliveFrom,
    ...(owners === undefined ? {} : { owners }),
    ...(live === undefined ? {} : liveParts(service, live)),
    nodes: contest === undefined ? [] : explainNodes(contest, { owner: expectedOwner, aliveFrom }, view),
    issues: elections.issues,
  };
  const differences = [
    ...layer2Differences(explained, { ownerOfAll: elections.ownerOfAll(service), ...words }),
    ...(live === undefined ? [] : liveDifferences(service, owners, live)),
  ];
  return { summary: summarizeLayer2(explained), ...explained, differences };
}

function liveParts({ ingress }: ServiceView, live: Live): Pick<ExplainedLayer2, "answers" | "speakers"> {
  const answers = ingress.map(({ ip }) => ({ address: ip, by: live.answers.get(canonical(ip)) ?? [] }));
  return { answers, speakers: speakerReports(live.view) };
}

/** The same that `owners` says of each address, once if it is the same for all. */
function liveDifferences(
  { ingress }: ServiceView,
  owners: ExplainedLayer2["owners"],
  live: Live,
): readonly Layer2Difference[] {
  const nodes = owners?.map(({ node }) => node);
  const several = ingress.length > 1;
  return ingress.flatMap(({ ip }) =>
    liveProblems(canonical(ip), nodes, live).map(({ code, explanation }) => ({
      code,
      explanation: several ? `${ip}: ${explanation}` : explanation,
      causes: [],
    })),
  );
}

/** As speakers write it; what is no address is nobody's. */
function canonical(ip: string): string {
  const address = parseAddress(ip);
  return address === undefined ? ip : formatAddress(address);
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

/** The outcome of a contest, and who took part. */
interface Outcome {
  readonly owner: string | undefined;
  readonly aliveFrom: AliveFrom;
}

function explainNodes(contest: Contest, outcome: Outcome, view: Layer2View): readonly ExplainedNode[] {
  const speakers = speakersByNode(view.speakers);
  const nodes = view.nodes.map(({ name }) => explainNode(name, contest, outcome, speakers(name)));
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
  { owner, aliveFrom }: Outcome,
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
  return {
    ...about,
    code: reason,
    ...describeSkip(reason, aliveFrom),
    ...(reason === "notOwner" ? couldUse(node, contest) : {}),
  };
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
