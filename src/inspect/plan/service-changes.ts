import type { Allocator } from "../../allocator/allocator.ts";
import type { Refusal } from "../../allocator/refusal.ts";
import { describeRefusal } from "../../allocator/refusal.ts";
import type { ServicePlan } from "../../controller/service-plan.ts";
import { formatAddress } from "../../ip/address.ts";
import type { ChangeReason, PlacedAddress, ServiceChange } from "./plan-report.ts";

/** What a Service has at one time, and what is said about it. */
export interface Holding {
  readonly addresses: readonly PlacedAddress[];
  readonly plan: ServicePlan | undefined;
}

const ORDER = { lose: 0, move: 1, repool: 2, gain: 3 } as const satisfies Readonly<
  Record<ServiceChange["change"], number>
>;

export function holdingOf(allocator: Allocator, plan: ServicePlan | undefined): Holding {
  const addresses = (plan?.addresses ?? []).map((address) => ({
    address: formatAddress(address),
    pool: allocator.poolOf(address)?.name ?? "",
  }));
  return { addresses, plan };
}

/** What changes for a Service; undefined: nothing. `reasons` are those for which addresses went. */
export function serviceChange(
  service: string,
  before: Holding,
  after: Holding,
  reasons: ServicePlan["lost"],
): ServiceChange | undefined {
  const [from, to] = [before.addresses, after.addresses];
  const lost = from.filter(({ address }) => !has(to, address));
  const gained = to.filter(({ address }) => !has(from, address));
  const repooled = from.some(({ address, pool }) =>
    to.some((other) => other.address === address && other.pool !== pool),
  );
  if (lost.length === 0 && gained.length === 0 && !repooled) return undefined;
  const change = lost.length > 0 ? (gained.length > 0 ? "move" : "lose") : gained.length > 0 ? "gain" : "repool";
  return { service, change, from, to, why: lost.length === 0 ? [] : whyGone(after.plan, lost, reasons, change) };
}

/** By how bad it is, then by name. */
export function byGravity(a: ServiceChange, b: ServiceChange): number {
  return ORDER[a.change] - ORDER[b.change] || (a.service < b.service ? -1 : 1);
}

/** Why what is gone had to go and, when nothing took its place, why not. Each reason once. */
function whyGone(
  plan: ServicePlan | undefined,
  lost: readonly PlacedAddress[],
  reasons: ServicePlan["lost"],
  change: ServiceChange["change"],
): readonly ChangeReason[] {
  const gone = reasons.filter(({ address }) => has(lost, formatAddress(address))).map(({ reason }) => reason);
  const noOther = change === "lose" ? [plan?.refusal, plan?.missing].filter((reason) => reason !== undefined) : [];
  const all = [...gone, ...noOther].map(reasonOf);
  return all.filter((reason, i) => all.findIndex(({ explanation }) => explanation === reason.explanation) === i);
}

function reasonOf(refusal: Refusal): ChangeReason {
  return { code: refusal.code, ...describeRefusal(refusal) };
}

function has(addresses: readonly PlacedAddress[], address: string): boolean {
  return addresses.some((other) => other.address === address);
}
