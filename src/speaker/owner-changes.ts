import type { Decision } from "./announce-plan.ts";
import type { PlanChange } from "./announce-state.ts";

export interface OwnerChanges {
  /** Services that this node took over from another one. */
  readonly gained: number;
  /** Services that another node took over from this one. */
  readonly lost: number;
}

/**
 * Counts Services that moved between this node and another. Those that nobody owned before, or nobody owns after, did
 * not move; those that moved between two other nodes are for these to count.
 */
export function ownerChanges(changes: readonly Pick<PlanChange, "before" | "after">[]): OwnerChanges {
  return {
    gained: changes.filter(({ before, after }) => after.announce && isElsewhere(before)).length,
    lost: changes.filter(({ before, after }) => before?.announce === true && isElsewhere(after)).length,
  };
}

function isElsewhere(decision: Decision | undefined): boolean {
  return decision?.announce === false && decision.owner !== undefined;
}
