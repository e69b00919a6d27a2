import type { NodeView } from "../../config/node.ts";
import type { ServiceView } from "../../config/service.ts";
import { formatPrefix, type IpPrefix } from "../../ip/prefix.ts";
import { type BgpAnnouncement, reaches } from "../../speaker/bgp/bgp-plan.ts";
import type { BgpPlans } from "../bgp/bgp-plans.ts";
import type { BgpView } from "../bgp/bgp-view.ts";
import { describeBgpSkip } from "../bgp/describe-bgp-skip.ts";
import { type LivePeersOf, sessionAnswer } from "../bgp/session-answers.ts";
import { counted } from "../render/words.ts";
import type { ExplainedBgp, ExplainedBgpNode } from "./bgp-explanation.ts";

/** Nodes that are named in a sentence. */
const MOST_NAMED = 3;

/** Explains which nodes should announce `service` with BGP, as its status is now, what they say, and what was sent. */
export function explainBgp(
  service: ServiceView,
  nodes: readonly NodeView[],
  { statuses }: Pick<BgpView, "statuses">,
  plans: BgpPlans,
  livePeers: LivePeersOf = () => undefined,
): ExplainedBgp {
  const explained = nodes.map((node) => explainNode(service, node, { statuses, livePeers }, plans));
  const sorted = explained.sort((a, b) => Number(isSkipped(a)) - Number(isSkipped(b)) || (a.node < b.node ? -1 : 1));
  return { summary: summarizeBgp(sorted), nodes: sorted, issues: plans.issues };
}

/** What the speakers say, in the cluster and when they are asked. */
interface Words extends Pick<BgpView, "statuses"> {
  readonly livePeers: LivePeersOf;
}

function explainNode(
  service: ServiceView,
  node: NodeView,
  { statuses, livePeers }: Words,
  plans: BgpPlans,
): ExplainedBgpNode {
  const decision = plans.decide(service, node);
  const said = statuses?.filter((status) => status.node === node.name).flatMap(({ peers }) => peers);
  const about = { node: node.name, ...(said === undefined ? {} : { said: [...new Set(said)].sort() }) };
  if (!decision.announce)
    return { ...about, code: decision.reason, ...describeBgpSkip(decision), peers: [], routes: [] };
  const { peers, routes } = decision;
  const shown = routes.map(({ prefix, by }) => ({
    prefix: formatPrefix(prefix),
    advertisements: by.advertisements.map(({ name }) => name),
  }));
  if (peers.length > 0) {
    const should = { code: "announces", explanation: "should announce it", fix: "" } as const;
    return { ...about, ...should, peers, routes: shown, ...sessionsOf(decision, livePeers(node.name)) };
  }
  const explanation = "should announce it, and no BGPPeer that its advertisements are for includes the node";
  return {
    ...about,
    code: "noPeers",
    explanation,
    fix: "add a BGPPeer, or correct its nodeSelectors",
    peers,
    routes: shown,
  };
}

function sessionsOf(
  { peers, routes }: BgpAnnouncement,
  live: ReturnType<LivePeersOf>,
): Pick<ExplainedBgpNode, "sessions"> {
  if (live === undefined) return {};
  const meantFor = (peer: string): readonly IpPrefix[] =>
    routes
      .filter(({ by }) => by.advertisements.some((advertisement) => reaches(advertisement, peer)))
      .map(({ prefix }) => prefix);
  return { sessions: peers.map((peer) => sessionAnswer(peer, meantFor(peer), live)) };
}

function isSkipped({ code }: ExplainedBgpNode): boolean {
  return code !== "announces" && code !== "noPeers";
}

/** Whether a peer is known to lack routes that the node should have sent it. */
export function isUnsent({ sessions = [] }: ExplainedBgpNode): boolean {
  return sessions.some(({ code }) => code !== "sent");
}

/** Whether the node's speaker says something else than it should do. Unknown is no difference. */
export function isOtherwise({ said, peers }: ExplainedBgpNode): boolean {
  return said !== undefined && said.join() !== peers.join();
}

function summarizeBgp(nodes: readonly ExplainedBgpNode[]): string {
  const announcing = nodes.filter(({ code }) => code === "announces");
  const otherwise = nodes.filter(isOtherwise).length;
  const differ = otherwise === 0 ? "" : `; ${counted(otherwise, "node")} said otherwise`;
  const lacking = announcing.flatMap(({ sessions = [] }) => sessions).filter(({ code }) => code !== "sent").length;
  const unsent = lacking === 0 ? "" : `; ${counted(lacking, "session")} ${lacking === 1 ? "lacks" : "lack"} routes`;
  if (announcing.length === 0) return `no node should announce it: ${commonReason(nodes)}${differ}`;
  const peers = [...new Set(announcing.flatMap((node) => node.peers))].sort();
  const should = announcing.length === 1 ? "should announce it" : "should each announce it";
  return `${listed(
    announcing.map(({ node }) => node),
    "node",
  )} ${should} to ${listed(peers, "peer")}${differ}${unsent}`;
}

function commonReason([first, ...others]: readonly ExplainedBgpNode[]): string {
  if (first === undefined) return "there are no nodes";
  return others.every(({ code }) => code === first.code) ? first.explanation : "see what keeps each node from it";
}

function listed(names: readonly string[], what: string): string {
  return names.length > MOST_NAMED ? counted(names.length, what) : names.join(" and ");
}
