import { Allocator } from "../../allocator/allocator.ts";
import type { ConfigIssue } from "../../config/issues.ts";
import { parsePools } from "../../config/parse-pools.ts";
import { keyOfService } from "../../controller/service-key.ts";
import { ServiceReconciler } from "../../controller/service-reconciler.ts";
import type { Log } from "../../ports/log.ts";
import type { ClusterSnapshot } from "./snapshot.ts";

/** The controller's decisions on every Service of a cluster. */
export interface Decisions {
  readonly allocator: Allocator;
  /** Without plans when there are issues. */
  readonly services: ServiceReconciler;
  /** Of the pools. With any, a controller that starts decides nothing, and one that runs goes on with what was valid. */
  readonly issues: readonly ConfigIssue[];
}

const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => SILENT,
};

/**
 * What a controller that starts now would decide: its own code over what was read. `loadBalancerClass` is its
 * `--lb-class`.
 */
export function decide(snapshot: ClusterSnapshot, loadBalancerClass: string): Decisions {
  const allocator = new Allocator();
  const nobodyListens = { onPlan: () => undefined, onRefusal: () => undefined };
  const services = new ServiceReconciler({ allocator, loadBalancerClass, log: SILENT, ...nobodyListens });
  for (const service of snapshot.services) services.set(keyOfService(service), service);
  const { pools, issues } = parsePools(snapshot.pools, snapshot.namespaces);
  if (issues.length === 0) services.setPools(pools);
  return { allocator, services, issues };
}
