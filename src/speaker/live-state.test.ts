import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAddress, type IpAddress, parseAddress } from "../ip/address.ts";
import { type AddressFacts, type LiveSource, liveState, NO_FACTS, type StateQuery } from "./live-state.ts";
import { parseStateQuery } from "./live-state-query.ts";

const NOW = Date.UTC(2026, 0, 1);

function source(facts: Readonly<Record<string, Partial<AddressFacts>>>, more: Partial<LiveSource> = {}): LiveSource {
  const known = new Map(Object.entries(facts).map(([ip, given]) => [parseAddress(ip)!, { ...NO_FACTS, ...given }]));
  return {
    node: "a",
    now: NOW,
    waitingFor: undefined,
    membership: undefined,
    addresses: known.keys(),
    holders: () => ["shop/web"],
    facts: (address) => known.get(address)!,
    withoutSubnet: () => ["eth1"],
    bgp: undefined,
    ...more,
  };
}

function query(text = ""): StateQuery {
  const parsed = parseStateQuery(new URLSearchParams(text));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe("the document", () => {
  test("has every fact about an address, with times that people can read", () => {
    const facts = {
      "fd00::1": {
        interfaces: [
          { name: "eth0", mac: "02:00:00:00:00:01" },
          { name: "eth1", mac: "02:00:00:00:00:02" },
        ],
        lastAnswered: { at: NOW - 1500, interface: "eth0", to: "02:00:00:00:00:99" },
        lastGratuitous: NOW - 60_000,
        duplicates: [{ mac: "02:00:00:00:00:66", interface: "eth1", at: NOW - 1 }],
      },
    };
    expect(liveState(source(facts), query())).toEqual({
      apiVersion: "inspect.metallb.io/v1",
      kind: "SpeakerState",
      node: "a",
      now: "2026-01-01T00:00:00.000Z",
      layer2: [
        {
          ip: "fd00::1",
          services: ["shop/web"],
          interfaces: [
            { name: "eth0", mac: "02:00:00:00:00:01" },
            { name: "eth1", mac: "02:00:00:00:00:02", noSubnet: true },
          ],
          lastAnswered: { at: "2025-12-31T23:59:58.500Z", interface: "eth0", to: "02:00:00:00:00:99" },
          lastGratuitous: "2025-12-31T23:59:00.000Z",
          duplicates: [{ mac: "02:00:00:00:00:66", interface: "eth1", at: "2025-12-31T23:59:59.999Z" }],
        },
      ],
    });
  });

  test("leaves out what never was", () => {
    const [address] = liveState(source({ "10.0.0.1": {} }), query()).layer2;
    expect(address).toEqual({ ip: "10.0.0.1", services: ["shop/web"], interfaces: [], duplicates: [] });
  });

  test("has membership where there is some, by name", () => {
    const members = ["b", "a"].map((node) => ({ node, address: "192.0.2.1", state: "alive" as const }));
    const standing = { kind: "doubtful", reason: "silence", since: NOW - 1000, holdsBack: true } as const;
    const { membership } = liveState(source({}, { membership: { standing, members } }), query());
    expect(membership?.members.map(({ node }) => node)).toEqual(["a", "b"]);
    expect(membership?.standing).toEqual({ ...standing, since: "2025-12-31T23:59:59.000Z" });
  });

  test("names a hundred Services of an address at most", () => {
    const holders = () => Array.from({ length: 150 }, (_, i) => `shop/web-${i}`);
    expect(liveState(source({ "10.0.0.1": {} }, { holders }), query()).layer2[0]!.services).toHaveLength(100);
  });
});

describe("the query", () => {
  const facts = { "10.0.0.2": {}, "fd00::1": {}, "10.0.0.1": {} };
  const shown = (text: string) => liveState(source(facts), query(text)).layer2.map(({ ip }) => ip);

  test.each([
    { text: "", want: ["10.0.0.1", "10.0.0.2", "fd00::1"] },
    { text: "ip=fd00:0::1", want: ["fd00::1"] },
    { text: "ip=10.0.0.1&ip=fd00::1&ip=10.9.9.9", want: ["10.0.0.1", "fd00::1"] },
    { text: "ip=10.9.9.9", want: [] },
    { text: "limit=2", want: ["10.0.0.1", "10.0.0.2"] },
    { text: "after=10.0.0.1", want: ["10.0.0.2", "fd00::1"] },
    { text: "after=10.0.0.9&limit=5", want: ["fd00::1"] },
    { text: "other=1", want: ["10.0.0.1", "10.0.0.2", "fd00::1"] },
  ])("$text", ({ text, want }) => {
    expect(shown(text)).toEqual(want);
  });

  test.each([
    { text: "ip=10.0.0", error: 'ip "10.0.0" is not an IP address' },
    { text: `ip=${"x".repeat(99)}`, error: `ip "${"x".repeat(50)}" is not an IP address` },
    { text: "after=", error: 'after "" is not an IP address' },
    { text: "prefix=10.0.0.1", error: 'prefix "10.0.0.1" is not a prefix' },
    { text: "prefix=fd00::/64&".repeat(101), error: "prefix is given 101 times: at most 100 are answered" },
    { text: "peer=", error: 'peer "" is not the name of a BGPPeer' },
    { text: "peer=x&after=10.0.0.1", error: 'after "10.0.0.1" is not a prefix' },
    { text: "limit=0", error: 'limit "0" is not a number from 1 on' },
    { text: "limit=1e3", error: 'limit "1e3" is not a number from 1 on' },
    { text: "ip=10.0.0.1&".repeat(101), error: "ip is given 101 times: at most 100 are answered" },
  ])("$text is refused", ({ text, error }) => {
    expect(parseStateQuery(new URLSearchParams(text))).toEqual({ ok: false, error });
  });

  test("never makes more than 1,000 at once", () => {
    expect(query("limit=999999").limit).toBe(1000);
    expect(query("").limit).toBe(1000);
  });
});

test("the pages together have each address once, in order", () => {
  const addresses = fc.uniqueArray(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), { maxLength: 40 });
  fc.assert(
    fc.property(addresses, fc.integer({ min: 1, max: 10 }), (values, limit) => {
      const all = values as IpAddress[];
      const seen: string[] = [];
      for (let after = ""; ;) {
        const state = liveState(
          source({}, { addresses: all, facts: () => NO_FACTS }),
          query(`limit=${limit}${after === "" ? "" : `&after=${after}`}`),
        );
        expect(state.layer2.length).toBeLessThanOrEqual(limit);
        seen.push(...state.layer2.map(({ ip }) => ip));
        if (state.continue === undefined) break;
        after = state.continue;
      }
      const inOrder = all.toSorted((a, b) => (a < b ? -1 : 1));
      expect(seen).toEqual(inOrder.map(formatAddress));
    }),
    { numRuns: 50 },
  );
});
