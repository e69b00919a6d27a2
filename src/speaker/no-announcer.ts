/** Why a Service that is meant for layer 2, and has endpoints, is announced by no node at all; in words for its owner. Pure. */
import { EXCLUDE_LABEL } from "../config/node.ts";
import type { IpAddress } from "../ip/address.ts";
import { formatAddress } from "../ip/address.ts";
import type { SkipReason } from "./announce-plan.ts";
import type { NodeRefusal } from "./eligible-nodes.ts";

/** What keeps one node from announcing one Service. */
export type Obstacle = NodeRefusal | "noLocalEndpoints";

export interface NobodyReport {
  /** What keeps all nodes from it; `noCandidates` when it is not the same for all. */
  readonly reason: SkipReason;
  /** The addresses, what is in the way on which nodes, and what to do about it. The same on every speaker. */
  readonly message: string;
}

/** Names of nodes in one message; clusters have thousands, and events 1024 characters. */
const MOST_NAMES = 5;

interface Words {
  /** Followed by the nodes' names. */
  readonly problem: string;
  readonly fix: string;
}

/** In the order in which they are told. */
const WORDS: Readonly<Record<Obstacle, Words>> = {
  nodeLabeledExcludeBalancers: {
    problem: `label ${EXCLUDE_LABEL} on`,
    fix: "remove it or start the speaker with --ignore-exclude-lb",
  },
  nodeNetworkUnavailable: {
    problem: "condition NetworkUnavailable is True on",
    fix: "see why the node's network is not set up",
  },
  nodeNotAlive: {
    problem: "no live speaker on",
    fix: "see why it doesn't run, or why the others can't reach it",
  },
  noLocalEndpoints: {
    problem: "externalTrafficPolicy is Local and no endpoint is ready on",
    fix: "run a Pod of the Service there or set externalTrafficPolicy to Cluster",
  },
};

/**
 * `obstacles`: the nodes that L2Advertisements for the Service select, by what keeps them from it; empty: none is selected.
 * `advertisements` are the names of those L2Advertisements.
 */
export function reportNobody(
  addresses: readonly IpAddress[],
  obstacles: ReadonlyMap<Obstacle, readonly string[]>,
  advertisements: readonly string[],
): NobodyReport {
  const found = (Object.keys(WORDS) as Obstacle[]).filter((obstacle) => obstacles.has(obstacle));
  if (found.length === 0) {
    const problem = `nodeSelectors of L2Advertisement ${namesOf(advertisements)} match no node`;
    const fix = "change them or the nodes' labels";
    return { reason: "noMatchingAdvertisement", message: sentence(addresses, problem, fix) };
  }
  const problem = found.map((obstacle) => `${WORDS[obstacle].problem} ${namesOf(obstacles.get(obstacle)!)}`).join("; ");
  const fixes = found.map((obstacle) => WORDS[obstacle].fix);
  const fix = fixes.length === 1 ? fixes[0]! : fixes.map((each, i) => `(${i + 1}) ${each}`).join(" ");
  return {
    reason: found.length === 1 ? found[0]! : "noCandidates",
    message: sentence(addresses, problem, fix),
  };
}

/** A Service that shares its address must have the same owner as the others, which selectors of Services can't promise. */
export function reportSharing(addresses: readonly IpAddress[], advertisements: readonly string[]): NobodyReport {
  const names = namesOf(advertisements);
  const problem = `it may share its address, and L2Advertisement ${names} has serviceSelectors`;
  const fix = "remove the annotation metallb.io/allow-shared-ip or the serviceSelectors";
  return { reason: "sharedIPWithServiceSelector", message: sentence(addresses, problem, fix) };
}

function sentence(addresses: readonly IpAddress[], problem: string, fix: string): string {
  return `no node can announce ${addresses.map(formatAddress).join(" and ")} on layer 2: ${problem}; ${fix}`;
}

function namesOf(names: readonly string[]): string {
  const sorted = names.toSorted();
  const more = sorted.length - MOST_NAMES;
  return more <= 0 ? sorted.join(", ") : `${sorted.slice(0, MOST_NAMES).join(", ")} and ${more} more`;
}
