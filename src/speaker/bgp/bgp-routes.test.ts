import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configObject } from "../../../test/support/config-objects.ts";
import { parseBgpAdvertisements } from "../../config/parse-bgp-advertisements.ts";
import { parseBgpPeers } from "../../config/parse-bgp-peers.ts";
import { formatPrefix, parsePrefix } from "../../ip/prefix.ts";
import { AdvertisementSets } from "./advertisement-set.ts";
import { audiencesOf } from "./audiences.ts";
import { BgpRoutes, type Contribution } from "./bgp-routes.ts";

const SPECS: readonly object[] = [
  { communities: ["65000:1"] },
  { communities: ["65000:2"], peers: ["x"], localPref: 200, weightByEndpoints: true },
  { communities: ["65000:3"], peers: ["y", "z"], med: 5 },
  { communities: ["65000:4"], weightByEndpoints: true },
];

const { advertisements } = parseBgpAdvertisements(
  SPECS.map((spec, i) => configObject(`bgp-${i}`, spec)),
  [],
  new Map(),
);
const { peers } = parseBgpPeers(
  ["x", "y", "z"].map((name) => configObject(name, { myASN: 1, peerASN: 2, peerAddress: "192.0.2.1" })),
  { bfdProfiles: new Set(), secrets: undefined },
);
const AUDIENCES = audiencesOf(peers, advertisements);
const sets = new AdvertisementSets(advertisements);

function contribution(prefix: string, indexes: readonly number[], weight = 0): Contribution {
  return { prefix: parsePrefix(prefix)!, by: sets.of(indexes.map((i) => advertisements[i]!)), weight };
}

/** What the peers of each audience have, followed from changes: `prefix communities [bandwidth]`. */
class Follower {
  readonly tables = AUDIENCES.map(() => new Map<string, string>());

  follow(routes: BgpRoutes): number {
    const deltas = routes.take();
    for (const [i, { set, gone }] of deltas.entries()) {
      for (const prefix of gone)
        if (!this.tables[i]!.delete(formatPrefix(prefix))) throw new Error(`${formatPrefix(prefix)} was not there`);
      for (const { prefix, attributes } of set) {
        const { communities, linkBandwidth, localPref, med } = attributes;
        const said = [communities.map((community) => community & 0xffff), linkBandwidth, localPref, med];
        this.tables[i]!.set(formatPrefix(prefix), JSON.stringify(said));
      }
    }
    return deltas.reduce((sum, { set, gone }) => sum + set.length + gone.length, 0);
  }
}

test("peers for which the same is advertised are one audience", () => {
  expect(AUDIENCES.map((audience) => audience.peers)).toEqual([["x"], ["y", "z"]]);
  expect(audiencesOf(peers, [])).toMatchObject([{ peers: ["x", "y", "z"] }]);
  expect(audiencesOf([], advertisements)).toEqual([]);
});

describe("a prefix that several Services share", () => {
  test("stays until the last one is gone", () => {
    const routes = new BgpRoutes(AUDIENCES);
    const follower = new Follower();
    routes.put("shop/a", [contribution("10.0.0.0/24", [0])]);
    routes.put("shop/b", [contribution("10.0.0.0/24", [0])]);
    expect(follower.follow(routes)).toBe(2);
    routes.put("shop/a", []);
    expect(follower.follow(routes)).toBe(0);
    routes.put("shop/b", []);
    expect(follower.follow(routes)).toBe(2);
    expect(follower.tables.map((table) => table.size)).toEqual([0, 0]);
  });

  test("says what all of them say, to those they say it to", () => {
    const routes = new BgpRoutes(AUDIENCES);
    const follower = new Follower();
    routes.put("shop/a", [contribution("10.0.0.1/32", [0, 2])]);
    routes.put("shop/b", [contribution("10.0.0.1/32", [1])]);
    follower.follow(routes);
    expect(follower.tables.map((table) => table.get("10.0.0.1/32"))).toEqual([
      "[[1,2],null,200,null]",
      "[[1,3],null,null,5]",
    ]);
    routes.put("shop/a", [contribution("10.0.0.1/32", [2])]);
    follower.follow(routes);
    expect(follower.tables.map((table) => table.get("10.0.0.1/32"))).toEqual([
      "[[2],null,200,null]",
      "[[3],null,null,5]",
    ]);
  });

  test("adds up the endpoints of Services that count them, once for each Service", () => {
    const routes = new BgpRoutes(AUDIENCES);
    const follower = new Follower();
    routes.put("shop/a", [contribution("10.0.0.1/32", [1, 3], 2)]);
    routes.put("shop/b", [contribution("10.0.0.1/32", [1, 3], 1)]);
    routes.put("shop/c", [contribution("10.0.0.1/32", [1], 4)]);
    routes.put("shop/d", [contribution("10.0.0.1/32", [0], 8)]);
    follower.follow(routes);
    expect(follower.tables.map((table) => table.get("10.0.0.1/32"))).toEqual([
      "[[1,2,4],875000,200,null]",
      "[[1,4],375000,null,null]",
    ]);
  });
});

const contributions = fc.uniqueArray(
  fc
    .tuple(
      fc.constantFrom("10.0.0.0/24", "10.0.0.1/32", "fd00::/64"),
      fc.subarray([0, 1, 2, 3], { minLength: 1 }),
      fc.nat(2),
    )
    .map(([prefix, indexes, weight]) => contribution(prefix, indexes, weight)),
  { selector: ({ prefix }) => formatPrefix(prefix), maxLength: 3 },
);
const service = fc.constantFrom("shop/a", "shop/b", "shop/c");

test("whatever Services came, changed and went, and in which order, the peers end with the same", () => {
  const batches = fc.array(fc.array(fc.tuple(service, contributions), { maxLength: 4 }), { maxLength: 8 });
  fc.assert(
    fc.property(batches, (history) => {
      const routes = new BgpRoutes(AUDIENCES);
      const follower = new Follower();
      const now = new Map<string, readonly Contribution[]>();
      for (const batch of history) {
        for (const [key, wanted] of batch) {
          routes.put(key, wanted);
          now.set(key, wanted);
        }
        follower.follow(routes);
      }
      const fresh = new BgpRoutes(AUDIENCES);
      const other = new Follower();
      for (const [key, wanted] of [...now].reverse()) fresh.put(key, wanted.toReversed());
      other.follow(fresh);
      expect(follower.tables).toEqual(other.tables);
      for (const [key, wanted] of now)
        routes.put(
          key,
          wanted.map((each) => ({ ...each })),
        );
      expect(follower.follow(routes)).toBe(0);
    }),
    { numRuns: 300 },
  );
});
