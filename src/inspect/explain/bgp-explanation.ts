import type { ConfigIssue } from "../../config/issues.ts";
import type { BgpSkipReason } from "../../speaker/bgp/bgp-plan.ts";
import type { SessionAnswer } from "../bgp/session-answers.ts";
import type { Reason } from "./service-explanation.ts";

/** Which nodes announce a Service with BGP, and to whom. Part of `-o json`: fields are added, never renamed. */
export interface ExplainedBgp {
  /** The answer in one sentence. */
  readonly summary: string;
  /** All nodes: those that should announce it, then those that don't; each in name order. */
  readonly nodes: readonly ExplainedBgpNode[];
  /** Of pools, peers, advertisements and what they refer to: while there are any, speakers go on with what was valid before. */
  readonly issues: readonly ConfigIssue[];
}

export interface ExplainedBgpNode extends Reason {
  readonly node: string;
  /** `announces`: it should, to `peers`; `noPeers`: it should, and there is nobody to tell; else the speakers' code. */
  readonly code: "announces" | "noPeers" | BgpSkipReason;
  /** Names of the BGPPeers that are meant to get any of the routes. */
  readonly peers: readonly string[];
  readonly routes: readonly ExplainedRoute[];
  /** The peers that its speaker says it announces to (ServiceBGPStatus). Absent: this could not be read. */
  readonly said?: readonly string[];
  /** What became of the routes, for each of `peers`. Absent: its speaker was not asked, or could not be. */
  readonly sessions?: readonly SessionAnswer[];
}

interface ExplainedRoute {
  /** `192.0.2.1/32` */
  readonly prefix: string;
  /** Names of the BGPAdvertisements that make it. */
  readonly advertisements: readonly string[];
}
