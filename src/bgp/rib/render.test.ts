import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_ATTRIBUTES } from "../../../test/support/bgp-routes.ts";
import { render, renderedKey } from "./render.ts";
import type { RouteAttributes } from "./route.ts";

const EXTERNAL = { internal: false, asn: 64_512 };
const INTERNAL = { internal: true, asn: 64_512 };

describe("AS_PATH, LOCAL_PREF and MED", () => {
  const path = (...asns: number[]) => [{ is: "sequence", asns }];

  test.each<[string, Partial<RouteAttributes>, typeof EXTERNAL, object]>([
    ["an external peer gets our AS number", {}, EXTERNAL, { asPath: path(64_512) }],
    ["of four bytes as it is", {}, { internal: false, asn: 4_200_000_000 }, { asPath: path(4_200_000_000) }],
    ["prepended twice", { prepend: 2 }, EXTERNAL, { asPath: path(64_512, 64_512, 64_512) }],
    ["no local preference for an external peer", { localPref: 200 }, EXTERNAL, { asPath: path(64_512) }],
    ["an internal peer gets an empty path", {}, INTERNAL, { asPath: [], localPref: 100 }],
    ["whatever is to be prepended", { prepend: 2 }, INTERNAL, { asPath: [], localPref: 100 }],
    ["and the local preference", { localPref: 200 }, INTERNAL, { asPath: [], localPref: 200 }],
    ["0 is one, too", { localPref: 0 }, INTERNAL, { asPath: [], localPref: 0 }],
    ["MED for an external peer", { med: 0 }, EXTERNAL, { asPath: path(64_512), med: 0 }],
    ["MED for an internal peer", { med: 7 }, INTERNAL, { asPath: [], localPref: 100, med: 7 }],
  ])("%s", (_, attributes, peer, want) => {
    expect(render({ ...NO_ATTRIBUTES, ...attributes }, peer)).toEqual({
      origin: "igp",
      communities: [],
      largeCommunities: [],
      extendedCommunities: [],
      unknown: [],
      ...want,
    });
  });
});

test("communities of all three kinds", () => {
  const rendered = render(
    {
      ...NO_ATTRIBUTES,
      communities: [0xfde8_0001, 0xffff_029a],
      largeCommunities: [[65_000, 1, 4_294_967_295]],
      extendedCommunities: [0x0002_fde8_0000_0064n],
    },
    EXTERNAL,
  );
  expect(rendered.communities).toEqual([0xfde8_0001, 0xffff_029a]);
  expect(rendered.largeCommunities).toEqual([[65_000, 1, 4_294_967_295]]);
  expect(rendered.extendedCommunities).toEqual([Uint8Array.of(0, 2, 0xfd, 0xe8, 0, 0, 0, 0x64)]);
});

// 125,000,000 bytes/s as IEEE 754: 0x4cee6b28, what FRR sends for `set extcommunity bandwidth 1000`.
test.each([
  ["the AS number that the peer knows", 64_512, [0, 4, 0xfc, 0x00, 0x4c, 0xee, 0x6b, 0x28]],
  ["AS_TRANS for one that doesn't fit", 4_200_000_000, [0, 4, 0x5b, 0xa0, 0x4c, 0xee, 0x6b, 0x28]],
])("link bandwidth is transitive and has %s", (_, asn, want) => {
  const attributes = { ...NO_ATTRIBUTES, extendedCommunities: [1n], linkBandwidth: 125_000_000 };
  const { extendedCommunities } = render(attributes, { internal: false, asn });
  expect(extendedCommunities).toEqual([Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1), Uint8Array.from(want)]);
});

const attributes: fc.Arbitrary<RouteAttributes> = fc.record({
  localPref: fc.constantFrom(undefined, 0, 100, 200),
  med: fc.constantFrom(undefined, 0, 100),
  prepend: fc.nat(2),
  communities: fc.subarray([1, 2, 12]),
  largeCommunities: fc.subarray([
    [1, 2, 3],
    [12, 3, 1],
  ]),
  extendedCommunities: fc.subarray([1n, 2n, 12n]),
  linkBandwidth: fc.constantFrom(undefined, 1, 2),
});

test("keys are equal exactly when what is rendered is", () => {
  fc.assert(
    fc.property(attributes, attributes, fc.constantFrom(EXTERNAL, INTERNAL), (a, b, peer) => {
      const same = JSON.stringify(plain(render(a, peer))) === JSON.stringify(plain(render(b, peer)));
      expect(renderedKey(a, peer) === renderedKey(b, peer)).toBe(same);
    }),
    { numRuns: 2000 },
  );
});

function plain(value: ReturnType<typeof render>): unknown {
  return { ...value, extendedCommunities: value.extendedCommunities.map((bytes) => [...bytes]) };
}
