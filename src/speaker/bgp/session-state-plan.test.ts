import { describe, expect, test } from "vitest";
import { downPeerOf, livePeerOf } from "../../../test/support/live-peers.ts";
import { projectBgpSessionState } from "../../config/bgp-session-state.ts";
import { planSessionState, sessionStatus } from "./session-state-plan.ts";

const ME = { node: "a", namespace: "metallb-system", pod: { name: "speaker-a", uid: "pod-a" } };
const REFUSED = { code: "connect-failed", reason: "refused" } as const;

/** The object that a speaker left when its session was like this. */
function left(peer: Parameters<typeof sessionStatus>[1], { node = "a", uid = "pod-a" } = {}) {
  const metadata = {
    name: "a--router",
    labels: { "metallb.io/node": node },
    ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "speaker", uid }],
  };
  return projectBgpSessionState({ metadata, status: sessionStatus(node, peer) });
}

describe("which write comes next", () => {
  const up = livePeerOf("router");
  test.each([
    { name: "no session, no object", peer: undefined, existing: undefined, want: undefined },
    { name: "a session begins", peer: up, existing: undefined, want: "create" },
    { name: "as it is", peer: up, existing: left(up), want: undefined },
    { name: "the state changed", peer: downPeerOf("router", REFUSED), existing: left(up), want: "status" },
    { name: "left by the Pod before", peer: up, existing: left(up, { uid: "before" }), want: "adopt" },
    { name: "the peer is gone", peer: undefined, existing: left(up), want: "delete" },
    { name: "of another node", peer: up, existing: left(up, { node: "b" }), want: undefined },
  ])("$name", ({ peer, existing, want }) => {
    expect(planSessionState("a--router", peer, existing, ME)?.do).toBe(want);
  });
});

test("the object has the labels that users of frr-k8s select by, and goes with our Pod", () => {
  expect(planSessionState("a--router", livePeerOf("router", { vrf: "red" }), undefined, ME)).toMatchObject({
    body: {
      kind: "BGPSessionState",
      metadata: {
        name: "a--router",
        labels: { "metallb.io/node": "a", "metallb.io/peer": "router", "metallb.io/vrf": "red" },
        ownerReferences: [{ uid: "pod-a" }],
      },
    },
  });
});

test("the status of a session that is down says why, and takes back what only one that is up has", () => {
  const write = planSessionState("a--router", downPeerOf("router", REFUSED), left(livePeerOf("router")), ME);
  expect(write).toMatchObject({
    body: {
      status: {
        bgpStatus: "Active",
        bfdStatus: "N/A",
        node: "a",
        peer: "router",
        since: "2025-12-31T23:57:00Z",
        lastError: "refused",
        lastErrorTime: "2025-12-31T23:59:58Z",
        capabilities: null,
        peerASN: null,
        routes: [
          { family: "IPv4", meant: 0, sent: 0 },
          { family: "IPv6", meant: 0, sent: 0 },
        ],
      },
    },
  });
});
