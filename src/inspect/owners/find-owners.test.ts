import { describe, expect, test } from "vitest";
import { snapshotOf, type SnapshotService } from "../../../test/support/cluster-snapshot.ts";
import { type Layer2Spec, layer2View } from "../../../test/support/layer2-view.ts";
import { NO_PAINT } from "../render/paint.ts";
import { findOwners } from "./find-owners.ts";
import type { OwnersReport } from "./owners-report.ts";
import { renderOwners } from "./render-owners.ts";

const SETTINGS = { loadBalancerClass: "", ignoreExcludeLabel: false };
const POOLS = { gold: ["10.0.0.0/24", "fd00::/120"], silver: ["10.1.0.0/24", "fd01::/120"] };
const FAMILIES = {
  IPv4: { first: "10.0.0.6", second: "10.0.0.7", silver: "10.1.0.1" },
  IPv6: { first: "fd00::6", second: "fd00::7", silver: "fd01::1" },
} as const;

function owners(services: readonly SnapshotService[], spec: Partial<Layer2Spec>): OwnersReport {
  const view = layer2View({ nodes: { a: {}, b: {} }, ...spec });
  return findOwners(snapshotOf({ services, pools: POOLS }), view, SETTINGS, []);
}

describe.each(Object.entries(FAMILIES))("%s", (family, { first, second, silver }) => {
  const web = { name: "web", shows: [first] };

  test("an address with its Services, its owner and its interfaces", () => {
    const { summary, addresses } = owners([web, { name: "api", shows: [first] }, { name: "db", shows: [second] }], {
      statuses: { "default/web": { a: ["eth1"] }, "default/api": { a: ["eth0"] }, "default/db": { b: [] } },
    });
    expect(summary).toBe("2 addresses: 2 announced on layer 2");
    const owned = { family, pool: "gold", problems: [] };
    expect(addresses).toEqual([
      {
        address: first,
        ...owned,
        services: ["default/api", "default/web"],
        owners: [{ node: "a", interfaces: ["eth0", "eth1"] }],
      },
      { address: second, ...owned, services: ["default/db"], owners: [{ node: "b", interfaces: "all" }] },
    ]);
  });

  test.each<{ code: string; name: string; shows?: string; spec: Partial<Layer2Spec> }>([
    {
      name: "a node should",
      code: "notAnnounced",
      spec: { nodes: { a: {} }, endpoints: { "default/web": ["a"] } },
    },
    { name: "no endpoint", code: "noEndpoints", spec: { endpoints: {} } },
    {
      name: "no advertisement",
      code: "noMatchingAdvertisement",
      spec: { endpoints: { "default/web": ["a"] }, advertisements: { l2: { ipAddressPools: ["silver"] } } },
    },
    {
      name: "no node that may",
      code: "noCandidates",
      spec: { endpoints: { "default/web": ["a"] }, nodes: { a: { networkUnavailable: true }, b: { speaker: false } } },
    },
    { name: "no pool", code: "ipNotAllowed", shows: family === "IPv4" ? "10.9.0.1" : "fd09::1", spec: {} },
  ])("nobody announces: $name", ({ code, shows = first, spec }) => {
    const { summary, addresses } = owners([{ ...web, shows: [shows] }], spec);
    expect(summary).toBe("1 address: 0 announced on layer 2, 1 by nobody");
    expect(addresses).toMatchObject([{ owners: [], problems: [{ code, services: ["default/web"] }] }]);
  });

  test("Services of one address with the same problem are told together", () => {
    const services = ["a", "b", "c"].map((name) => ({ name, shows: [silver] }));
    const { addresses } = owners(services, { endpoints: { "default/b": ["a"] }, advertisements: {} });
    expect(addresses[0]!.problems.map(({ code, services: about }) => [code, about])).toEqual([
      ["noEndpoints", ["default/a", "default/c"]],
      ["noMatchingAdvertisement", ["default/b"]],
    ]);
  });

  test("a Service without endpoints doesn't matter where another one on its address is announced", () => {
    const services = [web, { name: "api", shows: [first] }];
    const { addresses } = owners(services, { endpoints: {}, statuses: { "default/web": { a: [] } } });
    expect(addresses).toMatchObject([{ owners: [{ node: "a" }], problems: [] }]);
  });

  test("two owners, of whom one has no speaker any more", () => {
    const { summary, addresses } = owners([web], {
      nodes: { a: {}, b: { speaker: "none" } },
      statuses: { "default/web": { b: [], a: [] } },
    });
    expect(summary).toBe("1 address: 1 announced on layer 2, 1 with doubt about the owner");
    expect(addresses[0]!.owners.map(({ node }) => node)).toEqual(["a", "b"]);
    expect(addresses[0]!.problems.map(({ code }) => code)).toEqual(["severalOwners", "ownerNotReady"]);
  });
});

test("addresses are in their own order, IPv4 first, and both of a dual-stack Service are there", () => {
  const services = [
    { name: "web", shows: ["fd00::10", "10.0.0.10"] },
    { name: "db", shows: ["10.0.0.9"] },
    { name: "dns", shows: ["fd00::9"] },
  ];
  expect(owners(services, {}).addresses.map(({ address }) => address)).toEqual([
    "10.0.0.9",
    "10.0.0.10",
    "fd00::9",
    "fd00::10",
  ]);
});

test("Services of others are left out, and what is said about those without an address is left over", () => {
  const services = [
    { name: "other", shows: ["10.0.0.1"], spec: { loadBalancerClass: "a/b" } },
    { name: "waiting" },
    { name: "plain", spec: { type: "ClusterIP" } },
  ];
  const statuses = { "default/waiting": { a: [] }, "shop/gone": { b: [] } };
  expect(owners(services, { statuses })).toMatchObject({
    summary: "0 addresses: 0 announced on layer 2",
    addresses: [],
    leftOver: [
      { service: "default/waiting", node: "a" },
      { service: "shop/gone", node: "b" },
    ],
  });
});

test("on a terminal of 100 columns", () => {
  const services = [
    ...["a", "b", "c", "d"].map((name) => ({ name: `shop/${name}`, shows: ["10.0.0.6"] })),
    { name: "web", shows: ["10.0.0.7", "fd00::7"] },
    { name: "db", shows: ["10.1.0.1"] },
  ];
  const report = owners(services, {
    advertisements: { l2: { ipAddressPools: ["gold"] } },
    endpoints: { "default/db": ["a"], "default/web": ["b"] },
    statuses: { "shop/a": { a: ["eth0"] }, "shop/b": { b: ["eth0"] }, "default/web": { a: [] }, "shop/x": { b: [] } },
  });
  expect(renderOwners(report, { paint: NO_PAINT, width: 100 })).toMatchInlineSnapshot(`
    "4 addresses: 3 announced on layer 2, 1 by nobody, 1 with doubt about the owner.

    Addresses
      ADDRESS   SERVICE                    NODE    INTERFACES      PROBLEM
      10.0.0.6  shop/a, shop/b and 2 more  a       eth0            a and b say that they announce it:
                                                                   one may be about to give it up
                                                                   (severalOwners)
                                           b       eth0
      10.0.0.7  default/web                a       all interfaces
      10.1.0.1  default/db                 nobody                  no L2Advertisement is for pool silver
                                                                   (noMatchingAdvertisement)
      fd00::7   default/web                a       all interfaces

    Left over
      SERVICE  NODE
      shop/x   b
    "
  `);
});

test("twice the Services take no more than about twice the elections", () => {
  const elected = (count: number): number => {
    let looks = 0;
    const services = Array.from({ length: count }, (_, i) => ({
      name: `s${i}`,
      shows: [`10.${i >> 8}.${i & 255}.1`],
    }));
    const endpoints = Object.fromEntries(services.map(({ name }) => [`default/${name}`, ["a"]]));
    const view = layer2View({ nodes: { a: {}, b: {} }, endpoints });
    const slices = { get: (key: string) => (looks++, view.slices.get(key)) } as typeof view.slices;
    const snapshot = snapshotOf({ services, pools: { all: ["10.0.0.0/8"] } });
    const { addresses } = findOwners(snapshot, { ...view, slices }, SETTINGS, []);
    expect(addresses).toHaveLength(count);
    return looks;
  };
  expect(elected(200)).toBe(2 * elected(100));
});
