import fc from "fast-check";
import { expect, test } from "vitest";
import { downPeerOf, livePeerOf } from "../../../test/support/live-peers.ts";
import type { LiveBgp } from "../../speaker/bgp/live-bgp.ts";
import { parseLiveBgp } from "./parse-live-bgp.ts";

const FULL: LiveBgp = {
  peers: [
    livePeerOf("x", {
      local: "[fe80::1%eth0]:40000",
      vrf: "red",
      leftOut: [99],
      prefixes: {
        IPv4: { wanted: 3, told: 2, unsent: { noNextHop: 1 } },
        IPv6: { wanted: 1, told: 0, unsent: { familyNotNegotiated: 1 } },
      },
      prefixesReceived: { IPv4: 0, IPv6: 4 },
      routes: [
        {
          prefix: "10.0.0.1/32",
          state: "told",
          told: {
            nextHop: "2001:db8::1",
            linkLocalNextHop: "fe80::1",
            asPath: [64_512, 64_512],
            localPref: 0,
            med: 7,
            communities: ["65000:1"],
            linkBandwidth: 2.5,
          },
        },
        { prefix: "fd00::1/128", state: "unsent", unsent: "familyNotNegotiated" },
      ],
    }),
    { ...downPeerOf("y", { code: "open-error", reason: "the peer is in AS 1" }), retryAt: "2026-01-01T00:00:05.000Z" },
  ],
};

test("what a speaker shows is read as it was", () => {
  expect(parseLiveBgp(JSON.parse(JSON.stringify(FULL)))).toEqual(FULL);
});

test("peers and routes that make no sense are left out, and codes of later versions keep their words", () => {
  const odd = { peers: [{ name: "x" }, 7, { name: "y", since: "now", state: "Established" }] };
  expect(parseLiveBgp(odd)).toEqual({ peers: [] });
  const later = { ...livePeerOf("x"), lastEnd: { code: "eclipse", reason: "no sun" }, routes: [{ prefix: 1 }] };
  expect(parseLiveBgp({ peers: [later] }).peers).toMatchObject([
    { lastEnd: { code: "connection-lost", reason: "no sun", at: later.since }, routes: [] },
  ]);
});

test("any JSON is read without throwing", () => {
  const base = FULL.peers[0]!;
  const broken = fc
    .tuple(fc.constantFrom(...Object.keys(base)), fc.jsonValue())
    .map(([key, value]) => ({ peers: [{ ...base, [key]: value }] }));
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), broken), (value) => {
      expect(parseLiveBgp(value).peers).toBeInstanceOf(Array);
    }),
  );
});
