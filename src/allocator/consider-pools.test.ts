import { describe, expect, test } from "vitest";
import { parseAddress } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import { Allocator } from "./allocator.ts";
import { chooseAddresses } from "./choose.ts";
import { considerPools, describeVerdict } from "./consider-pools.ts";
import type { Pool, ServiceAllocation } from "./pool.ts";
import type { Holder, ServiceRequest } from "./request.ts";
import { newHolder } from "./request.ts";

const ADDRESS = { IPv4: "10.0.0.", IPv6: "fd00::" } as const;

/** A pool of one address per family: the `n`th. */
function pool(name: string, n: number, families: readonly Family[], more: Partial<Pool> = {}): Pool {
  const ranges = families.map((family) => {
    const first = parseAddress(`${ADDRESS[family]}${n}`)!;
    return { first, last: first };
  });
  return { name, ranges, autoAssign: true, avoidBuggyIPs: false, serviceAllocation: undefined, ...more };
}

function serving(more: Partial<ServiceAllocation>): Pick<Pool, "serviceAllocation"> {
  return { serviceAllocation: { priority: 0, namespaces: undefined, matchesService: undefined, ...more } };
}

function request(families: readonly Family[], more: Partial<ServiceRequest> = {}): ServiceRequest {
  return {
    id: "shop/web",
    namespace: "shop",
    labels: {},
    families,
    policy: families.length > 1 ? "RequireDualStack" : "SingleStack",
    terms: { sharingKey: "", backendKey: "", ports: ["TCP/80"] },
    addresses: [],
    pool: undefined,
    ...more,
  };
}

function occupy(allocator: Allocator, name: string, families: readonly Family[]): Holder {
  const wanted = request(families, { id: `other/${name}`, namespace: "other", pool: name });
  const chosen = chooseAddresses(allocator, wanted, []);
  if (!chosen.ok) throw new Error(chosen.error.code);
  const holder = newHolder(wanted.id);
  allocator.assign(holder, wanted.terms, chosen.value.addresses);
  return holder;
}

function verdicts(allocator: Allocator, wanted: ServiceRequest, holder = newHolder(wanted.id)): Record<string, string> {
  const considered = considerPools(allocator, wanted, holder.addresses);
  return Object.fromEntries(
    considered.map(({ pool, verdict }) => [pool, "refusal" in verdict ? verdict.refusal.code : verdict.kind]),
  );
}

const CASES: readonly { readonly name: string; readonly families: readonly Family[] }[] = [
  { name: "IPv4", families: ["IPv4"] },
  { name: "IPv6", families: ["IPv6"] },
  { name: "dual stack", families: ["IPv4", "IPv6"] },
];

describe.each(CASES)("every pool has a verdict for an $name Service", ({ families }) => {
  const [first] = families as [Family];

  function world(): Allocator {
    const allocator = new Allocator();
    allocator.setPools([
      pool("a-full", 1, families),
      pool("b-good", 2, families),
      pool("c-later", 3, families),
      pool("d-elsewhere", 4, families, serving({ namespaces: new Set(["bank"]) })),
      pool("e-labels", 5, families, serving({ matchesService: () => false })),
      pool("f-manual", 6, families, { autoAssign: false }),
      pool("g-other-family", 7, first === "IPv4" ? ["IPv6"] : ["IPv4"]),
      pool("z-pinned-full", 8, families, serving({})),
    ]);
    for (const name of ["a-full", "z-pinned-full"]) occupy(allocator, name, families);
    return allocator;
  }

  const WANT = {
    "z-pinned-full": "pool-exhausted",
    "a-full": "pool-exhausted",
    "b-good": "used",
    "c-later": "passed-over",
    "g-other-family": "family-not-in-pools",
    "d-elsewhere": "namespace-not-allowed",
    "e-labels": "service-not-selected",
    "f-manual": "auto-assign-off",
  };

  test("that asks for nothing, in the order in which pools are looked at", () => {
    const result = verdicts(world(), request(families));
    expect(result).toEqual(WANT);
    expect(Object.keys(result)).toEqual(Object.keys(WANT));
  });

  test("that has an address and stays, although pools come before it", () => {
    const allocator = world();
    const wanted = request(families);
    const holder = newHolder(wanted.id);
    allocator.assign(
      holder,
      wanted.terms,
      families.map((family) => parseAddress(`${ADDRESS[family]}3`)!),
    );
    expect(verdicts(allocator, wanted, holder)).toEqual({ ...WANT, "b-good": "passed-over", "c-later": "used" });
  });

  test.each([
    { asked: "f-manual", want: "used" },
    { asked: "a-full", want: "pool-exhausted" },
    { asked: "d-elsewhere", want: "namespace-not-allowed" },
    { asked: "nowhere", want: undefined },
  ])("that asks for pool $asked", ({ asked, want }) => {
    const { [asked]: verdict, ...others } = verdicts(world(), request(families, { pool: asked }));
    expect(verdict).toBe(want);
    expect(new Set(Object.values(others))).toEqual(new Set(["not-requested"]));
  });

  test("that asks for addresses", () => {
    const addresses = families.map((family) => parseAddress(`${ADDRESS[family]}1`)!);
    const wanted = request(families, { addresses });
    expect(verdicts(world(), wanted)).toMatchObject({ "a-full": "address-in-use", "b-good": "not-requested" });
    expect(verdicts(world(), { ...wanted, pool: "b-good" })).toMatchObject({
      "a-full": "address-in-other-pool",
      "b-good": "address-in-other-pool",
      "c-later": "not-requested",
    });
  });
});

test("when the request itself is refused, every pool says that", () => {
  const allocator = new Allocator();
  allocator.setPools([pool("p", 1, ["IPv4"]), pool("q", 2, ["IPv6"])]);
  const impossible = request(["IPv6"], { policy: "RequireDualStack" });
  expect(verdicts(allocator, impossible)).toEqual({ p: "dual-stack-impossible", q: "dual-stack-impossible" });
  const [considered] = considerPools(allocator, impossible, []);
  expect(considered!.verdict.kind).toBe("not-reached");
});

test("a verdict in words says what to do", () => {
  expect(describeVerdict({ kind: "auto-assign-off" })).toEqual({
    explanation: "its autoAssign is false",
    fix: "request this pool, or set autoAssign to true",
  });
  expect(describeVerdict({ kind: "used" }).fix).toBe("");
  const refusal = { code: "pool-exhausted", families: ["IPv6"], pools: ["p"], poolCount: 1 } as const;
  expect(describeVerdict({ kind: "refused", refusal })).toEqual({
    explanation: "no free IPv6 address in pool p",
    fix: "extend the pool, release an address, or share one",
  });
});
