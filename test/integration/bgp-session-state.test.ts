import { afterAll, beforeAll, expect, test } from "vitest";
import { projectBgpSessionState } from "../../src/config/bgp-session-state.ts";
import { KINDS } from "../../src/config/kinds.ts";
import type { LivePeer } from "../../src/speaker/bgp/live-bgp.ts";
import { planSessionState } from "../../src/speaker/bgp/session-state-plan.ts";
import { type InspectLab, startInspectLab } from "../support/inspect-lab.ts";
import { downPeerOf, livePeerOf } from "../support/live-peers.ts";

const ME = { node: "a", namespace: "metallb-system", pod: undefined };
const WHERE = { namespace: ME.namespace, name: "a--router" };

let lab: InspectLab;
beforeAll(async () => {
  lab = await startInspectLab();
});
afterAll(() => lab.close());

test("the API server keeps what is planned as it was meant", async () => {
  const client = await lab.client();
  const stored = async () => {
    const got = await client.get(KINDS.BGPSessionState, WHERE);
    return got.ok ? projectBgpSessionState(got.value) : undefined;
  };
  const write = async (peer: LivePeer) => {
    const planned = planSessionState(WHERE.name, peer, await stored(), ME);
    if (planned?.do !== "status") throw new Error(`planned ${planned?.do}`);
    const patch = { type: "merge", body: planned.body } as const;
    const patched = await client.patch(KINDS.BGPSessionState, WHERE, patch, { subresource: "status" });
    expect(patched).toMatchObject({ ok: true });
    expect(planSessionState(WHERE.name, peer, await stored(), ME)).toBeUndefined();
  };
  const first = planSessionState(WHERE.name, livePeerOf("router"), undefined, ME);
  if (first?.do !== "create") throw new Error("nothing to create");
  expect(await client.create(KINDS.BGPSessionState, first.body, ME)).toMatchObject({ ok: true });
  await write(livePeerOf("router"));
  await write(downPeerOf("router", { code: "connect-failed", reason: "refused" }));
  await write(livePeerOf("router", { vrf: "red" }));
});
