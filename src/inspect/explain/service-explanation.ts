import type { RefusalCode } from "../../allocator/refusal.ts";
import type { ConfigIssue } from "../../config/issues.ts";
import type { PoolUse } from "../cluster/pool-use.ts";
import type { Family } from "../../ip/family.ts";
import type { EventView } from "../cluster/event-view.ts";
import type { ReportedState } from "../cluster/controller-state.ts";
import type { ExplainedBgp } from "./bgp-explanation.ts";
import type { ExplainedLayer2 } from "./layer2-explanation.ts";

/**
 * Why a Service has the address that it has, or none. `-o json` prints it as it is. Fields are added, never renamed;
 * those that say nothing about a Service are absent.
 */
export interface ServiceExplanation {
  /** `namespace/name` */
  readonly service: string;
  /** The answer in one sentence. */
  readonly summary: string;
  /** Whether the controller is responsible for it. */
  readonly served: boolean;
  /** Why not, when it is not. */
  readonly notServed?: Reason;
  /** What it asks for. */
  readonly asked: readonly AskedField[];
  /** What the controller would decide if it started now. Absent when it could not decide. */
  readonly decision?: ExplainedDecision;
  /** Every pool, in the order in which they are looked at. */
  readonly pools: readonly ExplainedPool[];
  /** What the Service's status says. */
  readonly shown: ShownStatus;
  /** Where the status differs from the decision, a sentence each; empty: nowhere. */
  readonly differences: readonly string[];
  readonly configuration: ExplainedConfiguration;
  readonly controller: ExplainedController;
  /** Who announces it on layer 2. Absent when it is not served, and when what this rests on could not be read. */
  readonly layer2?: ExplainedLayer2;
  /** Who announces it with BGP. Absent as `layer2` is, and when there is no BGPAdvertisement. */
  readonly bgp?: ExplainedBgp;
  /** Latest last. */
  readonly events: readonly EventView[];
  /** What could not be read, and what looks odd. */
  readonly notes: readonly string[];
}

/** Something that is the case, and what to do about it. */
export interface Reason {
  readonly explanation: string;
  readonly fix: string;
}

/** One thing that the Service asks for. */
export interface AskedField {
  readonly what: "addresses" | "pool" | "sharing key" | "families" | "ports" | "traffic policy" | "class";
  readonly value: string;
  /** Field or annotation that says so. */
  readonly from: string;
  /** Whether that is a name that will go. */
  readonly deprecated: boolean;
}

/** Why something is refused; the codes are those of metrics and logs. */
export interface ExplainedRefusal extends Reason {
  readonly code: RefusalCode;
  /** The code as the Service's condition spells it: `PortConflict`. */
  readonly reason: string;
  /** Service that stands in the way. */
  readonly otherService?: string;
}

export interface ExplainedDecision {
  readonly addresses: readonly ExplainedAddress[];
  /** Why the request is not fulfilled. */
  readonly refusal?: ExplainedRefusal;
  /** With PreferDualStack: why there is no address of the other family. */
  readonly missing?: ExplainedRefusal;
  /** Addresses that the status shows and that can't be kept. */
  readonly lost: readonly (ExplainedRefusal & { readonly address: string })[];
}

export interface ExplainedAddress {
  readonly address: string;
  readonly family: Family;
  readonly pool: string;
  /** The other Services on it. */
  readonly sharedWith: readonly SharingService[];
}

export interface SharingService {
  readonly service: string;
  /** `TCP/80` */
  readonly ports: readonly string[];
  readonly sharingKey: string;
}

export interface ExplainedPool extends Reason, PoolUse {
  readonly pool: string;
  /** `used`, `passed-over`, `auto-assign-off`, `not-requested`, `not-reached` or `refused`. */
  readonly verdict: string;
  /** Set when the verdict is `refused` or `not-reached`. */
  readonly code?: RefusalCode;
}

export interface ShownStatus {
  readonly addresses: readonly string[];
  /** From the annotation. */
  readonly pool?: string;
  readonly condition?: {
    readonly status: string;
    readonly reason: string;
    readonly message: string;
    readonly lastTransitionTime: string;
  };
}

interface ExplainedConfiguration {
  /** Whether the pools, as they are now, can be used. */
  readonly valid: boolean;
  readonly issues: readonly ConfigIssue[];
  /** What the running processes say. */
  readonly reported: readonly ReportedState[];
}

export interface ExplainedController {
  /** `unknown`: nothing could be read about it, or it keeps no Lease. */
  readonly state: "leading" | "stopped" | "unknown";
  readonly explanation: string;
  readonly holder?: string;
  readonly renewed?: string;
}
