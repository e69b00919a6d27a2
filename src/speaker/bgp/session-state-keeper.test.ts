import { beforeEach, expect, test } from "vitest";
import { downPeerOf, livePeerOf } from "../../../test/support/live-peers.ts";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { RecordingKube } from "../../../test/support/recording-kube.ts";
import { settle } from "../../../test/support/settle.ts";
import { silentLog } from "../../../test/support/silent-log.ts";
import { KINDS } from "../../config/kinds.ts";
import { seconds } from "../../lib/duration.ts";
import { OwnPod } from "../../reporting/own-pod.ts";
import type { LivePeer } from "./live-bgp.ts";
import { SessionStateKeeper } from "./session-state-keeper.ts";

const WHERE = { node: "a", namespace: "metallb-system" };
const REFUSED = { code: "connect-failed", reason: "refused" } as const;

let kube: RecordingKube;
let clock: ManualClock;
let peers: Map<string, LivePeer>;
let keeper: SessionStateKeeper;

beforeEach(async () => {
  kube = new RecordingKube();
  clock = new ManualClock();
  peers = new Map([["router", livePeerOf("router")]]);
  const stale = { name: "a--old", namespace: WHERE.namespace, labels: { "metallb.io/node": "a" } };
  kube.apply(KINDS.BGPSessionState, { metadata: stale });
  kube.apply(KINDS.BGPSessionState, { metadata: { ...stale, name: "b--x", labels: { "metallb.io/node": "b" } } });
  const ports = { client: kube, watcher: kube, clock, random: { next: () => 0 }, log: silentLog };
  const pod = new OwnPod({ namespace: WHERE.namespace, podName: undefined }, ports);
  keeper = new SessionStateKeeper(WHERE, ports, pod, (name) => peers.get(name));
  keeper.start();
  keeper.changed("router");
  keeper.begin();
  await settle();
});

function states(): readonly string[] {
  return kube
    .objects(KINDS.BGPSessionState)
    .map(({ metadata, status }) => `${metadata.name} ${String((status as { bgpStatus?: string })?.bgpStatus)}`);
}

async function becomes(peer: LivePeer): Promise<void> {
  peers.set(peer.name, peer);
  keeper.changed(peer.name);
  await settle();
}

test("sessions are told of, what an earlier speaker left goes, what is of others stays", () => {
  expect(states().toSorted()).toEqual(["a--router Established", "b--x undefined"]);
});

test("a session that flaps is written every five seconds at most, with what is true then", async () => {
  const before = kube.requests.length;
  for (let i = 0; i < 10; i++) {
    await becomes({ ...downPeerOf("router", REFUSED), since: `2026-01-01T00:00:0${i}.000Z` });
    await becomes(livePeerOf("router", { since: `2026-01-01T00:00:0${i}.500Z` }));
  }
  await becomes(downPeerOf("router", REFUSED));
  expect(kube.requests.length).toBe(before);
  clock.advance(seconds(5));
  await settle();
  expect(kube.requests.length).toBe(before + 1);
  expect(states()).toContain("a--router Active");
});

test("numbers of routes alone are written each minute at most", async () => {
  const before = kube.requests.length;
  const counts = { IPv4: { wanted: 1, told: 1, unsent: {} }, IPv6: { wanted: 0, told: 0, unsent: {} } };
  await becomes(livePeerOf("router", { prefixes: counts }));
  clock.advance(seconds(59));
  await settle();
  expect(kube.requests.length).toBe(before);
  clock.advance(seconds(1));
  await settle();
  expect(kube.requests.length).toBe(before + 1);
});

test("the object goes with the peer", async () => {
  peers.delete("router");
  keeper.changed("router");
  await settle();
  expect(states()).toEqual(["b--x undefined"]);
});
