import type { BgpStatusView } from "../../config/bgp-status.ts";
import type { KubeObject } from "../../ports/kube.ts";

/** What is announced with BGP is decided from this beside Services, pools, Nodes and EndpointSlices. */
export interface BgpView {
  readonly advertisements: readonly KubeObject[];
  readonly peers: readonly KubeObject[];
  readonly bfdProfiles: readonly KubeObject[];
  readonly communities: readonly KubeObject[];
  /** Who says that it announces the Service, and to whom. Undefined: this could not be read. */
  readonly statuses: readonly BgpStatusView[] | undefined;
}

export interface ReadBgp {
  /** Undefined: there is no BGPAdvertisement, or too little could be read. */
  readonly view: BgpView | undefined;
  /** What could not be read. */
  readonly notes: readonly string[];
}
