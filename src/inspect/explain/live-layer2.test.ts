import { describe, expect, test } from "vitest";
import { snapshotOf } from "../../../test/support/cluster-snapshot.ts";
import { before, type Layer2Spec, layer2View, macOf } from "../../../test/support/layer2-view.ts";
import { Elections } from "../layer2/elections.ts";
import { NO_PAINT } from "../render/paint.ts";
import { explainLayer2 } from "./explain-layer2.ts";
import type { ExplainedLayer2 } from "./layer2-explanation.ts";
import { layer2Lines } from "./render-layer2.ts";

const SETTINGS = { loadBalancerClass: "", ignoreExcludeLabel: false };
const IPS = ["10.0.0.6", "fd00::1"];

function explain(spec: Partial<Layer2Spec>, shows: readonly string[] = IPS): ExplainedLayer2 {
  const services = [{ name: "web", shows, pool: "gold" }];
  const snapshot = snapshotOf({ services, pools: { gold: ["10.0.0.0/24", "fd00::/120"] } });
  const view = layer2View({ nodes: { a: {}, b: {} }, endpoints: { "default/web": ["a"] }, ...spec });
  const words = { events: [], reported: undefined };
  return explainLayer2(snapshot.services[0]!, view, new Elections(snapshot, view, SETTINGS), words);
}

const lines = (layer2: ExplainedLayer2) => layer2Lines(layer2, { paint: NO_PAINT, width: 100 }).join("\n");
const answering = Object.fromEntries(IPS.map((ip) => [ip, {}]));

test("without live facts nothing is said about them", () => {
  const layer2 = explain({ statuses: { "default/web": { a: [] } } });
  expect(layer2).not.toHaveProperty("answers");
  expect(layer2).not.toHaveProperty("speakers");
  expect(layer2.aliveFrom).toBe("ready-speakers");
});

describe("whose speakers are alive", () => {
  test.each<{ name: string; live: NonNullable<Layer2Spec["live"]>; from: string; alive: readonly string[] }>([
    { name: "is what members say", live: { a: { members: ["a"] } }, from: "members", alive: ["a"] },
    {
      name: "is what any of them says who is sure",
      live: { a: { members: ["a"] }, b: { members: ["b"] } },
      from: "members",
      alive: ["a", "b"],
    },
    {
      name: "is not what those say who are in doubt",
      live: { a: { members: ["a", "b"] }, b: { doubt: "silence", members: ["b"] } },
      from: "members",
      alive: ["a", "b"],
    },
    {
      name: "is not known when all are in doubt",
      live: { a: { doubt: "paused" } },
      from: "ready-speakers",
      alive: ["a", "b"],
    },
    {
      name: "is not known when none can be read",
      live: { a: "unreachable" },
      from: "ready-speakers",
      alive: ["a", "b"],
    },
    {
      name: "does not matter without membership",
      live: { a: { doubt: "none" } },
      from: "no-membership",
      alive: ["a", "b"],
    },
  ])("$name", ({ live, from, alive }) => {
    const layer2 = explain({ live });
    const candidates = layer2.nodes.filter(({ code }) => code !== "nodeNotAlive").map(({ node }) => node);
    expect([layer2.aliveFrom, candidates.sort()]).toEqual([from, alive]);
  });

  test("a ready Pod whose node is no member is told apart from one that isn't ready", () => {
    const { nodes } = explain({ live: { a: { members: ["a"] } } });
    expect(nodes.find(({ node }) => node === "b")).toMatchObject({
      code: "nodeNotAlive",
      speaker: "ready",
      explanation: "the speakers don't take it for a member",
    });
  });
});

test("what each speaker says of each address", () => {
  const interfaces = [
    { name: "eth0", mac: macOf("a") },
    { name: "eth1", mac: macOf("a"), noSubnet: true as const },
  ];
  const lastAnswered = { at: before(0.42), interface: "eth0", to: "02:00:00:00:00:99" };
  const layer2 = explain({
    statuses: { "default/web": { a: [] } },
    live: {
      a: {
        members: ["a", "b"],
        answers: {
          "10.0.0.6": { interfaces, lastAnswered, lastGratuitous: before(45) },
          "fd00::1": { interfaces: [] },
        },
      },
      b: { members: ["a", "b"], answers: { "10.0.0.6": { services: [] } } },
    },
  });
  expect(layer2.answers).toMatchObject([
    { address: "10.0.0.6", by: [{ node: "a" }, { node: "b", leaving: true }] },
    { address: "fd00::1", by: [{ node: "a", interfaces: [] }] },
  ]);
  expect(layer2.differences).toContainEqual({
    code: "notAnswered",
    explanation: "fd00::1: a says that it announces it, and answers on no interface",
    causes: [],
  });
  expect(lines(layer2)).toMatchInlineSnapshot(`
    "a announces it on all interfaces
    a answers for 10.0.0.6 on eth0 (02:00:00:00:00:0a), eth1 (02:00:00:00:00:0a, without its subnet)
    - last request answered 0.4 s ago, from 02:00:00:00:00:99 on eth0; last gratuitous frame 45 s ago
    b answers for 10.0.0.6 on eth0 (02:00:00:00:00:0b), until its next owner does
    - no request answered yet
    a answers for fd00::1 on no interface at present
    - no request answered yet
    differs: b should announce it and doesn't say that it does
    differs: a says that it announces it
    - the speaker on a may take b for dead
    - the speaker on a may be about to give it up, or has not heard of the last change
    differs: fd00::1: a says that it announces it, and answers on no interface
    taken to be alive: whom the speakers take for members
    NODE  SPEAKER  RESULT    WHY
    b     ready    owner     should announce it on all interfaces
    a     ready    notOwner  could take over on all interfaces"
  `);
});

test("who holds back, and who can't be read", () => {
  const layer2 = explain({
    nodes: { a: {}, b: {}, c: {} },
    statuses: { "default/web": { a: [] } },
    live: { a: { doubt: "declared-dead", answers: answering }, b: "proxyForbidden", c: "proxyForbidden" },
  });
  expect(layer2.speakers).toMatchObject([
    { node: "a", standing: { reason: "declared-dead", holdsBack: true, secondsAgo: 12 } },
    { node: "b", unread: { code: "proxyForbidden" } },
    { node: "c", unread: { code: "proxyForbidden" } },
  ]);
  expect(lines(layer2)).toMatchInlineSnapshot(`
    "a announces it on all interfaces
    a answers for 10.0.0.6 on no interface at present
    - no request answered yet
    a answers for fd00::1 on no interface at present
    - no request answered yet
    a was declared dead by another speaker, and answers nothing (declared-dead, 12 s ago)
    not read: speaker-b, speaker-c: as proxyForbidden; mend it (proxyForbidden)
    differs: b should announce it and doesn't say that it does
    - who is alive is not in the API: the others may take b for dead; its speaker's log and readiness
    tell
    differs: a says that it announces it
    - the speaker on a may take b for dead
    - the speaker on a may be about to give it up, or has not heard of the last change
    differs: 10.0.0.6: a answers nothing: others may have taken its place
    differs: fd00::1: a answers nothing: others may have taken its place
    taken to be alive: speakers whose Pods are ready
    NODE  SPEAKER  RESULT    WHY
    b     ready    owner     should announce it on all interfaces
    a     ready    notOwner  could take over on all interfaces
    c     ready    notOwner  could take over on all interfaces"
  `);
});

test("speakers that see the members in another way than others do", () => {
  const many = Array.from({ length: 7 }, (_, i) => `n${i}`);
  const layer2 = explain({
    live: { a: { members: ["a", "b", ...many], suspects: many }, b: { members: ["a", "b"] }, c: { doubt: "silence" } },
  });
  expect(layer2.speakers!.map(({ members }) => members)).toEqual([
    { alive: 9, suspects: many, missing: [] },
    { alive: 2, suspects: [], missing: many },
    { alive: 0, suspects: [], missing: ["a", "b", ...many] },
  ]);
  expect(lines(layer2).split("\n").slice(0, 3)).toEqual([
    "c hears nothing from any other speaker, and answers nothing (silence, 12 s ago)",
    "a suspects that n0, n1, n2, n3, n4 and 2 more may be dead",
    "b doesn't take n0, n1, n2, n3, n4 and 2 more for a member, and another speaker does",
  ]);
});

test("speakers that are not ready, with what they lack, unless that is their doubt", () => {
  const waitingFor = "CAP_NET_RAW is missing";
  const layer2 = explain({
    live: { a: { waitingFor }, b: { waitingFor, doubt: "paused" }, c: { doubt: "none", waitingFor } },
  });
  expect(layer2.speakers!.map((speaker) => speaker.waitingFor)).toEqual([waitingFor, waitingFor, waitingFor]);
  expect(lines(layer2).split("\n").slice(0, 3)).toEqual([
    "b did not run for a while, and answers nothing (paused, 12 s ago)",
    `a is not ready: ${waitingFor}`,
    `c is not ready: ${waitingFor}`,
  ]);
});

test("one address is not named in each difference", () => {
  const live = { a: { answers: { "10.0.0.6": {} } }, b: { answers: { "10.0.0.6": {} } } };
  const { differences } = explain({ statuses: { "default/web": { a: [], b: [] } }, live }, ["10.0.0.6"]);
  expect(differences.at(-1)).toMatchObject({
    code: "severalAnswer",
    explanation: `a (${macOf("a")}) and b (${macOf("b")}) answer for it`,
  });
});
