import type { IpAddress } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";

/** `namespace/name` of a Service. */
export type ServiceId = string;

/** A protocol and port, `TCP/80`. */
export type PortKey = string;

/** What decides with whom a Service may share an address, apart from its ports. */
export interface SharingTerms {
  /** The user's sharing key; "" means alone. */
  readonly sharingKey: string;
  /**
   * Services share only when these are equal: "" with externalTrafficPolicy Cluster, else the selector, because with
   * Local the nodes that have endpoints must be the same for all of them.
   */
  readonly backendKey: string;
}

export interface Terms extends SharingTerms {
  readonly ports: readonly PortKey[];
}

export type IpFamilyPolicy = "SingleStack" | "PreferDualStack" | "RequireDualStack";

/** What a Service asks of the allocator. */
export interface ServiceRequest {
  readonly id: ServiceId;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Families it can take addresses of, the preferred one first. One or two. */
  readonly families: readonly Family[];
  readonly policy: IpFamilyPolicy;
  readonly terms: Terms;
  /** Exactly these addresses, one per family at most; empty: any. */
  readonly addresses: readonly IpAddress[];
  /** Only this pool; undefined: any that may be used automatically. */
  readonly pool: string | undefined;
}

/**
 * A Service's place in the allocator: what it has, in the order of its families, and on what terms. Whoever keeps the
 * Service keeps this; only the allocator changes it.
 */
export interface Holder {
  readonly id: ServiceId;
  terms: Terms;
  addresses: readonly IpAddress[];
}

/** A Service that has nothing yet. */
export function newHolder(id: ServiceId): Holder {
  return { id, terms: { sharingKey: "", backendKey: "", ports: [] }, addresses: [] };
}

export function sameSharing(a: SharingTerms, b: SharingTerms): boolean {
  return a.sharingKey === b.sharingKey && a.backendKey === b.backendKey;
}
