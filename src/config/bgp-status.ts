import type { KubeObject } from "../ports/kube.ts";
import { fieldsOf, textsOf } from "./fields.ts";
import type { ServiceStatusView } from "./service-status.ts";
import { projectServiceStatus } from "./service-status.ts";

/** What a speaker keeps of a ServiceBGPStatus. */
export interface BgpStatusView extends ServiceStatusView {
  /** Names of BGPPeers. */
  readonly peers: readonly string[];
}

const MOST_PEERS = 10_000;

/** Never throws. */
export function projectBgpStatus(object: KubeObject): BgpStatusView {
  return { ...projectServiceStatus(object), peers: textsOf(fieldsOf(object["status"])["peers"], MOST_PEERS) };
}
