import fc from "fast-check";
import type { ModelService } from "./allocation-world.ts";

/** Ranges that a pool of this name may have: they never overlap, and are small, since there must be collisions. */
export const POOL_RANGES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  p0: [["10.0.0.255", "10.0.1.0"]],
  p1: [
    ["10.1.0.1", "10.1.0.1"],
    ["fd00:1::", "fd00:1::1"],
  ],
  p2: [["fd00:2::5", "fd00:2::6"]],
};

/** One of them is in no pool. */
const ADDRESSES = ["10.0.0.255", "10.0.1.0", "10.1.0.1", "fd00:1::", "fd00:2::5", "10.9.9.9"];

const dual = fc.constantFrom<readonly ("IPv4" | "IPv6")[]>(["IPv4", "IPv6"], ["IPv6", "IPv4"]);
const single = fc.constantFrom<readonly ("IPv4" | "IPv6")[]>(["IPv4"], ["IPv6"]);
const stack = fc.oneof(
  { weight: 3, arbitrary: fc.record({ families: single, policy: fc.constant("SingleStack" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      families: fc.oneof(dual, single),
      policy: fc.constantFrom("PreferDualStack" as const, "RequireDualStack" as const),
    }),
  },
);

/** Services that ask for everything there is, for few addresses of few pools, so that they meet. */
export const modelService: fc.Arbitrary<ModelService> = fc
  .tuple(
    stack,
    fc.record({
      namespace: fc.constantFrom("a", "b"),
      type: fc.constantFrom(
        "LoadBalancer" as const,
        "LoadBalancer" as const,
        "LoadBalancer" as const,
        "ClusterIP" as const,
      ),
      key: fc.constantFrom("", "k", "k", "l"),
      local: fc.constantFrom(false, false, true),
      selector: fc.constantFrom({}, { app: "x" }, { app: "y" }),
      ports: fc.subarray(["TCP/80", "TCP/443", "UDP/80"], { minLength: 1 }),
      addresses: fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.subarray(ADDRESSES, { minLength: 1, maxLength: 2 }) },
      ),
      pool: fc.constantFrom("", "", "", "p0", "p1", "nowhere"),
    }),
  )
  .map(([chosen, rest]) => ({ ...chosen, ...rest }));
