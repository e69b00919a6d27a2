import { EXCLUDE_LABEL } from "../../config/node.ts";
import type { BgpRefusal, BgpSkipReason } from "../../speaker/bgp/bgp-plan.ts";
import type { Reason } from "../explain/service-explanation.ts";
import { describeSkip } from "../layer2/describe-skip.ts";

/** What each of the speaker's reasons means, of a Service or of a node, and what to do about it. */
const MEANINGS: Readonly<Record<BgpSkipReason, Reason>> = {
  serviceDeleted: describeSkip("serviceDeleted"),
  notLoadBalancer: describeSkip("notLoadBalancer"),
  otherLoadBalancerClass: describeSkip("otherLoadBalancerClass"),
  noIPAllocated: describeSkip("noIPAllocated"),
  invalidIP: describeSkip("invalidIP"),
  ipNotAllowed: describeSkip("ipNotAllowed"),
  noAdvertisementForNode: {
    explanation: "no BGPAdvertisement of the pool includes the node",
    fix: "let ipAddressPools and nodeSelectors of a BGPAdvertisement match, if it is for BGP",
  },
  noMatchingAdvertisement: {
    explanation: "no BGPAdvertisement there is for this Service, or for the families of its addresses",
    fix: "change its labels, serviceSelectors or ipFamilies",
  },
  conflictingAdvertisements: {
    explanation: "two BGPAdvertisements give its routes different local preferences",
    fix: "give both the same localPref, or other peers, nodes or lengths",
  },
  nodeNetworkUnavailable: describeSkip("nodeNetworkUnavailable"),
  nodeLabeledExcludeBalancers: {
    explanation: `it has the label ${EXCLUDE_LABEL}`,
    fix: "remove the label; if the speakers run with --ignore-exclude-lb, give that to this command",
  },
  noLocalEndpoints: describeSkip("noLocalEndpoints"),
  noEndpoints: describeSkip("noEndpoints"),
};

export function describeBgpSkip({ reason, conflict }: BgpRefusal): Reason {
  const meaning = MEANINGS[reason];
  if (conflict === undefined) return meaning;
  const explanation = `BGPAdvertisements ${conflict.join(" and ")} give its routes different local preferences`;
  return { ...meaning, explanation };
}
