import type { RefusalCode } from "../../allocator/refusal.ts";
import type { PoolUse } from "../cluster/pool-use.ts";
import type { ValidationIssue } from "../validate/validation-report.ts";

/** What a change of the configuration would do; `-o json` prints it as it is. Fields are added, never renamed. */
export interface PlanReport {
  /** The answer in one sentence. */
  readonly summary: string;
  /** Whether the configuration could be used after the change, and the change brings no error. */
  readonly valid: boolean;
  /** Whether a Service would lose or change an address that it has. */
  readonly disruptive: boolean;
  /** Of the configuration as it would be. */
  readonly issues: readonly PlanIssue[];
  readonly objects: readonly ObjectChange[];
  /** Those that change, of a change that is valid: the ones that lose come first, then those that move, then those that gain; by name. */
  readonly services: readonly ServiceChange[];
  /** Services that have an address and keep it. */
  readonly unchanged: number;
  /** Services that have no address, before and after. */
  readonly stillPending: number;
  /** Pools whose definition or use changes. */
  readonly pools: readonly PoolChange[];
  /** What the plan doesn't tell, or rests on. */
  readonly notes: readonly string[];
}

export interface PlanIssue extends ValidationIssue {
  /** `path` is "" and `line` 0 for objects that are not in the files. */
  readonly path: string;
  /** Whether the change brings it; false: the cluster has it already. */
  readonly isNew: boolean;
}

export interface ObjectChange {
  /** `IPAddressPool metallb-system/pool-a` */
  readonly object: string;
  readonly change: "added" | "changed" | "deleted" | "unchanged";
}

/** An address and the pool it is from. */
export interface PlacedAddress {
  readonly address: string;
  readonly pool: string;
}

export interface ServiceChange {
  /** `namespace/name` */
  readonly service: string;
  /** `repool`: the addresses stay, and their pool is another one. */
  readonly change: "lose" | "move" | "gain" | "repool";
  readonly from: readonly PlacedAddress[];
  readonly to: readonly PlacedAddress[];
  /** Why what goes can't be kept, or why nothing takes its place. */
  readonly why: readonly ChangeReason[];
}

export interface ChangeReason {
  readonly code: RefusalCode;
  readonly explanation: string;
  readonly fix: string;
}

export interface PoolChange {
  readonly pool: string;
  /** Absent: the pool is new, or can't be used as it is. */
  readonly before?: PoolUse;
  /** Absent: the pool would be gone. */
  readonly after?: PoolUse;
}
