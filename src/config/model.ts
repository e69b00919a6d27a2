import type { LabelSelector } from "./selector.ts";

/** An L2Advertisement after parsing: pool names are resolved, selectors are checked. */
export interface L2Advertisement {
  readonly name: string;
  /** Names of the pools it announces, in name order. */
  readonly pools: readonly string[];
  /** Nodes that may announce; empty: every node. OR between selectors. */
  readonly nodeSelectors: readonly LabelSelector[];
  /** Interface names; empty: every interface. */
  readonly interfaces: readonly string[];
  /** Services it is for; empty: every Service of its pools. OR between selectors. */
  readonly serviceSelectors: readonly LabelSelector[];
  /** Weights (1..100) that are summed per node. */
  readonly preferredNodes: readonly { readonly weight: number; readonly selector: LabelSelector }[];
}
