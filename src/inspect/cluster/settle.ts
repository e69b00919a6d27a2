import type { ServicePlan } from "../../controller/service-plan.ts";
import type { ServiceReconciler } from "../../controller/service-reconciler.ts";
import type { ServiceView } from "../../config/service.ts";
import { POOL_ANNOTATION } from "../../config/service.ts";
import { formatAddress } from "../../ip/address.ts";

/** More rounds than any cascade needs; a bound all the same. */
const MOST_ROUNDS = 100;

/**
 * Lets every Service show what was decided for it, as it does after the controller has written, until nothing changes
 * any more: what is decided next is then decided as by a controller that has run for a while.
 */
export function settle(services: ServiceReconciler, ids: readonly string[]): void {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const stale = ids.filter((id) => !showsPlan(services, id));
    if (stale.length === 0) return;
    for (const id of stale) services.set(id, written(services.service(id)!, services.plan(id)!));
  }
}

function showsPlan(services: ServiceReconciler, id: string): boolean {
  const plan = services.plan(id);
  if (plan === undefined) return true;
  const { ingress, annotations } = services.service(id)!;
  const shown = ingress.map(({ ip }) => ip).join();
  return shown === plan.addresses.map(formatAddress).join() && annotations[POOL_ANNOTATION] === plan.pool;
}

function written(service: ServiceView, { addresses, pool }: ServicePlan): ServiceView {
  const { [POOL_ANNOTATION]: _, ...others } = service.annotations;
  return {
    ...service,
    annotations: pool === undefined ? others : { ...others, [POOL_ANNOTATION]: pool },
    ingress: addresses.map((address) => ({ ip: formatAddress(address), hostname: "" })),
  };
}
