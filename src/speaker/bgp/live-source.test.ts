import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DUAL_SESSION, NO_ATTRIBUTES } from "../../../test/support/bgp-routes.ts";
import { ENDPOINTS, sessionConfig } from "../../../test/support/bgp-session-config.ts";
import { sessionSnapshot } from "../../../test/support/session-snapshot.ts";
import type { Capability } from "../../bgp/message.ts";
import { PeerRib } from "../../bgp/rib/peer-rib.ts";
import type { SessionSnapshot } from "../../bgp/session/session-record.ts";
import { parseAddress } from "../../ip/address.ts";
import { formatPrefix, parsePrefix } from "../../ip/prefix.ts";
import { millis, seconds } from "../../lib/duration.ts";
import { type LiveState, liveState } from "../live-state.ts";
import { parseStateQuery } from "../live-state-query.ts";
import { LiveSessions } from "./live-source.ts";
import type { PeerReport } from "./peer-manager.ts";

const CLOCK = { now: () => millis(60_000), wallTime: () => Date.UTC(2026, 0, 1) };
const CAPABILITIES: readonly Capability[] = [
  { is: "multiprotocol", afi: 1, safi: 1 },
  { is: "unknown", code: 99, value: Uint8Array.of(1, 2) },
];
const UP: Partial<SessionSnapshot> = {
  state: "Established",
  since: millis(59_000),
  endpoints: ENDPOINTS,
  negotiated: {
    families: ["IPv4"],
    missingFamilies: ["IPv6"],
    fourOctetAs: true,
    extendedMessages: false,
    routeRefresh: true,
    enhancedRefresh: false,
    extendedNextHop: [],
    gracefulRestart: undefined,
    holdTime: seconds(90),
    peerHoldTime: seconds(180),
    keepaliveTime: seconds(30),
    peerRouterId: 0xc000_0202,
    peerAsn: 64_513,
    internal: false,
    peerCapabilities: CAPABILITIES,
  },
};

function report(name: string, rib: PeerRib, session: Partial<SessionSnapshot> = {}): PeerReport {
  const remote = { address: parseAddress("192.0.2.2")!, port: 179 };
  return {
    plan: { name, config: sessionConfig(), remote, connect: { key: "a secret" } },
    session: sessionSnapshot(session),
    rib,
  };
}

function ribOf(prefixes: readonly string[], families: readonly ("IPv4" | "IPv6")[] = ["IPv4", "IPv6"]): PeerRib {
  const rib = new PeerRib();
  rib.establish({ ...DUAL_SESSION, families });
  for (const prefix of prefixes) rib.want({ prefix: parsePrefix(prefix)!, attributes: NO_ATTRIBUTES });
  return rib;
}

function state(reports: readonly PeerReport[], query = ""): LiveState {
  const parsed = parseStateQuery(new URLSearchParams(query));
  if (!parsed.ok) throw new Error(parsed.error);
  const sessions = {
    report: (peer: string) => reports.find(({ plan }) => plan.name === peer),
    reports: () => reports.map((each) => [each.plan.name, each] as const),
  };
  const source = { node: "a", now: CLOCK.wallTime(), waitingFor: undefined, membership: undefined, addresses: [] };
  const nothing = { holders: () => [], facts: () => ({ interfaces: [], duplicates: [] }), withoutSubnet: () => [] };
  return liveState({ ...source, ...nothing, bgp: new LiveSessions(sessions, CLOCK) }, parsed.value);
}

describe("a peer", () => {
  test("that is up: what was agreed, with capabilities that nobody knows, and no password", () => {
    const rib = ribOf(["10.0.0.1/32", "fd00::1/128"], ["IPv4"]);
    rib.take();
    const { bgp } = state([report("router", rib, UP)]);
    expect(bgp!.peers).toMatchObject([
      {
        name: "router",
        remote: "192.0.2.2:179",
        local: "192.0.2.1:40000",
        localAsn: 64_512,
        remoteAs: "AS 64513",
        routerId: "192.0.2.1",
        passive: false,
        state: "Established",
        since: "2025-12-31T23:59:59.000Z",
        negotiated: {
          peerAsn: 64_513,
          peerRouterId: "192.0.2.2",
          holdSeconds: 90,
          peerHoldSeconds: 180,
          keepaliveSeconds: 30,
          families: ["IPv4"],
          missingFamilies: ["IPv6"],
          capabilities: ["IPv4 unicast", "capability 99 0102"],
        },
        prefixes: {
          IPv4: { wanted: 1, told: 1, unsent: {} },
          IPv6: { wanted: 1, told: 0, unsent: { familyNotNegotiated: 1 } },
        },
      },
    ]);
    expect(JSON.stringify(bgp)).not.toContain("secret");
    expect(bgp!.peers[0]).not.toHaveProperty("routes");
  });

  test("that is down: why, since when, and when it is tried again", () => {
    const reason = { code: "connect-failed", text: "ECONNREFUSED" } as const;
    const [peer] = state([
      report("router", new PeerRib(), {
        state: "Active",
        lastEnd: { at: millis(58_000), reason },
        retryAt: millis(61_500),
        transitions: [{ at: millis(58_000), from: "Connect", to: "Active", reason }],
      }),
    ]).bgp!.peers;
    expect(peer).toMatchObject({
      lastEnd: { at: "2025-12-31T23:59:58.000Z", code: "connect-failed", reason: "ECONNREFUSED" },
      retryAt: "2026-01-01T00:00:01.500Z",
      transitions: [{ from: "Connect", to: "Active", code: "connect-failed", reason: "ECONNREFUSED" }],
    });
    expect(peer).not.toHaveProperty("negotiated");
  });

  test("peers are in the order of their names, and only on the first page of addresses", () => {
    const reports = [report("y", new PeerRib()), report("x", new PeerRib())];
    expect(state(reports).bgp!.peers.map(({ name }) => name)).toEqual(["x", "y"]);
    expect(state(reports, "after=10.0.0.1")).not.toHaveProperty("bgp");
  });
});

describe("routes", () => {
  test("each with what the peer was told, or why it was not", () => {
    const rib = ribOf(["fd00::1/128", "10.0.0.2/32"], ["IPv4"]);
    const attributes = {
      ...NO_ATTRIBUTES,
      med: 5,
      communities: [0xfde8_0064],
      largeCommunities: [[1, 2, 3] as const],
      extendedCommunities: [0x0002_fde8_0000_0064n],
      linkBandwidth: 125_000_000,
      prepend: 1,
    };
    rib.want({ prefix: parsePrefix("10.0.0.1/32")!, attributes });
    rib.take();
    rib.unwant(parsePrefix("10.0.0.2/32")!);
    rib.want({ prefix: parsePrefix("10.0.0.3/32")!, attributes: NO_ATTRIBUTES });
    const [peer] = state([report("router", rib)], "peer=router").bgp!.peers;
    const { asn } = DUAL_SESSION;
    expect(peer!.routes).toMatchObject([
      {
        prefix: "10.0.0.1/32",
        state: "told",
        told: {
          asPath: [asn, asn],
          med: 5,
          communities: ["65000:100", "large:1:2:3", "0x0002fde800000064", expect.stringMatching(/^0x0004/)],
          linkBandwidth: 125_000_000,
        },
      },
      { prefix: "10.0.0.2/32", state: "leaving" },
      { prefix: "10.0.0.3/32", state: "waiting" },
      { prefix: "fd00::1/128", state: "unsent", unsent: "familyNotNegotiated" },
    ]);
  });

  test("those that are asked for by prefix come with every peer", () => {
    const rib = ribOf(["10.0.0.1/32", "fd00::1/128"]);
    const { peers } = state(
      [report("x", rib), report("y", new PeerRib())],
      "prefix=fd00::1/128&prefix=10.9.9.9/32",
    ).bgp!;
    expect(peers.map(({ routes }) => routes?.map(({ prefix }) => prefix))).toEqual([["fd00::1/128"], []]);
  });

  test("of a peer that is not there: none", () => {
    expect(state([], "peer=router")).toMatchObject({ layer2: [], bgp: { peers: [] } });
  });

  test("the pages together have each once, in order", () => {
    const addresses = fc.uniqueArray(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 });
    fc.assert(
      fc.property(addresses, fc.integer({ min: 1, max: 12 }), (values, limit) => {
        const prefixes = values.map((value) => parsePrefix(`10.0.${value >> 8}.${value & 0xff}/32`)!);
        const reports = [report("router", ribOf(prefixes.map(formatPrefix)))];
        const seen: string[] = [];
        for (let after: string | undefined = ""; after !== undefined;) {
          const query = `peer=router&limit=${limit}${after === "" ? "" : `&after=${after}`}`;
          const page = state(reports, query);
          const { routes = [] } = page.bgp!.peers[0]!;
          expect(routes.length).toBeLessThanOrEqual(limit);
          seen.push(...routes.map(({ prefix }) => prefix));
          after = page.continue;
        }
        const inOrder = prefixes.toSorted((a, b) => (a.address < b.address ? -1 : 1));
        expect(seen).toEqual(inOrder.map(formatPrefix));
      }),
      { numRuns: 50 },
    );
  });
});
