import type { IpAddress } from "../ip/address.ts";
import type { Allocator } from "./allocator.ts";
import { type Chosen, chooseAddresses, chooseFresh } from "./choose.ts";
import type { PoolSpaces } from "./pool-table.ts";
import { poolRefusal } from "./pool-table.ts";
import type { Refusal, RefusalText } from "./refusal.ts";
import { describeRefusal } from "./refusal.ts";
import type { ServiceRequest } from "./request.ts";

/** What became of one pool when addresses were looked for. */
export type PoolVerdict =
  /** The Service's addresses are, or would be, from this pool. */
  | { readonly kind: "used" }
  /** It has addresses for the Service, but another pool comes first, or the Service has one and stays there. */
  | { readonly kind: "passed-over" }
  /** It may be used only by those who ask for it. */
  | { readonly kind: "auto-assign-off" }
  /** The Service asks for another pool, or for addresses that this pool doesn't have. */
  | { readonly kind: "not-requested" }
  /** No pool can help: the request itself is refused. */
  | { readonly kind: "not-reached"; readonly refusal: Refusal }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export interface PoolConsideration {
  readonly pool: string;
  readonly verdict: PoolVerdict;
}

/** Refusals for which pools don't matter. */
const OF_THE_REQUEST: ReadonlySet<Refusal["code"]> = new Set(["dual-stack-impossible", "family-mismatch"]);

/**
 * Explains for every pool why the Service, which has `held` now, gets its addresses from it or why not. The pools that it
 * may use without asking come first, in the order in which they are looked at; the others follow by name. It agrees with
 * `chooseAddresses` and changes nothing.
 */
export function considerPools(
  allocator: Allocator,
  request: ServiceRequest,
  held: readonly IpAddress[],
): readonly PoolConsideration[] {
  const chosen = chooseAddresses(allocator, request, held);
  const used = chosen.ok ? allocator.poolOf(chosen.value.addresses[0]!)?.name : undefined;
  const inOrder = new Set([...allocator.pools.automaticFor(request).flat(), ...allocator.pools.all()]);
  return Array.from(inOrder, (spaces) => {
    const { name } = spaces.pool;
    const verdict: PoolVerdict = name === used ? { kind: "used" } : unused(allocator, request, spaces, chosen);
    return { pool: name, verdict };
  });
}

/** The verdict in words. There is nothing to mend about a pool that is used. */
export function describeVerdict(verdict: PoolVerdict): RefusalText {
  switch (verdict.kind) {
    case "used":
      return { explanation: "the Service's addresses are from here", fix: "" };
    case "passed-over":
      return { explanation: "it has addresses, but the Service has one elsewhere", fix: "request this pool" };
    case "auto-assign-off":
      return { explanation: "its autoAssign is false", fix: "request this pool, or set autoAssign to true" };
    case "not-requested":
      return { explanation: "the Service requests something else", fix: "request this pool, or an address of it" };
    case "not-reached":
    case "refused":
      return describeRefusal(verdict.refusal);
  }
}

function unused(allocator: Allocator, request: ServiceRequest, spaces: PoolSpaces, chosen: Chosen): PoolVerdict {
  if (!chosen.ok && OF_THE_REQUEST.has(chosen.error.code)) return { kind: "not-reached", refusal: chosen.error };
  const { pool } = spaces;
  const isAsked = request.pool === pool.name || request.addresses.some((address) => allocator.poolOf(address) === pool);
  if (request.addresses.length > 0)
    return isAsked && !chosen.ok ? { kind: "refused", refusal: chosen.error } : { kind: "not-requested" };
  if (request.pool !== undefined && !isAsked) return { kind: "not-requested" };
  return untouched(spaces, request);
}

/** A pool from which the Service may get any address. */
function untouched(spaces: PoolSpaces, request: ServiceRequest): PoolVerdict {
  const { pool } = spaces;
  const refusal = poolRefusal(pool, request);
  if (refusal !== undefined) return { kind: "refused", refusal };
  if (!pool.autoAssign && request.pool === undefined) return { kind: "auto-assign-off" };
  const offer = chooseFresh([[spaces]], request);
  return offer.ok ? { kind: "passed-over" } : { kind: "refused", refusal: offer.error };
}
