import fc from "fast-check";
import type { ControllerLab } from "./controller-lab.ts";

export const POOLS = ["a", "b", "c"] as const;
type PoolName = (typeof POOLS)[number];

/** What a pool may be made of; no two overlap, in whatever combination. */
const RANGES: Readonly<Record<PoolName, readonly string[]>> = {
  a: ["10.0.0.0/31", "10.0.0.2/31", "fd00::/127", "fd00::2/127"],
  b: ["10.1.0.0/31", "10.1.0.2/32", "fd01::/126"],
  c: ["10.2.0.255/32", "10.2.1.0/31", "fd02::/128"],
};

const allocation = fc.constantFrom(
  undefined,
  { namespaces: ["default"] },
  { namespaces: ["other"] },
  { priority: 5, namespaces: ["default"] },
);

function poolSpec(name: PoolName) {
  return fc.record({
    addresses: fc.subarray([...RANGES[name]], { minLength: 1 }),
    autoAssign: fc.boolean(),
    avoidBuggyIPs: fc.boolean(),
    serviceAllocation: allocation,
  });
}

/** Spec of each pool that there is. */
export type PoolSpecs = Partial<Readonly<Record<PoolName, { readonly addresses: readonly string[] }>>>;

export const poolSpecs = fc.record(
  { a: poolSpec("a"), b: poolSpec("b"), c: poolSpec("c") },
  { requiredKeys: [] },
) as fc.Arbitrary<PoolSpecs>;

const serviceSpec = fc.record({
  families: fc.constantFrom<("IPv4" | "IPv6")[]>(["IPv4"], ["IPv6"], ["IPv4", "IPv6"], ["IPv6", "IPv4"]),
  policy: fc.constantFrom("SingleStack" as const, "PreferDualStack" as const, "RequireDualStack" as const),
  ports: fc.subarray(["TCP/80", "TCP/443", "UDP/53"], { minLength: 1 }),
  annotations: fc.record(
    {
      "metallb.io/allow-shared-ip": fc.constantFrom("k", "l"),
      "metallb.io/address-pool": fc.constantFrom("a", "b"),
      "metallb.io/loadBalancerIPs": fc.constantFrom("10.0.0.1", "fd00::1", "10.1.0.2"),
    },
    { requiredKeys: [] },
  ),
});

/** Services that compete for few addresses, by sharing keys, requests and families. */
export const serviceSpecs = fc.array(serviceSpec, { maxLength: 8 });

/** Makes these the pools of the cluster. */
export function applyPools(lab: ControllerLab, pools: PoolSpecs): void {
  for (const name of POOLS) {
    const spec = pools[name];
    if (spec === undefined) lab.removePool(name);
    else lab.pool(name, spec);
  }
}
