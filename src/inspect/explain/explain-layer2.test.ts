import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type SnapshotService, snapshotOf } from "../../../test/support/cluster-snapshot.ts";
import { type Layer2Spec, layer2View } from "../../../test/support/layer2-view.ts";
import { keyOfService } from "../../controller/service-key.ts";
import { AnnounceState } from "../../speaker/announce-state.ts";
import { SpeakerObjects } from "../../speaker/speaker-objects.ts";
import { parseL2Advertisements } from "../../config/parse-l2-advertisements.ts";
import { parsePools } from "../../config/parse-pools.ts";
import { EXCLUDE_LABEL } from "../../config/node.ts";
import { Elections } from "../layer2/elections.ts";
import { explainLayer2, type SpeakerWords } from "./explain-layer2.ts";
import type { ExplainedLayer2 } from "./layer2-explanation.ts";

const SETTINGS = { loadBalancerClass: "", ignoreExcludeLabel: false };
const POOLS = { gold: ["10.0.0.0/24", "fd00::/120"], other: ["10.1.0.0/24"] };
const SHOWN = { IPv4: ["10.0.0.6"], IPv6: ["fd00::1"], dual: ["10.0.0.6", "fd00::1"] } as const;
const NO_WORDS: SpeakerWords = { events: [], reported: undefined };

interface World extends Partial<Layer2Spec> {
  readonly web?: Partial<SnapshotService>;
  readonly shows?: readonly string[];
  readonly words?: Partial<SpeakerWords>;
  readonly settings?: Partial<typeof SETTINGS>;
}

const THREE = { a: {}, b: {}, c: {} };

function explain({ web = {}, shows = SHOWN.IPv4, words, settings, ...spec }: World = {}): ExplainedLayer2 {
  const snapshot = snapshotOf({ services: [{ name: "web", shows, pool: "gold", ...web }], pools: POOLS });
  const view = layer2View({ nodes: THREE, endpoints: { "default/web": ["a"] }, ...spec });
  const elections = new Elections(snapshot, view, { ...SETTINGS, ...settings });
  return explainLayer2(snapshot.services[0]!, view, elections, { ...NO_WORDS, ...words });
}

const codes = ({ nodes }: ExplainedLayer2) => Object.fromEntries(nodes.map(({ node, code }) => [node, code]));
const prefer = (name: string, weight = 10) => ({ weight, preference: { matchLabels: { name } } });
const LOCAL = { spec: { externalTrafficPolicy: "Local" } };

describe.each(Object.entries(SHOWN))("%s", (_, shows) => {
  test.each<{ name: string; world: World; nodes: Record<string, string> }>([
    {
      name: "an excluded node",
      world: { nodes: { a: {}, b: { labels: { [EXCLUDE_LABEL]: "" } } } },
      nodes: { a: "owner", b: "nodeLabeledExcludeBalancers" },
    },
    {
      name: "a node without network",
      world: { nodes: { a: {}, b: { networkUnavailable: true } } },
      nodes: { a: "owner", b: "nodeNetworkUnavailable" },
    },
    {
      name: "nodes without a ready speaker",
      world: { nodes: { a: { speaker: false }, b: { speaker: "none" }, c: {} } },
      nodes: { c: "owner", a: "nodeNotAlive", b: "nodeNotAlive" },
    },
    {
      name: "no ready endpoint there, and traffic policy Local",
      world: { web: LOCAL, endpoints: { "default/web": ["b"] } },
      nodes: { b: "owner", a: "noLocalEndpoints", c: "noLocalEndpoints" },
    },
    {
      name: "nodeSelectors",
      world: { advertisements: { l2: { nodeSelectors: [{ matchLabels: { name: "c" } }] } } },
      nodes: { c: "owner", a: "noMatchingAdvertisement", b: "noMatchingAdvertisement" },
    },
    {
      name: "preferences",
      world: {
        nodes: { a: {}, b: {}, c: { networkUnavailable: true } },
        advertisements: { l2: { preferredNodeSelectors: [prefer("b", 5), prefer("c", 50)] } },
      },
      nodes: { b: "owner", a: "notOwner", c: "nodeNetworkUnavailable" },
    },
  ])("$name", ({ world, nodes }) => {
    const layer2 = explain({ ...world, shows });
    expect(codes(layer2)).toEqual(nodes);
    expect(layer2.nodes.map(({ node }) => node)).toEqual(Object.keys(nodes));
    expect(layer2.expectedOwner).toBe(Object.keys(nodes)[0]);
    for (const { code, fix } of layer2.nodes) expect(fix === "").toBe(code === "owner" || code === "notOwner");
  });

  test.each<{ code: string; world: World; says: string }>([
    { code: "noIPAllocated", world: { web: { shows: [] } }, says: "its status has no address" },
    { code: "invalidIP", world: { web: { shows: ["10.0.0.x"] } }, says: "not an IP address" },
    { code: "ipNotAllowed", world: { web: { shows: ["10.9.9.9"] } }, says: "no single IPAddressPool" },
    { code: "noEndpoints", world: { endpoints: { "default/web": [] } }, says: "none of its endpoints is ready" },
    { code: "noEndpoints", world: { endpoints: {} }, says: "none of its endpoints is ready" },
    {
      code: "sharedIPWithServiceSelector",
      world: {
        web: { annotations: { "metallb.io/allow-shared-ip": "k" }, labels: { app: "web" } },
        advertisements: { l2: { serviceSelectors: [{ matchLabels: { app: "web" } }] } },
      },
      says: "L2Advertisement with serviceSelectors",
    },
    { code: "noMatchingAdvertisement", world: { advertisements: {} }, says: "no L2Advertisement is for pool gold" },
    {
      code: "noMatchingAdvertisement",
      world: { advertisements: { l2: { ipAddressPools: ["other"] } } },
      says: "no L2Advertisement is for pool gold",
    },
    {
      code: "noMatchingAdvertisement",
      world: { advertisements: { l2: { serviceSelectors: [{ matchLabels: { app: "x" } }] } } },
      says: "serviceSelectors of l2 don't match its labels",
    },
  ])("no node whatsoever: $code, $says", ({ code, world, says }) => {
    const layer2 = explain({ shows, ...world, statuses: {} });
    expect(layer2).toMatchObject({
      refusal: { code, explanation: expect.stringContaining(says) as string },
      nodes: [],
    });
    expect(layer2).not.toHaveProperty("expectedOwner");
    expect(layer2.summary).toMatch(/^nobody announces it: /);
    expect(layer2.differences).toEqual([]);
  });
});

test("the order of nodes is the order in which they would take over", () => {
  // SHA-256 of node#10.0.0.6: b, a, c.
  expect(explain().nodes.map(({ node }) => node)).toEqual(["b", "a", "c"]);
  const advertisements = { l2: { preferredNodeSelectors: [prefer("c")] } };
  expect(explain({ advertisements }).nodes.map(({ node, preference }) => [node, preference])).toEqual([
    ["c", 10],
    ["b", 0],
    ["a", 0],
  ]);
});

test("interfaces of each node that could announce", () => {
  const only = (name: string, interfaces: string[]) => ({ nodeSelectors: [{ matchLabels: { name } }], interfaces });
  const { nodes } = explain({ advertisements: { one: only("a", ["eth1", "eth0"]), two: only("b", []) } });
  expect(nodes.map(({ node, interfaces }) => [node, interfaces])).toEqual([
    ["b", "all"],
    ["a", ["eth0", "eth1"]],
    ["c", undefined],
  ]);
});

test("with --ignore-exclude-lb the label means nothing", () => {
  const nodes = { a: { labels: { [EXCLUDE_LABEL]: "" } } };
  expect(codes(explain({ nodes }))).toEqual({ a: "nodeLabeledExcludeBalancers" });
  expect(codes(explain({ nodes, settings: { ignoreExcludeLabel: true } }))).toEqual({ a: "owner" });
});

test("without any speaker Pod in sight every node is taken to have a speaker", () => {
  const layer2 = explain({ nodes: { a: { speaker: "none" }, b: { speaker: "none" } } });
  expect(layer2).toMatchObject({ aliveFrom: "all-nodes", expectedOwner: "b" });
  expect(layer2.nodes[0]).toMatchObject({ node: "b", speaker: "unknown" });
});

test("issues of L2Advertisements are told", () => {
  const { issues } = explain({ advertisements: { l2: {}, bad: { ipAddressPools: ["gold", "gold"] } } });
  expect(issues).toMatchObject([{ object: "L2Advertisement metallb-system/bad" }]);
});

describe("who announces, and who should", () => {
  const says = (...owners: string[]) => ({ "default/web": Object.fromEntries(owners.map((node) => [node, []])) });
  const reported = (name: string, result: string) => ({ name, result, errorSummary: "overlapping pools" });

  test("as expected", () => {
    const layer2 = explain({ statuses: { "default/web": { b: ["eth0"] } } });
    expect(layer2).toMatchObject({
      summary: "b announces it",
      owners: [{ node: "b", interfaces: ["eth0"] }],
      differences: [],
    });
  });

  test.each<{ name: string; world: World; summary: string; causes: string[][] }>([
    {
      name: "another one announces, which could be next",
      world: { statuses: says("a") },
      summary: "a announces it; b should",
      causes: [["the others may take b for dead"], ["may take b for dead"]],
    },
    {
      name: "nobody announces",
      world: { words: { reported: [reported("speaker-a", "Valid")] } },
      summary: "nobody announces it; b should",
      causes: [["no ConfigurationState speaker-b"]],
    },
    {
      name: "the speaker refuses the configuration",
      world: { words: { reported: [reported("speaker-b", "Invalid")] } },
      summary: "nobody announces it; b should",
      causes: [["refuses the configuration: overlapping pools"]],
    },
    {
      name: "no such interface",
      world: { advertisements: { l2: { interfaces: ["eth9"] } } },
      summary: "nobody announces it; b should",
      causes: [["none of the interfaces eth9"]],
    },
    {
      name: "speakers without membership",
      world: { nodes: { a: {}, b: { speaker: "none" }, c: {} } },
      summary: "nobody announces it; a should",
      causes: [["without membership take every node for alive, and leave it to b"]],
    },
    {
      name: "two announce",
      world: { statuses: says("a", "b") },
      summary: "a and b announce it; b should",
      causes: [["may take b for dead"]],
    },
    {
      name: "a status left over",
      world: { nodes: { a: { speaker: "none" }, b: {}, c: {} }, statuses: says("a", "b") },
      summary: "a and b announce it; b should",
      causes: [["no speaker Pod on a is ready"]],
    },
    {
      name: "a node that is gone",
      world: { statuses: says("b", "x") },
      summary: "b and x announce it; b should",
      causes: [["there is no node x"]],
    },
    {
      name: "a node that may not",
      world: { nodes: { a: { networkUnavailable: true }, b: {} }, statuses: says("a") },
      summary: "a announces it; b should",
      causes: [["the others may take b for dead"], ["NetworkUnavailable is True"]],
    },
    {
      name: "nobody should",
      world: { endpoints: {}, statuses: says("a") },
      summary: "a announces it; nobody should: none of its endpoints is ready",
      causes: [["about to give it up"]],
    },
  ])("$name", ({ world, summary, causes }) => {
    const layer2 = explain({ statuses: {}, ...world });
    expect(layer2.summary).toBe(summary);
    expect(layer2.differences).toHaveLength(causes.length);
    for (const [i, wanted] of causes.entries())
      for (const cause of wanted) expect(layer2.differences[i]!.causes.join("\n")).toContain(cause);
  });
});

test("every node is explained as its own speaker decides", () => {
  const nodeSpec = fc.record({
    labels: fc.constantFrom<Record<string, string>>({}, { zone: "x" }, { [EXCLUDE_LABEL]: "" }),
    networkUnavailable: fc.boolean(),
    speaker: fc.constantFrom(true, true, false),
  });
  const nodes = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e"), nodeSpec, {
    minKeys: 1,
    noNullPrototype: true,
  });
  const selector = { matchLabels: { zone: "x" } };
  const advertisement = fc.record({
    nodeSelectors: fc.constantFrom([], [selector]),
    preferredNodeSelectors: fc.constantFrom([], [{ weight: 3, preference: selector }]),
    interfaces: fc.constantFrom([], ["eth0"]),
    serviceSelectors: fc.constantFrom([], [], [{ matchLabels: { app: "y" } }]),
  });
  let owned = 0;
  fc.assert(
    fc.property(nodes, fc.array(advertisement, { maxLength: 3 }), fc.boolean(), (nodeSpecs, list, local) => {
      const web = { name: "web", shows: SHOWN.dual, ...(local ? LOCAL : {}) };
      const snapshot = snapshotOf({ services: [web], pools: POOLS });
      const service = snapshot.services[0]!;
      const advertisements = Object.fromEntries(list.map((spec, i) => [`l2-${i}`, spec]));
      const view = layer2View({ nodes: nodeSpecs, advertisements, endpoints: { "default/web": ["a", "c"] } });
      const layer2 = explainLayer2(service, view, new Elections(snapshot, view, SETTINGS), NO_WORDS);
      for (const { name } of view.nodes) {
        const objects = new SpeakerObjects(SETTINGS);
        const state = new AnnounceState({ node: name, ...SETTINGS }, objects);
        for (const node of view.nodes) objects.setNode(node);
        state.setAlive(new Set(view.speakers!.filter(({ ready }) => ready).map(({ node }) => node)));
        state.setConfig({
          pools: parsePools(snapshot.pools, []).pools,
          advertisements: parseL2Advertisements(view.advertisements, snapshot.pools).advertisements,
        });
        for (const slice of view.slices.get("default/web")!) objects.setSlice("default/web-1", slice);
        objects.setService(keyOfService(service), service);
        state.replan();
        const decision = state.decisionOf("default/web")!;
        const code = decision.announce ? "owner" : decision.reason;
        const explained = layer2.nodes.find(({ node }) => node === name);
        expect(explained?.code ?? layer2.refusal?.code).toBe(code);
        if (!decision.announce) continue;
        owned++;
        expect(layer2.expectedOwner).toBe(name);
        expect(explained?.interfaces).toEqual(decision.interfaces);
      }
    }),
  );
  expect(owned).toBeGreaterThan(10);
});
