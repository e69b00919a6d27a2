import { describe, expect, test } from "vitest";
import { NO_PAINT } from "../render/paint.ts";
import type { PlanReport, ServiceChange } from "./plan-report.ts";
import { renderPlan } from "./render-plan.ts";

const EMPTY: PlanReport = {
  summary: "nothing changes: the cluster has these objects already",
  valid: true,
  disruptive: false,
  issues: [],
  objects: [],
  services: [],
  unchanged: 0,
  stillPending: 0,
  pools: [],
  notes: [],
};

const OUTSIDE = {
  code: "address-outside-pools",
  explanation: "10.0.0.9 is in no IPAddressPool",
  fix: "request an address of a pool, or extend one",
} as const;

function render(report: Partial<PlanReport>, width = 80): string {
  return renderPlan({ ...EMPTY, ...report }, { paint: NO_PAINT, width });
}

describe("on a terminal of 80 columns", () => {
  test("a pool that shrinks", () => {
    const use = (inUse: string, total: string) => ({
      IPv4: { inUse, total },
      IPv6: { inUse: "0", total: "18446744073709551616" },
    });
    const services: readonly ServiceChange[] = [
      {
        service: "shop/web",
        change: "lose",
        from: [{ address: "10.0.0.9", pool: "gold" }],
        to: [],
        why: [
          OUTSIDE,
          { code: "pool-exhausted", explanation: "no free IPv4 address in pool gold", fix: "extend the pool" },
        ],
      },
      {
        service: "shop/dns",
        change: "move",
        from: [
          { address: "10.0.0.8", pool: "gold" },
          { address: "fd00::8", pool: "gold" },
        ],
        to: [
          { address: "10.1.0.0", pool: "new" },
          { address: "fd01::", pool: "new" },
        ],
        why: [],
      },
      { service: "prod/late", change: "gain", from: [], to: [{ address: "10.1.0.1", pool: "new" }], why: [] },
    ];
    const report = {
      summary: "1 Service would lose an address, 1 Service would move to another address",
      disruptive: true,
      objects: [
        { object: "IPAddressPool metallb-system/gold", change: "changed" },
        { object: "IPAddressPool metallb-system/new", change: "added" },
      ],
      services,
      pools: [
        { pool: "gold", before: use("9", "16"), after: use("8", "8") },
        { pool: "new", after: use("2", "65536") },
        { pool: "old", before: use("0", "4") },
      ],
      notes: ["the status of nothing is known"],
    } as const;
    expect(render(report)).toMatchInlineSnapshot(`
      "1 Service would lose an address, 1 Service would move to another address.

      Objects
        CHANGE   OBJECT
        changed  IPAddressPool metallb-system/gold
        added    IPAddressPool metallb-system/new

      Services
        CHANGE  SERVICE    FROM                      TO
        loses   shop/web   10.0.0.9 (gold)           none
            10.0.0.9 is in no IPAddressPool, and no free IPv4 address in pool gold;
            extend the pool
        moves   shop/dns   10.0.0.8, fd00::8 (gold)  10.1.0.0, fd01:: (new)
        gains   prod/late  none                      10.1.0.1 (new)

      Pools, addresses in use
        POOL  BEFORE              AFTER
        gold  9/16 v4, 0/2^64 v6  8/8 v4, 0/2^64 v6
        new   not there           2/65536 v4, 0/2^64 v6
        old   0/4 v4, 0/2^64 v6   gone

      Notes
        the status of nothing is known
      "
    `);
  });

  test("errors", () => {
    const issue = {
      severity: "error",
      object: "IPAddressPool metallb-system/b",
      field: "spec.addresses[0]",
      message: "m",
      fix: "f",
    } as const;
    const issues = [
      { ...issue, path: "pools.yaml", line: 7, isNew: true },
      { ...issue, path: "", line: 0, isNew: false },
    ];
    expect(render({ valid: false, summary: "the change is refused: 1 error", issues })).toMatchInlineSnapshot(`
      "the change is refused: 1 error.

      Errors and warnings
        pools.yaml:7: error: IPAddressPool metallb-system/b: spec.addresses[0]: m; f
        in the cluster: error (not new): IPAddressPool metallb-system/b: spec.addresses[0]: m; f
      "
    `);
  });
});

test("of many Services some are listed", () => {
  const services = Array.from({ length: 120 }, (_, i) => ({
    service: `default/s${i}`,
    change: "gain" as const,
    from: [],
    to: [{ address: `10.0.0.${i}`, pool: "gold" }],
    why: [],
  }));
  const text = render({ services });
  expect(text).toContain("default/s49");
  expect(text).not.toContain("default/s50");
  expect(text).toContain("70 more");
});

test("nothing to say", () => {
  expect(render({})).toBe("nothing changes: the cluster has these objects already.\n");
});
