import { type Millis, seconds } from "../lib/duration.ts";
import type { KubeObject, ResourceType } from "../ports/kube.ts";

export const LEASE: ResourceType = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};

/** What a Lease says, as every Kubernetes component that elects a leader writes it. */
export interface LeaseRecord {
  /** Who holds it; "": it was given back, nobody does. */
  readonly holder: string;
  /** For how long it counts after a renewal, unless it is renewed again. */
  readonly duration: Millis;
  /** RFC 3339. Of the holder's clock, so only for people. */
  readonly acquireTime: string | undefined;
  /** How often the holder has changed. */
  readonly transitions: number;
  readonly resourceVersion: string;
}

/** A Lease that says nothing about its duration counts for this long, and none for longer than the other. */
const DEFAULT_DURATION = seconds(15);
const LONGEST_DURATION = seconds(60);

export function projectLease(object: KubeObject): LeaseRecord {
  const spec = isRecord(object["spec"]) ? object["spec"] : {};
  const { holderIdentity, leaseDurationSeconds, acquireTime, leaseTransitions } = spec;
  const duration = isCount(leaseDurationSeconds) ? seconds(leaseDurationSeconds) : DEFAULT_DURATION;
  return {
    holder: typeof holderIdentity === "string" ? holderIdentity : "",
    duration: duration > LONGEST_DURATION ? LONGEST_DURATION : duration,
    acquireTime: typeof acquireTime === "string" ? acquireTime : undefined,
    transitions: isCount(leaseTransitions) ? leaseTransitions : 0,
    resourceVersion: object.metadata.resourceVersion ?? "",
  };
}

/** The Lease as it is to be after a write. `renewTime` and `acquireTime` are wall-clock milliseconds or RFC 3339. */
export function leaseObject(
  name: { readonly namespace: string; readonly name: string },
  record: Omit<LeaseRecord, "resourceVersion">,
  options: { readonly renewTime: number; readonly resourceVersion: string | undefined },
): object {
  const { renewTime, resourceVersion } = options;
  return {
    apiVersion: `${LEASE.group}/${LEASE.version}`,
    kind: LEASE.kind,
    metadata: { ...name, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    spec: {
      holderIdentity: record.holder,
      leaseDurationSeconds: Math.ceil(record.duration / 1000),
      ...(record.acquireTime === undefined ? {} : { acquireTime: record.acquireTime }),
      renewTime: microTime(renewTime),
      leaseTransitions: record.transitions,
    },
  };
}

/** metav1.MicroTime: RFC 3339 with six digits behind the second. */
export function microTime(wallTime: number): string {
  return new Date(wallTime).toISOString().replace("Z", "000Z");
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
