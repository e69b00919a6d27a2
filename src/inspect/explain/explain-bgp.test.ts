import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BgpLab } from "../../../test/support/bgp-lab.ts";
import { snapshotOf, type SnapshotService } from "../../../test/support/cluster-snapshot.ts";
import { configObject } from "../../../test/support/config-objects.ts";
import { type Layer2Spec, layer2View } from "../../../test/support/layer2-view.ts";
import type { BgpStatusView } from "../../config/bgp-status.ts";
import { downPeerOf, livePeerOf } from "../../../test/support/live-peers.ts";
import type { LivePeer } from "../../speaker/bgp/live-bgp.ts";
import { BgpPlans } from "../bgp/bgp-plans.ts";
import { livePeersIn } from "../bgp/session-answers.ts";
import { NO_PAINT } from "../render/paint.ts";
import type { ExplainedBgp } from "./bgp-explanation.ts";
import { explainBgp } from "./explain-bgp.ts";
import { bgpLines } from "./render-bgp.ts";

const SETTINGS = { loadBalancerClass: "", ignoreExcludeLabel: false };
const PEER = { myASN: 64_512, peerASN: 64_500, peerAddress: "192.0.2.1" };

interface World extends Partial<Layer2Spec> {
  readonly web?: Partial<SnapshotService>;
  readonly shows?: readonly string[];
  /** Spec of each BGPAdvertisement and BGPPeer by name. */
  readonly bgp?: Readonly<Record<string, object>>;
  readonly peers?: Readonly<Record<string, object>>;
  /** What the speakers of some nodes say; undefined: not readable. */
  readonly said?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The sessions of those nodes whose speakers were asked. */
  readonly sessions?: Readonly<Record<string, readonly LivePeer[]>>;
}

function explain({
  web,
  shows = ["10.0.0.6"],
  bgp = { ad: {} },
  peers = { router: {} },
  ...more
}: World): ExplainedBgp {
  const snapshot = snapshotOf({
    services: [{ name: "web", shows, pool: "gold", ...web }],
    pools: { gold: ["10.0.0.0/24", "fd00::/120"] },
  });
  const cluster = layer2View({ nodes: { a: {}, b: {} }, endpoints: { "default/web": ["a"] }, ...more });
  const view = {
    advertisements: Object.entries(bgp).map(([name, spec]) => configObject(name, spec)),
    peers: Object.entries(peers).map(([name, spec]) => configObject(name, { ...PEER, ...spec })),
    bfdProfiles: [],
    communities: [],
    statuses: more.said && Object.entries(more.said).map(([node, told]) => status(node, told)),
  };
  const plans = new BgpPlans(snapshot, view, cluster, SETTINGS);
  const asked = Object.entries(more.sessions ?? {}).map(([node, live]) => {
    return { node, pod: `speaker-${node}`, now: 0, addresses: [], bgp: { peers: live } };
  });
  return explainBgp(snapshot.services[0]!, cluster.nodes, view, plans, livePeersIn(asked));
}

function status(node: string, peers: readonly string[]): BgpStatusView {
  const about = { name: `bgp-${node}`, resourceVersion: "1", service: "default/web", owner: "", written: true };
  return { ...about, node, peers };
}

const codes = ({ nodes }: ExplainedBgp) => Object.fromEntries(nodes.map(({ node, code }) => [node, code]));
const lines = (explained: ExplainedBgp) =>
  bgpLines(explained, { paint: NO_PAINT, width: 200 }).map((line) => line.trim());
const on = (name: string) => ({ nodeSelectors: [{ matchLabels: { name } }] });

test("every node announces, to the peers that the advertisements are for", () => {
  const explained = explain({
    shows: ["10.0.0.6", "fd00::6"],
    bgp: { ad: { peers: ["y"] }, net: { aggregationLength: 24, ipFamilies: ["IPv4"] } },
    peers: { x: {}, y: { peerAddress: "192.0.2.2" } },
  });
  expect(explained.summary).toBe("a and b should each announce it to x and y");
  expect(explained.nodes[0]).toEqual({
    node: "a",
    code: "announces",
    explanation: "should announce it",
    fix: "",
    peers: ["x", "y"],
    routes: [
      { prefix: "10.0.0.6/32", advertisements: ["ad"] },
      { prefix: "10.0.0.0/24", advertisements: ["net"] },
      { prefix: "fd00::6/128", advertisements: ["ad"] },
    ],
  });
});

describe("nodes that don't announce come last, and say why", () => {
  test.each<[string, World, Record<string, string>]>([
    ["policy Local", { web: { spec: { externalTrafficPolicy: "Local" } } }, { a: "announces", b: "noLocalEndpoints" }],
    ["nodeSelectors", { bgp: { ad: on("b") } }, { b: "announces", a: "noAdvertisementForNode" }],
    ["no peer there", { peers: { router: on("b") } }, { a: "noPeers", b: "announces" }],
    ["network", { nodes: { a: { networkUnavailable: true }, b: {} } }, { b: "announces", a: "nodeNetworkUnavailable" }],
    ["no endpoint", { endpoints: { "default/web": [] } }, { a: "noEndpoints", b: "noEndpoints" }],
    ["no address", { shows: [] }, { a: "noIPAllocated", b: "noIPAllocated" }],
    [
      "conflict",
      { bgp: { ad: { localPref: 1 }, other: { localPref: 2, serviceSelectors: [{}] } } },
      { a: "conflictingAdvertisements", b: "conflictingAdvertisements" },
    ],
  ])("%s", (_, world, want) => {
    const explained = explain(world);
    expect(codes(explained)).toEqual(want);
    expect(explained.nodes.map(({ node }) => node)).toEqual(Object.keys(want));
    for (const { code, fix } of explained.nodes) expect(fix === "").toBe(code === "announces");
  });

  test("with the names of advertisements that contradict each other", () => {
    const explained = explain({ bgp: { ad: { localPref: 1 }, other: { localPref: 2, serviceSelectors: [{}] } } });
    expect(explained.summary).toBe(
      "no node should announce it: BGPAdvertisements ad and other give its routes different local preferences",
    );
  });
});

test("what speakers say is held against what they should do", () => {
  const explained = explain({ said: { a: ["router"], b: [] } });
  expect(explained.summary).toBe("a and b should each announce it to router; 1 node said otherwise");
  expect(lines(explained)).toEqual([
    "10.0.0.6/32 by ad",
    "differs: b says that it announces to nobody",
    expect.stringMatching(/^NODE +PEERS +RESULT +WHY$/) as string,
    expect.stringMatching(/^a +router +announces +should announce it$/) as string,
    expect.stringMatching(/^b +router +announces +should announce it$/) as string,
  ]);
  expect(explain({ said: { a: ["router"], b: ["router"] } }).summary).not.toContain("otherwise");
});

test("what speakers refuse is told once, whichever nodes it is for", () => {
  const explained = explain({ bgp: { ad: {}, bad: { aggregationLength: 33 } } });
  expect(explained.issues).toHaveLength(1);
  expect(lines(explained)).toContainEqual(
    "refused by speakers: BGPAdvertisement metallb-system/bad: spec.aggregationLength: invalid aggregation length 33; write at most 32",
  );
});

test("the explanation is what each node's speaker decides", () => {
  const spec = fc.record(
    {
      nodeSelectors: fc.constantFrom("a", "b").map((name) => [{ matchLabels: { name } }]),
      ipFamilies: fc.subarray(["IPv4", "IPv6"]),
      localPref: fc.constantFrom(100, 200),
      serviceSelectors: fc.constantFrom([{}], [{ matchLabels: { app: "db" } }]),
      peers: fc.subarray(["x", "y"]),
    },
    { requiredKeys: [] },
  );
  const worlds = fc.record({
    bgp: fc.dictionary(fc.constantFrom("p", "q"), spec, { minKeys: 1 }),
    policy: fc.constantFrom("Cluster" as const, "Local" as const),
    shows: fc.subarray(["10.0.0.6", "fd00::6"]),
    endpoints: fc.subarray(["a", "b"]),
  });
  fc.assert(
    fc.property(worlds, ({ bgp, policy, shows, endpoints }) => {
      const peers = { x: {}, y: { peerAddress: "192.0.2.2" } };
      const world = { bgp, shows, peers, web: { spec: { externalTrafficPolicy: policy } } };
      const explained = explain({ ...world, endpoints: { "default/web": endpoints } });
      fc.pre(explained.issues.length === 0);
      for (const { node, code, peers: told } of explained.nodes) {
        const lab = new BgpLab(node).pool("gold", "10.0.0.0/24", "fd00::/120");
        for (const other of ["a", "b"]) lab.node(other, { labels: { name: other } });
        for (const [name, each] of Object.entries(bgp)) lab.advertisement(name, each);
        for (const [name, each] of Object.entries(peers)) lab.apply("BGPPeer", name, { ...PEER, ...each });
        lab.service("web", shows, { policy, on: endpoints }).settle();
        const decision = lab.decision("web")!;
        expect([code, told]).toEqual(decision.announce ? ["announces", decision.peers] : [decision.reason, []]);
      }
    }),
    { numRuns: 150 },
  );
});

describe("what became of the routes", () => {
  const both = { shows: ["10.0.0.6", "fd00::6"], bgp: { ad: {}, y: { aggregationLength: 24, peers: ["y"] } } };
  const told = (prefix: string) => ({
    prefix,
    state: "told" as const,
    told: { nextHop: "192.0.2.1", asPath: [64_512], communities: [] },
  });
  const sessionsOf = ({ nodes }: ExplainedBgp, node: string) => nodes.find((each) => each.node === node)!.sessions;

  test("all was sent: each peer has the routes that are meant for it", () => {
    const routes = [told("10.0.0.6/32"), told("fd00::6/128")];
    const explained = explain({ ...both, sessions: { a: [livePeerOf("router", { routes })], b: [] } });
    expect(sessionsOf(explained, "a")).toEqual([
      {
        peer: "router",
        code: "sent",
        explanation: "has 10.0.0.6/32 and fd00::6/128",
        fix: "",
        sent: ["10.0.0.6/32", "fd00::6/128"],
      },
    ]);
    expect(lines(explained)).toContainEqual(expect.stringMatching(/^a +router +router +announces/));
  });

  test.each<{ code: string; peer: LivePeer | undefined; says: RegExp }>([
    { code: "noSession", peer: undefined, says: /doesn't know this peer; see whether its ConfigurationState/ },
    {
      code: "down",
      peer: downPeerOf("router", { code: "open-error", reason: "the peer is in AS 1; configured is AS 2" }),
      says: /no session: the peer is in AS 1; configured is AS 2 \(open-error\); let AS numbers/,
    },
    {
      code: "familyNotNegotiated",
      peer: livePeerOf("router", {
        routes: [told("10.0.0.6/32"), { prefix: "fd00::6/128", state: "unsent", unsent: "familyNotNegotiated" }],
      }),
      says: /fd00::6\/128 is not sent: the peer wants no IPv6 routes; activate IPv6 unicast/,
    },
    {
      code: "waiting",
      peer: livePeerOf("router", { routes: [{ prefix: "10.0.0.6/32", state: "waiting" }] }),
      says: /10\.0\.0\.6\/32 is about to be sent/,
    },
    { code: "notMeant", peer: livePeerOf("router", { routes: [] }), says: /doesn't mean it to have 10\.0\.0\.6\/32/ },
  ])("not sent: $code", ({ code, peer, says }) => {
    const explained = explain({ ...both, sessions: { a: peer === undefined ? [] : [peer] } });
    expect(sessionsOf(explained, "a")).toMatchObject([{ peer: "router", code }]);
    expect(sessionsOf(explained, "b")).toBeUndefined();
    expect(explained.summary).toBe("a and b should each announce it to router; 1 session lacks routes");
    expect(lines(explained)).toContainEqual(expect.stringMatching(says));
    expect(lines(explained).find((line) => line.startsWith("not sent: "))).toContain("not sent: a to router: ");
  });

  test("a session for each family with one router: each has what it is for", () => {
    const unsent = (prefix: string) => ({ prefix, state: "unsent" as const, unsent: "familyNotNegotiated" as const });
    const { negotiated } = livePeerOf("v4");
    const of = (family: "IPv4" | "IPv6") => ({
      negotiated: { ...negotiated!, families: [family], missingFamilies: [] },
    });
    const v4 = livePeerOf("v4", { ...of("IPv4"), routes: [told("10.0.0.6/32"), unsent("fd00::6/128")] });
    const v6 = livePeerOf("v6", { ...of("IPv6"), routes: [unsent("10.0.0.6/32"), told("fd00::6/128")] });
    const peers = { v4: {}, v6: { peerAddress: "192.0.2.2" } };
    const explained = explain({ shows: both.shows, peers, sessions: { a: [v4, v6] } });
    expect(sessionsOf(explained, "a")).toMatchObject([
      { peer: "v4", code: "sent", explanation: "has 10.0.0.6/32; v6 is for IPv6" },
      { peer: "v6", code: "sent", explanation: "has fd00::6/128; v4 is for IPv4" },
    ]);
    expect(explained.summary).not.toContain("lacks routes");
  });

  test("a peer that only one advertisement is for is not expected to have the others' routes", () => {
    const peers = { x: {}, y: { peerAddress: "192.0.2.2" } };
    const bgp = { x: { peers: ["x"] }, y: { aggregationLength: 24, peers: ["y"] } };
    const live = [
      livePeerOf("x", { routes: [told("10.0.0.6/32")] }),
      livePeerOf("y", { routes: [told("10.0.0.0/24")] }),
    ];
    const explained = explain({ bgp, peers, sessions: { a: live } });
    expect(sessionsOf(explained, "a")!.map(({ code, sent }) => `${code} ${sent.join()}`)).toEqual([
      "sent 10.0.0.6/32",
      "sent 10.0.0.0/24",
    ]);
  });
});
