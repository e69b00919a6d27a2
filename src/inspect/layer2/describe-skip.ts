import { EXCLUDE_LABEL } from "../../config/node.ts";
import type { SkipReason } from "../../speaker/announce-plan.ts";
import type { AliveFrom } from "./elections.ts";
import type { Reason } from "../explain/service-explanation.ts";

/** What each of the speaker's reasons means, of a Service or of a node, and what to do about it. */
const MEANINGS: Readonly<Record<SkipReason, Reason>> = {
  serviceDeleted: { explanation: "the Service is gone", fix: "" },
  notLoadBalancer: { explanation: "its type is not LoadBalancer", fix: "set spec.type to LoadBalancer" },
  otherLoadBalancerClass: {
    explanation: "its loadBalancerClass is not the speakers'",
    fix: "give --lb-class as the speakers have it",
  },
  noIPAllocated: { explanation: "its status has no address", fix: "see why it was given none" },
  invalidIP: {
    explanation: "its status has an entry that is not an IP address",
    fix: "let only the controller write status.loadBalancer",
  },
  ipNotAllowed: {
    explanation: "no single IPAddressPool has all of its addresses",
    fix: "put the addresses into one pool, or let the controller give others",
  },
  noEndpoints: {
    explanation: "none of its endpoints is ready",
    fix: "see whether spec.selector matches Pods, and whether they are ready",
  },
  noLocalEndpoints: {
    explanation: "none of its endpoints there is ready, and externalTrafficPolicy is Local",
    fix: "run a Pod of the Service there, or set externalTrafficPolicy to Cluster",
  },
  sharedIPWithServiceSelector: {
    explanation: "it may share its address, and an L2Advertisement with serviceSelectors is for it",
    fix: "remove the annotation metallb.io/allow-shared-ip, or the serviceSelectors",
  },
  noMatchingAdvertisement: {
    explanation: "no L2Advertisement for this Service selects it",
    fix: "let nodeSelectors of an L2Advertisement match its labels",
  },
  noCandidates: { explanation: "no node can announce it", fix: "see what keeps each node from it" },
  notOwner: { explanation: "could take over", fix: "" },
  nodeNetworkUnavailable: {
    explanation: "its condition NetworkUnavailable is True",
    fix: "see why its network is not set up",
  },
  nodeLabeledExcludeBalancers: {
    explanation: `it has the label ${EXCLUDE_LABEL}`,
    fix: "remove the label; if the speakers run with --ignore-exclude-lb, give that to this command",
  },
  nodeNotAlive: { explanation: "no speaker Pod on it is ready", fix: "see why, with kubectl describe" },
};

/** Where it is known whom speakers take for members, that is why a node isn't alive. */
const NO_MEMBER: Reason = {
  explanation: "the speakers don't take it for a member",
  fix: "see whether its speaker runs, and whether the others reach it on the port of membership",
};

export function describeSkip(code: SkipReason, aliveFrom?: AliveFrom): Reason {
  return code === "nodeNotAlive" && aliveFrom === "members" ? NO_MEMBER : MEANINGS[code];
}

/** Why none of a pool's L2Advertisements is for a Service. `existing` are their names. */
export function describeNoAdvertisement(pool: string, existing: readonly string[]): Reason {
  if (existing.length === 0)
    return { explanation: `no L2Advertisement is for pool ${pool}`, fix: `add one, if it is for layer 2` };
  const explanation = `serviceSelectors of ${existing.join(", ")} don't match its labels`;
  return { explanation, fix: "change its labels or the serviceSelectors" };
}
