import { afterEach, beforeEach, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { seconds } from "../../src/lib/duration.ts";
import { ok } from "../../src/lib/result.ts";
import { LiveSessions } from "../../src/speaker/bgp/live-source.ts";
import { stateDocument } from "../../src/speaker/live-state-document.ts";
import { liveState } from "../../src/speaker/live-state.ts";
import { parseStateQuery } from "../../src/speaker/live-state-query.ts";
import { serveMetrics } from "../../src/telemetry/http.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { DEFAULT_TLS_POLICY } from "../../src/tls/policy.ts";
import { type BgpHost, BgpNetwork, hostRoutes } from "../support/bgp-pair.ts";
import { type InspectLab, startInspectLab } from "../support/inspect-lab.ts";
import { silentLog } from "../support/silent-log.ts";

let lab: InspectLab;
let network: BgpNetwork;
const closers: (() => Promise<unknown>)[] = [];

/** A speaker of node `a` with a session that is up, and one with a router that refuses it. */
beforeEach(async () => {
  lab = await startInspectLab();
  network = new BgpNetwork();
  const [ours, router] = [network.host("10.0.0.1"), network.host("10.0.0.2")];
  const spine = network.host("10.0.0.3", "nowhere");
  ours.manager.setPeers([
    network.plan(ours, router, { name: "router", connect: { key: "not for eyes" } }),
    network.plan(ours, spine, { name: "spine" }),
  ]);
  router.manager.setPeers([network.plan(router, ours, { passive: true, connect: { key: "not for eyes" } })]);
  for (const peer of ["router", "spine"]) ours.manager.setRoutes(peer, hostRoutes(1, 2_500));
  await network.pass(seconds(30));
  await serve("a", ours);
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await lab.close();
});

async function serve(node: string, { manager }: BgpHost): Promise<void> {
  const { clock } = network;
  const sessions = {
    report: (peer: string) => manager.report(peer),
    reports: () => manager.peers.map((peer) => [peer, manager.report(peer)!] as const),
  };
  const nothing = { holders: () => [], facts: () => ({ interfaces: [], duplicates: [] }), withoutSubnet: () => [] };
  const state = (query: URLSearchParams) => {
    const parsed = parseStateQuery(query);
    if (!parsed.ok) return parsed;
    const facts = { node, now: clock.wallTime(), waitingFor: undefined, membership: undefined, addresses: [] };
    const source = { ...facts, ...nothing, bgp: new LiveSessions(sessions, clock) };
    return ok(JSON.stringify(liveState(source, parsed.value)));
  };
  const options = { host: "127.0.0.1", port: 0, policy: DEFAULT_TLS_POLICY, metrics: createMetrics("speaker") };
  const client = await lab.client();
  const server = await serveMetrics({ ...options, client, log: silentLog, documents: [stateDocument({ state })] });
  closers.push(() => server.close());
  await lab.placeSpeaker(node, server.port);
}

test("bgp peers: one line for each session, with why it is down", async () => {
  const { code, out, err } = await lab.run("bgp", "peers");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^2 BGP sessions: 1 established, 1 down\.$/m);
  expect(out).toMatch(/^ {2}a +router +10\.0\.0\.2:179 +64512 +Established +.* 2500\/2500/m);
  expect(out).toMatch(/^ {2}a +spine +10\.0\.0\.3:179 +64513 +\w+ +.* 0\/2500 +no session: .*\(connect-failed\)/m);
  const { sessions } = await lab.json("bgp", "peers", "--node", "a");
  expect(sessions).toMatchObject([
    { node: "a", name: "router", state: "Established", negotiated: { peerAsn: 64_512, families: ["IPv4", "IPv6"] } },
    { node: "a", name: "spine", lastEnd: { code: "connect-failed" }, problems: [{ code: "down" }] },
  ]);
  expect(JSON.stringify(sessions)).not.toContain("not for eyes");
});

test("bgp routes: all of them, page by page, in order", async () => {
  const { sessions } = await lab.json("bgp", "routes", "router");
  expect(sessions).toHaveLength(1);
  const { routes } = sessions[0];
  expect(routes.map(({ prefix }: { readonly prefix: string }) => prefix)).toEqual(
    Array.from({ length: 2_500 }, (_, i) => `10.1.${i >> 8}.${i & 0xff}/32`),
  );
  expect(routes[7]).toEqual({
    prefix: "10.1.0.7/32",
    state: "told",
    told: { nextHop: "10.0.0.1", asPath: [64_511], communities: [] },
  });
});

test("bgp session: what was agreed, and the changes of state", async () => {
  const { code, out } = await lab.runOn({ columns: 100 }, "bgp", "session", "router");
  expect(code).toBe(0);
  expect(out).toContain("from 10.0.0.1:");
  expect(out).toContain("agreed: routes of IPv4 and IPv6; hold time 90 s");
  expect(out).toContain("OpenConfirm to Established");
});

test("explain service: which peers were sent its routes, and why not", async () => {
  const client = await lab.client();
  const peer = (peerASN: number, peerAddress: string) => ({ myASN: 64_511, peerASN, peerAddress });
  const objects = [
    [KINDS.BGPAdvertisement, "bgp", {}],
    [KINDS.BGPPeer, "router", peer(64_512, "10.0.0.2")],
    [KINDS.BGPPeer, "spine", peer(64_513, "10.0.0.3")],
  ] as const;
  for (const [kind, name, spec] of objects) {
    const body = { apiVersion: `metallb.io/${kind.version}`, kind: kind.kind, metadata: { name }, spec };
    expect(await client.create(kind, body, { namespace: "metallb-system" })).toMatchObject({ ok: true });
  }
  await lab.pool("gold", ["10.1.0.0/16"]);
  await lab.service({ name: "web" });
  await lab.layer2({ nodes: { a: { speaker: "none" } }, endpoints: { "default/web": ["a"] } });
  await lab.show("web", ["10.1.0.7"]);
  const { bgp } = await lab.json("explain", "service", "default/web");
  expect(bgp.summary).toContain("a should announce it to router and spine");
  expect(bgp.nodes[0].sessions).toMatchObject([
    { peer: "router", code: "sent", sent: ["10.1.0.7/32"] },
    { peer: "spine", code: "down", explanation: expect.stringMatching(/^no session: .*\(connect-failed\)$/) },
  ]);
  const { out } = await lab.run("explain", "service", "default/web");
  expect(out).toMatch(/^ {2}not sent: a to spine: no session: /m);
});

test.each([
  { args: ["session", "ruoter"], says: "no speaker that was asked has a session with BGPPeer ruoter" },
  { args: ["peers", "--node", "z"], says: "no speaker Pod on node z" },
  { args: ["peers", "--namespace", "elsewhere"], says: "no speaker Pods found in namespace elsewhere" },
])("$args: what is not there is said, and what to do", async ({ args, says }) => {
  const { code, out, err } = await lab.run("bgp", ...args);
  expect(code).toBe(1);
  expect(out + err).toContain(says);
});
