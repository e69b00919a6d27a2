import type { BgpStatusView } from "../config/bgp-status.ts";
import { projectBgpStatus } from "../config/bgp-status.ts";
import { KINDS } from "../config/kinds.ts";
import type { L2StatusView } from "../config/l2-status.ts";
import { projectL2Status } from "../config/l2-status.ts";
import type { ServiceStatusView } from "../config/service-status.ts";
import type { KubeObject, ResourceType } from "../ports/kube.ts";
import type { Announcement } from "./protocol.ts";

/** A kind of status objects; `What` is what one says of a Service on a node, beside their names. */
export interface StatusKind<What, View extends ServiceStatusView = ServiceStatusView> {
  readonly resource: ResourceType;
  readonly namePrefix: string;
  /** Whether one node only announces a Service, which then removes what others said of it. */
  readonly oneNode: boolean;
  project(object: KubeObject): View;
  /** Whether an object that was written says `what`. */
  says(status: View, what: What): boolean;
  /** The fields that say it; null: absent. */
  fieldsOf(what: What): object;
}

/** Where layer 2 answers for a Service. */
export const L2_STATUS: StatusKind<Announcement["interfaces"], L2StatusView> = {
  resource: KINDS.ServiceL2Status,
  namePrefix: "l2-",
  oneNode: true,
  project: projectL2Status,
  says: ({ interfaces }, what) => interfaces?.join() === (what === "all" ? undefined : [...what].sort().join()),
  fieldsOf: (what) => ({ interfaces: what === "all" ? null : [...what].sort().map((name) => ({ name })) }),
};

/** Names of the BGPPeers that a Service is announced to, in order. */
export const BGP_STATUS: StatusKind<readonly string[], BgpStatusView> = {
  resource: KINDS.ServiceBGPStatus,
  namePrefix: "bgp-",
  oneNode: false,
  project: projectBgpStatus,
  says: ({ peers }, what) => peers.join() === what.join(),
  fieldsOf: (what) => ({ peers: what }),
};
