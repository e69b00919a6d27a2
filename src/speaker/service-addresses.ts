import type { ServiceView } from "../config/service.ts";
import { isOurClass } from "../config/service.ts";
import type { IpAddress } from "../ip/address.ts";
import { parseAddress } from "../ip/address.ts";
import type { PoolIndex } from "./pool-index.ts";

/** Why a Service is none of our business. */
export type ForeignReason = "notLoadBalancer" | "otherLoadBalancerClass";

/** Why there is nothing to announce of a Service, by whatever protocol. */
export type NoAddressReason = ForeignReason | "noIPAllocated" | "invalidIP" | "ipNotAllowed";

/** Undefined: the Service is ours. */
export function notOurs(service: ServiceView, loadBalancerClass: string): ForeignReason | undefined {
  if (service.type !== "LoadBalancer") return "notLoadBalancer";
  return isOurClass(service, loadBalancerClass) ? undefined : "otherLoadBalancerClass";
}

/** What may be announced of a Service, with the one pool that has all of it; or why nothing may. */
export function addressesOf(
  service: ServiceView,
  { loadBalancerClass, pools }: { readonly loadBalancerClass: string; readonly pools: PoolIndex },
): { readonly addresses: readonly IpAddress[]; readonly pool: string } | { readonly refusal: NoAddressReason } {
  const foreign = notOurs(service, loadBalancerClass);
  if (foreign !== undefined) return { refusal: foreign };
  if (service.ingress.length === 0) return { refusal: "noIPAllocated" };
  const addresses = service.ingress.map(({ ip }) => parseAddress(ip)).filter((address) => address !== undefined);
  if (addresses.length < service.ingress.length) return { refusal: "invalidIP" };
  const pool = pools.poolOf(addresses);
  return pool === undefined ? { refusal: "ipNotAllowed" } : { addresses, pool };
}
