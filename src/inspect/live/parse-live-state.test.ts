import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LiveState } from "../../speaker/live-state.ts";
import { parseLiveState } from "./parse-live-state.ts";

const FULL: LiveState = {
  apiVersion: "inspect.metallb.io/v1",
  kind: "SpeakerState",
  node: "a",
  now: "2026-01-01T00:00:00.000Z",
  waitingFor: "waiting for the protocol worker",
  membership: {
    standing: { kind: "doubtful", reason: "silence", since: "2025-12-31T23:59:59.000Z", holdsBack: false },
    members: [
      { node: "a", address: "192.0.2.1", state: "alive" },
      { node: "b", address: "2001:db8::2", state: "suspect" },
    ],
  },
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
      duplicates: [{ mac: "02:00:00:00:00:66", interface: "eth0", at: "2025-12-31T23:59:59.999Z" }],
    },
    { ip: "10.0.0.1", services: [], interfaces: [], duplicates: [] },
  ],
  bgp: { peers: [] },
  continue: "10.0.0.1",
};

test("what a speaker shows is read as it was", () => {
  expect(parseLiveState(JSON.stringify(FULL))).toEqual({ ok: true, value: FULL });
});

test("what a later version adds is passed over", () => {
  const later = {
    ...FULL,
    bgp: { peers: [], later: 1 },
    weather: {},
    layer2: FULL.layer2.map((address) => ({ ...address, vlan: 7 })),
  };
  expect(parseLiveState(JSON.stringify(later))).toEqual({ ok: true, value: FULL });
});

describe("what is not understood", () => {
  test.each([
    { name: "no JSON", text: "404 page not found", error: /not JSON: 404 page/ },
    { name: "a text", text: '"SpeakerState"', error: /not a SpeakerState/ },
    { name: "null", text: "null", error: /not a SpeakerState/ },
    { name: "another kind", text: JSON.stringify({ ...FULL, kind: "Status" }), error: /not a SpeakerState/ },
    { name: "no version", text: JSON.stringify({ ...FULL, apiVersion: 1 }), error: /version is unknown/ },
    { name: "no time", text: JSON.stringify({ ...FULL, now: "yesterday" }), error: /when it was made/ },
  ])("$name is refused", ({ text, error }) => {
    expect(parseLiveState(text)).toEqual({ ok: false, error: expect.stringMatching(error) });
  });

  test("odd parts count as absent, and oddness is no certainty", () => {
    const odd = {
      ...FULL,
      waitingFor: ["much"],
      membership: { standing: { kind: "certain", reason: "__proto__" }, members: [1, { node: 2 }, { node: "a" }] },
      layer2: [null, { ip: 1 }, { ip: "10.0.0.1", services: "shop/web", interfaces: [{ mac: "x" }], lastAnswered: 1 }],
      continue: 5,
    };
    const parsed = parseLiveState(JSON.stringify(odd));
    expect(parsed).toEqual({
      ok: true,
      value: {
        apiVersion: FULL.apiVersion,
        kind: FULL.kind,
        node: "a",
        now: FULL.now,
        membership: {
          standing: { kind: "doubtful", reason: "joining", since: FULL.now, holdsBack: true },
          members: [{ node: "a", address: "", state: "alive" }],
        },
        bgp: { peers: [] },
        layer2: [{ ip: "10.0.0.1", services: [], interfaces: [], duplicates: [] }],
      },
    });
  });

  test("nothing makes it throw", () => {
    const mutated = fc.tuple(fc.constantFrom(...Object.keys(FULL)), fc.jsonValue()).map(([key, value]) => {
      return JSON.stringify({ ...FULL, [key]: value });
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), mutated), (text) => {
        expect(typeof parseLiveState(text).ok).toBe("boolean");
      }),
    );
  });
});
