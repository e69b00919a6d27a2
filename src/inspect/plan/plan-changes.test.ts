import { describe, expect, test } from "vitest";
import type { SnapshotSpec } from "../../../test/support/cluster-snapshot.ts";
import { poolObject, snapshotOf } from "../../../test/support/cluster-snapshot.ts";
import type { ConfigLists } from "../../config/config-kinds.ts";
import { collectConfig } from "../validate/collect-config.ts";
import { overlay } from "./overlay.ts";
import { planChanges } from "./plan-changes.ts";
import type { PlanReport } from "./plan-report.ts";

interface Change {
  /** Spec of each pool by name; a list is its addresses. */
  readonly pools?: Readonly<Record<string, readonly string[] | object>>;
  readonly objects?: readonly object[];
  readonly deleted?: readonly string[];
  readonly prune?: boolean;
  readonly takeover?: boolean;
}

const OTHERS = { l2Advertisements: [], bgpAdvertisements: [], bgpPeers: [], bfdProfiles: [], communities: [] };

function plan(cluster: SnapshotSpec, change: Change, live: Partial<ConfigLists> = {}): PlanReport {
  const snapshot = snapshotOf(cluster);
  const lists = { ...OTHERS, ipAddressPools: snapshot.pools, ...live };
  const objects = [
    ...Object.entries(change.pools ?? {}).map(([name, spec]) => poolObject(name, spec)),
    ...(change.objects ?? []),
  ];
  const text = objects.map((object) => JSON.stringify(object)).join("\n---\n");
  const files = collectConfig([{ path: "new.json", text, named: true }], snapshot.namespace);
  const edits = { given: files.objects, deleted: change.deleted ?? [], prune: change.prune ?? false };
  const changed = overlay(lists, edits);
  if (!changed.ok) throw new Error(changed.error);
  const { takeover = false } = change;
  return planChanges({
    snapshot,
    live: lists,
    overlay: changed.value,
    files,
    loadBalancerClass: "",
    takeover,
    notes: [],
  });
}

/** `move default/web 10.0.0.5@a > 10.1.0.0@b: address-outside-pools` */
function changes(report: PlanReport): readonly string[] {
  return report.services.map(({ service, change, from, to, why }) => {
    const [was, is] = [from, to].map((list) => list.map(({ address, pool }) => `${address}@${pool}`).join(","));
    return `${change} ${service} ${was} > ${is}: ${why.map(({ code }) => code).join(",")}`;
  });
}

const V4 = { name: "v4", shows: ["10.0.0.5"], pool: "a" };
const V6 = { name: "v6", families: ["IPv6"], shows: ["fd00::5"], pool: "a" } as const;
const DUAL = { name: "dual", families: ["IPv4", "IPv6"], shows: ["10.0.0.6", "fd00::6"], pool: "a" } as const;
const WIDE = ["10.0.0.0/28", "fd00::/124"];
const CLUSTER = { services: [V4, V6, DUAL], pools: { a: WIDE } };

describe("what a change does to Services of each family", () => {
  test.each<{ what: string; change: Change; cluster?: SnapshotSpec; want: readonly string[]; disruptive: boolean }>([
    { what: "the same pool", change: { pools: { a: WIDE } }, want: [], disruptive: false },
    { what: "another pool that nobody needs", change: { pools: { b: ["10.1.0.0/24"] } }, want: [], disruptive: false },
    {
      what: "the pool shrinks",
      change: { pools: { a: ["10.0.0.0/30", "fd00::/126"] } },
      want: [
        "move default/dual 10.0.0.6@a,fd00::6@a > 10.0.0.1@a,fd00::1@a: address-outside-pools,address-outside-pools",
        "move default/v4 10.0.0.5@a > 10.0.0.0@a: address-outside-pools",
        "move default/v6 fd00::5@a > fd00::@a: address-outside-pools",
      ],
      disruptive: true,
    },
    {
      what: "the pool goes",
      change: { deleted: ["a"] },
      want: [
        "lose default/dual 10.0.0.6@a,fd00::6@a > : address-outside-pools,address-outside-pools,no-pools",
        "lose default/v4 10.0.0.5@a > : address-outside-pools,no-pools",
        "lose default/v6 fd00::5@a > : address-outside-pools,no-pools",
      ],
      disruptive: true,
    },
    {
      what: "another pool takes its place",
      change: { deleted: ["IPAddressPool/a"], pools: { b: ["10.1.0.0/24", "fd01::/64"] } },
      want: [
        "move default/dual 10.0.0.6@a,fd00::6@a > 10.1.0.1@b,fd01::1@b: address-outside-pools,address-outside-pools",
        "move default/v4 10.0.0.5@a > 10.1.0.0@b: address-outside-pools",
        "move default/v6 fd00::5@a > fd01::@b: address-outside-pools",
      ],
      disruptive: true,
    },
    {
      what: "the pool gets another name",
      change: { prune: true, pools: { b: WIDE } },
      want: [
        "repool default/dual 10.0.0.6@a,fd00::6@a > 10.0.0.6@b,fd00::6@b: ",
        "repool default/v4 10.0.0.5@a > 10.0.0.5@b: ",
        "repool default/v6 fd00::5@a > fd00::5@b: ",
      ],
      disruptive: false,
    },
    {
      what: "the pool loses its IPv6 addresses",
      change: { pools: { a: ["10.0.0.0/28"] } },
      want: [
        "lose default/dual 10.0.0.6@a,fd00::6@a > 10.0.0.6@a: address-outside-pools,family-not-in-pools",
        "lose default/v6 fd00::5@a > : address-outside-pools,family-not-in-pools",
      ],
      disruptive: true,
    },
    {
      what: "the pool is for others",
      change: { pools: { a: { addresses: WIDE, serviceAllocation: { namespaces: ["shop"] } }, b: ["10.1.0.0/24"] } },
      want: [
        "move default/dual 10.0.0.6@a,fd00::6@a > 10.1.0.1@b: namespace-not-allowed",
        "move default/v4 10.0.0.5@a > 10.1.0.0@b: namespace-not-allowed",
      ],
      disruptive: true,
    },
    {
      what: "the pool is for those who ask",
      change: { pools: { a: { addresses: WIDE, autoAssign: false } } },
      want: [],
      disruptive: false,
    },
    {
      what: "addresses that end in 0 are avoided",
      cluster: { services: [{ ...V4, shows: ["10.0.0.0"] }, V6], pools: { a: WIDE } },
      change: { pools: { a: { addresses: WIDE, avoidBuggyIPs: true } } },
      want: ["move default/v4 10.0.0.0@a > 10.0.0.1@a: address-avoided"],
      disruptive: true,
    },
    {
      what: "there is room for those who wait",
      cluster: {
        services: [V4, { name: "late" }, { name: "late6", families: ["IPv6"] }],
        pools: { a: ["10.0.0.5/32"] },
      },
      change: { pools: { a: ["10.0.0.4/31"], b: ["fd00::/64"] } },
      want: ["gain default/late  > 10.0.0.4@a: ", "gain default/late6  > fd00::@b: "],
      disruptive: false,
    },
    {
      what: "one Service moves out of another one's way",
      cluster: {
        services: [V4, { name: "late", annotations: { "metallb.io/address-pool": "b" } }],
        pools: { a: ["10.0.0.5/32"] },
      },
      change: { pools: { b: ["10.0.0.5/32"], a: ["10.0.0.7/32"] } },
      want: ["repool default/v4 10.0.0.5@a > 10.0.0.5@b: "],
      disruptive: false,
    },
  ])("$what", ({ change, cluster = CLUSTER, want, disruptive }) => {
    const report = plan(cluster, change);
    expect(changes(report)).toEqual(want);
    expect(report).toMatchObject({ valid: true, disruptive, issues: [] });
    expect(report.unchanged + report.stillPending + want.length).toBe(cluster.services.length);
  });
});

test("the answer counts", () => {
  const cluster = { services: [V4, V6, DUAL, { name: "late" }], pools: { a: ["10.0.0.4/30", "fd00::4/126"] } };
  const { summary } = plan(cluster, { pools: { a: ["10.0.0.4/31", "fd00::4/126"] } });
  expect(summary).toMatchInlineSnapshot(`"1 Service would lose an address, 3 Services keep what they have"`);
  expect(plan(CLUSTER, { pools: { a: WIDE } }).summary).toBe("nothing changes: the cluster has these objects already");
  expect(plan({ services: [], pools: {} }, { pools: { a: WIDE } }).summary).toBe("no Service has or wants an address");
});

test("pools, before and after", () => {
  const { pools } = plan(CLUSTER, { deleted: ["a"], pools: { b: ["10.1.0.0/24"] } });
  expect(pools).toEqual([
    { pool: "a", before: { IPv4: { inUse: "2", total: "16" }, IPv6: { inUse: "2", total: "16" } } },
    { pool: "b", after: { IPv4: { inUse: "2", total: "256" }, IPv6: { inUse: "0", total: "0" } } },
  ]);
});

describe("errors", () => {
  const bad = {
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { name: "b" },
    spec: { adresses: [] },
  };

  test("of the files: the change is refused, and nothing is said of Services", () => {
    const report = plan(CLUSTER, { objects: [bad] });
    expect(report).toMatchObject({ valid: false, disruptive: false, services: [], pools: [] });
    expect(report.summary).toMatch(/^the change is refused: 2 errors/);
    expect(report.issues.map(({ path, field, isNew }) => [path, field, isNew])).toEqual([
      ["new.json", "spec.adresses", true],
      ["new.json", "spec.addresses", true],
    ]);
  });

  test("of files and cluster together", () => {
    const report = plan(CLUSTER, { pools: { b: ["10.0.0.8/32"] } });
    expect(report).toMatchObject({ valid: false, services: [] });
    expect(report.issues).toMatchObject([
      {
        severity: "error",
        path: "new.json",
        object: "IPAddressPool metallb-system/b",
        field: "spec.addresses[0]",
        isNew: true,
      },
    ]);
  });

  test("an object that only comes into the way of one in the cluster", () => {
    const report = plan({ services: [], pools: { z: ["10.0.0.8/32"] } }, { pools: { a: WIDE } });
    expect(report.issues).toMatchObject([{ path: "", line: 0, object: "IPAddressPool metallb-system/z", isNew: true }]);
  });

  test("those of the cluster are told apart, and pools with errors can't be used", () => {
    const cluster = { services: [V4], pools: { a: WIDE, b: ["10.0.0.8/32"] } };
    const report = plan(cluster, { pools: { c: ["10.9.0.0/24"] } });
    expect(report).toMatchObject({ valid: false, services: [], issues: [{ isNew: false }] });
    expect(report.summary).toBe("the change can't be used: the cluster's configuration has errors");
  });

  test("a change that mends the cluster: what Services show is what they have", () => {
    const cluster = { services: [V4, { name: "late" }], pools: { a: WIDE, b: ["10.0.0.8/32"] } };
    const report = plan(cluster, { deleted: ["b"], pools: { a: ["10.0.0.4/31"] } });
    expect(changes(report)).toEqual(["gain default/late  > 10.0.0.4@a: "]);
    expect(report).toMatchObject({ valid: true, disruptive: false });
    expect(report.notes).toEqual([expect.stringContaining("can't be used as they are") as string]);
  });

  test("an error elsewhere in the cluster doesn't refuse the change", () => {
    const l2 = { metadata: { name: "l2", namespace: "metallb-system" }, spec: { interfaces: "eth0" } };
    const report = plan(CLUSTER, { pools: { b: ["10.9.0.0/24"] } }, { l2Advertisements: [l2] });
    expect(report).toMatchObject({ valid: true, issues: [{ isNew: false, severity: "error" }] });
  });
});

describe("notes", () => {
  test("what is decided anyway is not a consequence of the change", () => {
    const cluster = { services: [{ name: "new" }], pools: { a: WIDE } };
    const report = plan(cluster, { pools: { b: ["10.1.0.0/24"] } });
    expect(report).toMatchObject({
      services: [],
      unchanged: 1,
      notes: [expect.stringContaining("1 Service will have other addresses")],
    });
  });

  test("announcing is not planned", () => {
    const l2 = { apiVersion: "metallb.io/v1beta1", kind: "L2Advertisement", metadata: { name: "l2" } };
    expect(plan(CLUSTER, { objects: [l2] }).notes).toEqual([expect.stringContaining("who announces them") as string]);
  });
});

describe("taking over from another controller", () => {
  const shop = { ...V4, name: "shop/v4" };
  const theirs = { ...V4, name: "theirs", shows: ["10.0.0.9"], spec: { loadBalancerClass: "example.com/other" } };

  test("what it left, and we would leave as well, is no change", () => {
    const waits = { name: "late", annotations: { "metallb.io/address-pool": "nowhere" } };
    const report = plan({ services: [V4, V6, DUAL, theirs, waits], pools: { a: WIDE } }, { takeover: true });
    expect(report).toMatchObject({ valid: true, disruptive: false, services: [], unchanged: 4, stillPending: 1 });
    expect(report.notes).toEqual([]);
    expect(report.summary).toBe("4 Services keep what they have, 1 Service would still have none");
  });

  test("what we would move or give, and why, is", () => {
    const pools = {
      a: { addresses: WIDE, serviceAllocation: { namespaces: ["default"] } },
      b: ["10.1.0.0/24"],
    };
    const namespaces = { default: {}, shop: {} };
    const cluster = { services: [shop, V6, theirs, { name: "late" }], pools, namespaces };
    const report = plan(cluster, { takeover: true });
    expect(changes(report)).toEqual([
      "move shop/v4 10.0.0.5@a > 10.1.0.0@b: namespace-not-allowed",
      "gain default/late  > 10.0.0.0@a: ",
    ]);
    expect(report).toMatchObject({ disruptive: true, notes: [] });
    expect(plan(cluster, {}).services).toEqual([]);
  });

  test("together with a change of the configuration", () => {
    const report = plan(CLUSTER, { takeover: true, pools: { a: ["10.0.0.4/30", "fd00::4/126"], b: ["10.1.0.0/24"] } });
    expect(report).toMatchObject({ disruptive: false, services: [], unchanged: 3 });
  });
});

describe("what becomes of objects", () => {
  const objects = (change: Change) =>
    plan(
      {
        services: [],
        pools: { a: { addresses: ["10.0.0.0/24"], autoAssign: true, avoidBuggyIPs: false }, b: ["10.1.0.0/24"] },
      },
      change,
    ).objects.map((object) => `${object.change} ${object.object}`);

  test.each<{ what: string; change: Change; want: readonly string[] }>([
    {
      what: "the API server's defaults are no change",
      change: { pools: { a: { addresses: ["10.0.0.0/24"] } } },
      want: ["unchanged IPAddressPool metallb-system/a"],
    },
    {
      what: "added and changed",
      change: { pools: { a: ["10.0.0.0/25"], c: ["10.2.0.0/24"] } },
      want: ["changed IPAddressPool metallb-system/a", "added IPAddressPool metallb-system/c"],
    },
    {
      what: "pruned, of the kinds in the files only",
      change: { prune: true, pools: { a: ["10.0.0.0/24"] } },
      want: ["deleted IPAddressPool metallb-system/b", "unchanged IPAddressPool metallb-system/a"],
    },
    {
      what: "labels count",
      change: { objects: [{ ...poolObject("b", ["10.1.0.0/24"]), metadata: { name: "b", labels: { x: "y" } } }] },
      want: ["changed IPAddressPool metallb-system/b"],
    },
    {
      what: "deleted by plural",
      change: { deleted: ["ipaddresspools/b"] },
      want: ["deleted IPAddressPool metallb-system/b"],
    },
  ])("$what", ({ change, want }) => {
    expect(objects(change)).toEqual(want);
  });

  test.each([
    { deleted: "pool-a", says: "there is no IPAddressPool pool-a to delete; did you mean pool-b?" },
    { deleted: "Service/x", says: '"Service" is not a kind; there are IPAddressPool, L2Advertisement,' },
    { deleted: "given", says: "IPAddressPool given is to be deleted, and it is in the files" },
  ])("$deleted can't be deleted", ({ deleted, says }) => {
    const live = { ...OTHERS, ipAddressPools: [poolObject("pool-b", WIDE)] };
    const given = { ...OTHERS, ipAddressPools: [poolObject("given", WIDE)] };
    expect(overlay(live, { given, deleted: [deleted], prune: false })).toMatchObject({
      ok: false,
      error: expect.stringContaining(says) as string,
    });
  });
});
