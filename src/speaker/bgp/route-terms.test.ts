import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configObject } from "../../../test/support/config-objects.ts";
import { parseBgpAdvertisements } from "../../config/parse-bgp-advertisements.ts";
import { attributesOf } from "./route-terms.ts";

function advertisements(...specs: object[]) {
  const objects = specs.map((spec, i) => configObject(`bgp-${i}`, spec));
  const { advertisements: parsed, issues } = parseBgpAdvertisements(objects, [], new Map());
  expect(issues).toEqual([]);
  return parsed;
}

test("an advertisement that says nothing", () => {
  expect(attributesOf(advertisements({}), 0)).toEqual({
    localPref: undefined,
    med: undefined,
    prepend: 0,
    communities: [],
    largeCommunities: [],
    extendedCommunities: [],
    linkBandwidth: undefined,
  });
});

test("an advertisement that says everything", () => {
  const [parsed] = advertisements({
    localPref: 200,
    med: 5,
    asPathPrepend: 3,
    communities: ["65535:65281", "large:1:2:3", "1:2", "large:0:9:9"],
    extendedCommunities: ["rt:1:1", "0x0000000000000001"],
  });
  expect(attributesOf([parsed!], 3)).toEqual({
    localPref: 200,
    med: 5,
    prepend: 3,
    communities: [0x0001_0002, 0xffff_ff01],
    largeCommunities: [
      [0, 9, 9],
      [1, 2, 3],
    ],
    extendedCommunities: [1n, 0x0002_0001_0000_0001n],
    linkBandwidth: 375_000,
  });
});

describe("of several, what attracts the most traffic counts, and what isn't given has no say", () => {
  test.each<[string, object[], object]>([
    ["the highest local preference", [{ localPref: 50 }, {}, { localPref: 200 }], { localPref: 200 }],
    ["one below the default stays below it", [{ localPref: 50 }, {}], { localPref: 50 }],
    ["the lowest MED", [{ med: 5 }, {}, { med: 0 }], { med: 0 }],
    ["the fewest prepends", [{ asPathPrepend: 4 }, {}, { asPathPrepend: 2 }], { prepend: 2 }],
    ["no prepends, when that is given", [{ asPathPrepend: 4 }, { asPathPrepend: 0 }], { prepend: 0 }],
    [
      "all communities, once each",
      [{ communities: ["1:1", "large:1:1:1"] }, { communities: ["1:1", "0:1", "large:1:1:1", "large:1:1:0"] }],
      {
        communities: [1, 0x0001_0001],
        largeCommunities: [
          [1, 1, 0],
          [1, 1, 1],
        ],
      },
    ],
    [
      "all extended communities, once each",
      [{ extendedCommunities: ["rt:1:1"] }, { extendedCommunities: ["soo:1:1", "rt:1:1"] }],
      { extendedCommunities: [0x0002_0001_0000_0001n, 0x0003_0001_0000_0001n] },
    ],
  ])("%s", (_, specs, want) => {
    expect(attributesOf(advertisements(...specs), 0)).toMatchObject(want);
  });
});

test("the order of advertisements makes no difference, and neither does one that is there twice", () => {
  const spec = fc.record(
    {
      localPref: fc.nat(3),
      med: fc.nat(3),
      asPathPrepend: fc.nat(3),
      communities: fc.subarray(["1:1", "2:0", "large:1:2:3", "large:0:0:1", "no-export"]),
      extendedCommunities: fc.subarray(["rt:1:1", "soo:1:1"]),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(spec, { minLength: 1, maxLength: 4 }), fc.nat(), (specs, turn) => {
      const parsed = advertisements(...specs);
      const turned = [...parsed.slice(turn % parsed.length), ...parsed, ...parsed.slice(0, turn % parsed.length)];
      expect(attributesOf(turned.reverse(), 1)).toEqual(attributesOf(parsed, 1));
    }),
  );
});
