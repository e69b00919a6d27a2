import type { IpAddress } from "../ip/address.ts";
import { formatAddress } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import type { PortKey, ServiceId } from "./request.ts";

/** Pools that were looked at: the first of them by name, and how many there are. */
interface PoolNames {
  readonly pools: readonly string[];
  readonly poolCount: number;
}

/** Why a Service doesn't get an address, or not the one it asked for. */
export type Refusal =
  /** What the user wrote can't be read. `field` is a field or an annotation. */
  | { readonly code: "request-malformed"; readonly field: string; readonly value: string; readonly problem: string }
  /** Addresses are asked for in two places. */
  | { readonly code: "request-contradictory"; readonly fields: readonly string[] }
  | { readonly code: "cluster-ip-missing" }
  /** RequireDualStack, but the Service has one cluster IP. */
  | { readonly code: "dual-stack-impossible" }
  | { readonly code: "family-mismatch"; readonly asked: readonly Family[]; readonly service: readonly Family[] }
  | { readonly code: "no-pools" }
  | { readonly code: "pool-unknown"; readonly pool: string }
  | { readonly code: "namespace-not-allowed"; readonly pool: string; readonly namespace: string }
  | { readonly code: "service-not-selected"; readonly pool: string }
  /** Pools exist, but none of them may be used automatically for this Service. */
  | { readonly code: "no-pool-for-service" }
  | ({ readonly code: "family-not-in-pools"; readonly families: readonly Family[] } & PoolNames)
  /** None of the pools has addresses of all these families to give. */
  | ({ readonly code: "pool-exhausted"; readonly families: readonly Family[] } & PoolNames)
  | { readonly code: "address-outside-pools"; readonly address: IpAddress }
  | { readonly code: "address-avoided"; readonly address: IpAddress; readonly pool: string }
  | {
      readonly code: "address-in-other-pool";
      readonly address: IpAddress;
      readonly pool: string;
      readonly asked: string;
    }
  | {
      readonly code: "addresses-in-two-pools";
      readonly addresses: readonly IpAddress[];
      readonly pools: readonly string[];
    }
  /** One of the two Services has no sharing key. */
  | {
      readonly code: "address-in-use";
      readonly address: IpAddress;
      readonly other: ServiceId;
      readonly keyless: boolean;
    }
  | {
      readonly code: "sharing-key-conflict";
      readonly address: IpAddress;
      readonly key: string;
      readonly other: ServiceId;
      readonly otherKey: string;
    }
  /** Same sharing key, but not both Cluster and not the same selector. */
  | { readonly code: "backend-conflict"; readonly address: IpAddress; readonly key: string; readonly other: ServiceId }
  | { readonly code: "port-conflict"; readonly address: IpAddress; readonly port: PortKey; readonly other: ServiceId };

export type RefusalCode = Refusal["code"];

type Explain<C extends RefusalCode> = (
  refusal: Extract<Refusal, { code: C }>,
) => readonly [sentence: string, fix: string];

/** What each refusal means and what mends it. Collisions between Services contain the word `conflict`: people grep for it. */
const EXPLANATIONS: { readonly [C in RefusalCode]: Explain<C> } = {
  "request-malformed": (r) => [`${r.field} is ${quote(r.value)}: ${r.problem}`, `correct ${r.field}`],
  "request-contradictory": (r) => [`addresses are requested by ${r.fields.join(" and by ")}`, "use only one of them"],
  "cluster-ip-missing": () => ["the Service has no cluster IP", "don't make it headless: remove clusterIP None"],
  "dual-stack-impossible": () => [
    "ipFamilyPolicy is RequireDualStack, but the Service has only one cluster IP",
    "use SingleStack or PreferDualStack, or a dual-stack cluster",
  ],
  "family-mismatch": (r) => [
    `${r.asked.join(" and ")} requested, but the Service is ${r.service.join(" and ")}`,
    "request addresses of the Service's own families, one of each with RequireDualStack",
  ],
  "no-pools": () => ["there is no IPAddressPool", "create one"],
  "pool-unknown": (r) => [`there is no IPAddressPool ${quote(r.pool)}`, "correct the pool's name, or create it"],
  "namespace-not-allowed": (r) => [
    `pool ${quote(r.pool)} does not serve namespace ${quote(r.namespace)}`,
    "extend the pool's serviceAllocation, or use another pool",
  ],
  "service-not-selected": (r) => [
    `the Service's labels match none of the serviceSelectors of pool ${quote(r.pool)}`,
    "extend the pool's serviceAllocation, or use another pool",
  ],
  "no-pool-for-service": () => [
    "no pool assigns addresses to this Service automatically",
    "request a pool or an address, or check autoAssign and serviceAllocation of the pools",
  ],
  "family-not-in-pools": (r) => [
    `no ${r.families.join(" and ")} addresses in ${poolList(r)}`,
    "add a range of that family to the pool",
  ],
  "pool-exhausted": (r) => [
    `no free ${r.families.join(" and ")} address${r.families.length > 1 ? " pair" : ""} in ${poolList(r)}`,
    "extend the pool, release an address, or share one",
  ],
  "address-outside-pools": (r) => [
    `${formatAddress(r.address)} is in no IPAddressPool`,
    "request an address of a pool, or extend one",
  ],
  "address-avoided": (r) => [
    `${formatAddress(r.address)} is left out of pool ${quote(r.pool)} by avoidBuggyIPs`,
    "request another address",
  ],
  "address-in-other-pool": (r) => [
    `${formatAddress(r.address)} is in pool ${quote(r.pool)}, not in the requested ${quote(r.asked)}`,
    "correct the requested address or pool",
  ],
  "addresses-in-two-pools": (r) => [
    `${r.addresses.map(formatAddress).join(" and ")} are in two pools (${r.pools.join(", ")})`,
    "request addresses of one pool",
  ],
  "address-in-use": (r) => [
    `address conflict: ${formatAddress(r.address)} is in use by ${r.other}`,
    r.keyless
      ? "set the same metallb.io/allow-shared-ip on both to share it, or use another address"
      : `set metallb.io/allow-shared-ip on ${r.other} too, or use another address`,
  ],
  "sharing-key-conflict": (r) => [
    `sharing key conflict on ${formatAddress(r.address)}: the key is ${quote(r.key)}, but ${r.other} has ${quote(r.otherKey)}`,
    "use the same key on both, or another address",
  ],
  "backend-conflict": (r) => [
    `backend conflict on ${formatAddress(r.address)}: ${r.other} has the key ${quote(r.key)} too, but not the same backends`,
    "use externalTrafficPolicy Cluster on both, or Local with the same selector, or another address",
  ],
  "port-conflict": (r) => [
    `port conflict on ${formatAddress(r.address)}: ${r.port} is in use by ${r.other}`,
    "use another port or another address",
  ],
};

/** Every code there is. */
export const REFUSAL_CODES = Object.keys(EXPLANATIONS) as readonly RefusalCode[];

/** A refusal in words. */
export interface RefusalText {
  /** What is the case, without a full stop. */
  readonly explanation: string;
  /** What to do about it. */
  readonly fix: string;
}

/** A sentence for people, with what mends it: `explanation; fix`. */
export function explainRefusal(refusal: Refusal): string {
  const { explanation, fix } = describeRefusal(refusal);
  return `${explanation}; ${fix}`;
}

/** What the refusal means and what mends it, for those who show the two apart. */
export function describeRefusal<C extends RefusalCode>(refusal: Extract<Refusal, { code: C }>): RefusalText {
  const code: C = refusal.code;
  const [explanation, fix] = EXPLANATIONS[code](refusal);
  return { explanation, fix };
}

/** The code as the API spells reasons: `port-conflict` is `PortConflict`. */
export function refusalReason(code: RefusalCode): string {
  return code.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The Service that stands in the way, if it is one. */
export function refusingService(refusal: Refusal): ServiceId | undefined {
  return "other" in refusal ? refusal.other : undefined;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 256 ? `${text.slice(0, 256)}…` : text);
}

function poolList({ pools, poolCount }: PoolNames): string {
  const more = poolCount > pools.length ? ` and ${poolCount - pools.length} more` : "";
  return `${poolCount === 1 ? "pool" : "pools"} ${pools.join(", ")}${more}`;
}
