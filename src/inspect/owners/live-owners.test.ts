import { describe, expect, test } from "vitest";
import { snapshotOf, type SnapshotService } from "../../../test/support/cluster-snapshot.ts";
import { before, type Layer2Spec, layer2View, macOf } from "../../../test/support/layer2-view.ts";
import { NO_PAINT } from "../render/paint.ts";
import { findOwners } from "./find-owners.ts";
import type { OwnersReport } from "./owners-report.ts";
import { renderOwners } from "./render-owners.ts";

const SETTINGS = { loadBalancerClass: "", ignoreExcludeLabel: false };
const POOLS = { gold: ["10.0.0.0/24", "fd00::/120"] };
const MEMBERS = ["a", "b"];

function owners(services: readonly SnapshotService[], spec: Partial<Layer2Spec>): OwnersReport {
  const view = layer2View({ nodes: { a: {}, b: {} }, ...spec });
  return findOwners(snapshotOf({ services, pools: POOLS }), view, SETTINGS, []);
}

describe.each(["10.0.0.6", "fd00::6"])("%s", (ip) => {
  const web = { name: "web", shows: [ip] };
  const said = { "default/web": { a: ["eth0"] } };

  test("the owner answers, with its MAC, and when it did last", () => {
    const lastAnswered = { at: before(3.25), interface: "eth0", to: "02:00:00:00:00:99" };
    const { addresses, speakers } = owners([web], {
      statuses: said,
      live: {
        a: { members: MEMBERS, answers: { [ip]: { lastAnswered, lastGratuitous: before(61) } } },
        b: { members: MEMBERS },
      },
    });
    expect(addresses).toMatchObject([
      {
        owners: [{ node: "a" }],
        answers: [
          {
            node: "a",
            interfaces: [{ name: "eth0", mac: macOf("a") }],
            leaving: false,
            holdsBack: false,
            lastAnswered: { ...lastAnswered, secondsAgo: 3.3 },
            lastGratuitous: { at: before(61), secondsAgo: 61 },
            duplicates: [],
          },
        ],
        problems: [],
      },
    ]);
    expect(speakers).toMatchObject([
      { node: "a", pod: "speaker-a", standing: { kind: "sure" }, members: { alive: 2, suspects: [], missing: [] } },
      { node: "b" },
    ]);
  });

  test.each<{ code: string; name: string; live: NonNullable<Layer2Spec["live"]>; says: string }>([
    {
      name: "another node answers, too",
      code: "severalAnswer",
      live: { a: { answers: { [ip]: {} } }, b: { answers: { [ip]: {} } } },
      says: `a (${macOf("a")}) and b (${macOf("b")}) answer for it`,
    },
    {
      name: "the owner has given it up",
      code: "notAnswered",
      live: { a: {} },
      says: "a says that it announces it, and knows nothing of it any more",
    },
    {
      name: "the owner has no interface",
      code: "notAnswered",
      live: { a: { answers: { [ip]: { interfaces: [] } } } },
      says: "a says that it announces it, and answers on no interface",
    },
    {
      name: "the owner holds back",
      code: "holdsBack",
      live: { a: { doubt: "silence", answers: { [ip]: {} } } },
      says: "a answers nothing: others may have taken its place",
    },
    {
      name: "another station claims it",
      code: "duplicateAddress",
      live: {
        a: { answers: { [ip]: { duplicates: [{ mac: "02:00:00:00:00:66", interface: "eth0", at: before(5) }] } } },
      },
      says: "a heard 5.0 s ago on eth0 how another station, 02:00:00:00:00:66, claims it",
    },
    {
      name: "another node of the cluster claims it",
      code: "duplicateAddress",
      live: {
        a: { answers: { [ip]: { duplicates: [{ mac: macOf("b"), interface: "eth0", at: before(5) }] } } },
        b: { answers: { "10.0.0.99": {} } },
      },
      says: `a heard 5.0 s ago on eth0 how b (${macOf("b")}) claims it`,
    },
  ])("$code: $name", ({ code, live, says }) => {
    const problems = owners([web], { statuses: said, live }).addresses[0]!.problems.filter(
      (each) => each.code === code,
    );
    expect(problems).toEqual([{ code, services: ["default/web"], explanation: says }]);
  });

  test("unsaid: a node answers without a status", () => {
    const live = { a: { members: ["a"], answers: { [ip]: {} } } };
    const [address] = owners([web], { statuses: {}, endpoints: { "default/web": ["a"] }, live }).addresses;
    expect(address!.problems.map(({ code }) => code)).toEqual(["notAnnounced", "unsaid"]);
  });

  test.each<{ name: string; live: NonNullable<Layer2Spec["live"]> }>([
    {
      name: "an owner that goes on in its doubt",
      live: { a: { doubt: "silence", goesOn: true, answers: { [ip]: {} } } },
    },
    { name: "an owner that can't be asked", live: { a: "unreachable" } },
    {
      name: "one that leaves the address to another",
      live: { a: { answers: { [ip]: {} } }, b: { answers: { [ip]: { services: [] } } } },
    },
    {
      name: "another that holds back",
      live: { a: { answers: { [ip]: {} } }, b: { doubt: "paused", answers: { [ip]: {} } } },
    },
  ])("no problem: $name", ({ live }) => {
    expect(owners([web], { statuses: said, live }).addresses[0]!.problems).toEqual([]);
  });
});

test("who should announce is found among those whom sure speakers take for members", () => {
  const web = { name: "web", shows: ["10.0.0.6"] };
  const candidates = (live: NonNullable<Layer2Spec["live"]>) =>
    owners([web], { nodes: { a: {}, b: {} }, statuses: {}, endpoints: { "default/web": ["a"] }, live }).addresses[0]!
      .problems[0]!.explanation;
  expect(candidates({ a: { members: ["a"] } })).toContain("a should announce it");
  expect(candidates({ a: { doubt: "silence", members: ["a"] }, b: { members: ["b"] } })).toContain("b should announce");
  expect(candidates({ a: { members: ["other"] } })).toBe("no node can announce it");
});

test("on a terminal of 110 columns", () => {
  const services = [
    { name: "web", shows: ["10.0.0.6"] },
    { name: "db", shows: ["fd00::7"] },
    { name: "dns", shows: ["10.0.0.8"] },
  ];
  const lastAnswered = { at: before(200), interface: "eth1", to: "02:00:00:00:00:99" };
  const interfaces = ["eth0", "eth1"].map((name, i) => ({ name, mac: `02:00:00:00:0${i}:0a` }));
  const report = owners(services, {
    nodes: { a: {}, b: {}, c: {}, d: {} },
    endpoints: { "default/db": ["a"] },
    statuses: { "default/web": { a: [] }, "default/dns": { c: ["eth0"] }, "default/db": { b: [] } },
    live: {
      a: { members: MEMBERS, answers: { "10.0.0.6": { interfaces, lastAnswered }, "10.0.0.8": {} } },
      b: { doubt: "paused", answers: { "fd00::7": {} } },
      c: "unreachable",
      d: "unreachable",
    },
  });
  expect(renderOwners(report, { paint: NO_PAINT, width: 110 })).toMatchInlineSnapshot(`
    "3 addresses: 3 announced on layer 2, 2 with doubt about the owner.

    Addresses
      ADDRESS   SERVICE      NODE  INTERFACES  MAC                                   ANSWERED
      10.0.0.6  default/web  a     eth0, eth1  02:00:00:00:00:0a, 02:00:00:00:01:0a  3 min ago
      10.0.0.8  default/dns  a     eth0        02:00:00:00:00:0a
          a answers for it, and no ServiceL2Status says so (unsaid)
                             c     eth0
      fd00::7   default/db   b     eth0        02:00:00:00:00:0b
          b answers nothing: others may have taken its place (holdsBack)

    Speakers
      b did not run for a while, and answers nothing (paused, 12 s ago)
      not read: speaker-c, speaker-d: as unreachable; mend it (unreachable)
    "
  `);
});
