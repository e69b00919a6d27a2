/**
 * A planned move of an address from one living node to another, as each of the two sees it. Pure; the time is given.
 *
 * Both hear of the move from the cluster, at slightly different times. So the new owner gives the old one a head start in
 * which it does not answer yet, and then claims the address before its first answer. The old owner goes on answering,
 * without announcing or defending anything, until it hears that claim. Who answers therefore changes once, on the wire, and
 * nobody has to be told when.
 */
import { type Millis, millis, seconds } from "../lib/duration.ts";

/** How much later than the new owner the old one may hear of the move without a time in which both answer. */
export const HEAD_START: Millis = millis(200);

/** The old owner waits no longer for a new one: it may have died, or announce where we can't hear it. */
export const HANDOVER_LIMIT: Millis = seconds(1);

/** A claim that was heard this long before we knew of the move was the new owner's: it knew earlier. */
export const FORESTALLED: Millis = seconds(2);

/**
 * Who stood in for a node that seemed dead, and soon hears that it lives, waits only this long: that node may never have
 * stopped, so that it has nothing to claim. If it did stop, its head start is over by then.
 */
export const STAND_IN_LIMIT: Millis = millis(300);

/** What the old owner knows about an address on one interface. */
export interface Leaving {
  /** When it learnt of the move. */
  readonly since: Millis;
  /** When it last heard another station claim the address there; undefined: never. */
  readonly claimedAt: Millis | undefined;
  /** When it took the address without a head start for anybody; undefined: it took it over from a living node. */
  readonly stoodInAt: Millis | undefined;
}

/**
 * Until when the old owner answers. A false claim only ends this earlier, by one second at most: who owns the address is
 * decided elsewhere, and whoever can send claims could mislead every neighbour anyway.
 */
export function answersUntil({ since, claimedAt, stoodInAt }: Leaving): Millis {
  const soon = stoodInAt !== undefined && since - stoodInAt < FORESTALLED;
  const limit = millis(since + (soon ? STAND_IN_LIMIT : HANDOVER_LIMIT));
  if (claimedAt === undefined || claimedAt < since - FORESTALLED) return limit;
  return millis(Math.min(limit, Math.max(since, claimedAt)));
}
