import { beforeEach, describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { parseAddress } from "../../src/ip/address.ts";
import { seconds } from "../../src/lib/duration.ts";
import { defaultRouterId } from "../../src/speaker/bgp/default-router-id.ts";
import { NodeSessions } from "../../src/speaker/bgp/node-sessions.ts";
import { type BgpHost, BgpNetwork, sessionOf, stateOf } from "../support/bgp-pair.ts";
import { RecordingLog } from "../support/recording-log.ts";
import { RecordingMetrics } from "../support/recording-metrics.ts";
import { settle } from "../support/settle.ts";
import { testLink } from "../support/test-link.ts";
import { type LabSpeaker, NAMESPACE, SpeakerLab } from "../support/speaker-lab.ts";

const [NODE, NODE_IPV6, ROUTER] = ["192.0.2.1", "2001:db8::1", "192.0.2.9"];
const PEER = { myASN: 64_512, peerASN: 64_500, peerAddress: ROUTER, dualStackAddressFamily: true };

const LINK = testLink({
  mac: undefined,
  addresses: [
    { address: parseAddress(NODE)!, prefixLength: 24 },
    { address: parseAddress(NODE_IPV6)!, prefixLength: 64 },
  ],
});

let lab: SpeakerLab;
let network: BgpNetwork;
let router: BgpHost;
let speaker: LabSpeaker;
let metrics: RecordingMetrics;

function apply(kind: "BGPAdvertisement" | "BGPPeer", name: string, spec: object): void {
  lab.kube.apply(KINDS[kind], { metadata: { namespace: NAMESPACE, name }, spec });
}

/** What the router wants of the speaker from now on. */
function routerExpects({ asn, key }: { readonly asn: number; readonly key?: string }): void {
  const plan = network.plan(router, router, { passive: true, connect: key === undefined ? {} : { key } });
  const config = { ...plan.config, localAsn: 64_500, remoteAs: { is: "number", asn } as const };
  router.manager.setPeers([{ ...plan, config, remote: { address: parseAddress(NODE)!, port: 179 } }]);
}

/** A speaker whose session with a router stands, from custom resources to messages. */
beforeEach(async () => {
  lab = new SpeakerLab();
  network = new BgpNetwork(lab.clock);
  router = network.host(ROUTER);
  routerExpects({ asn: 64_512 });
  lab.node("node-1");
  lab.pool("pool", "192.168.10.0/24", "fd00:1::/112");
  apply("BGPAdvertisement", "bgp", {});
  apply("BGPPeer", "router", PEER);
  metrics = new RecordingMetrics();
  const sessions = new NodeSessions(
    { listen: undefined, defaultRouterId: defaultRouterId(NODE, "node-1") },
    {
      clock: lab.clock,
      random: { next: () => 0 },
      streams: network.internet.host(parseAddress(NODE)!).streams,
      log: new RecordingLog(),
      metrics,
      links: () => [LINK],
    },
  );
  speaker = await lab.speaker("node-1", { bgp: sessions });
  await network.pass(seconds(3));
  if (stateOf(router) !== "Established") throw new Error(`the session is in ${stateOf(router)}`);
});

/** Prefixes that the router has. */
function received(): readonly [IPv4: number, IPv6: number] {
  const { IPv4, IPv6 } = sessionOf(router).prefixesReceived;
  return [IPv4, IPv6];
}

test("a Service's addresses reach the router in one go, and leave it with the Service", async () => {
  expect(sessionOf(router).negotiated).toMatchObject({ peerAsn: 64_512, peerRouterId: 0xc000_0201 });
  expect(sessionOf(router).endOfRibReceived).toEqual(["IPv4", "IPv6"]);
  lab.service("web", ["192.168.10.7", "fd00:1::7"]);
  lab.service("mail", ["192.168.10.8"]);
  await settle();
  expect(received()).toEqual([2, 1]);
  const peer = `{peer="${ROUTER}:179"}`;
  expect(metrics.values.get(`metallb_bgp_session_up${peer}`)).toBe(1);
  expect(metrics.values.get(`metallb_bgp_announced_prefixes_total${peer}`)).toBe(3);
  lab.kube.remove(KINDS.Service, "shop/web");
  await settle();
  expect(received()).toEqual([1, 0]);
});

test("the session stays while the configuration can't be used, and through what the router doesn't see", async () => {
  lab.service("web", ["192.168.10.7"]);
  apply("BGPPeer", "broken", { ...PEER, peerAddress: "nowhere" });
  await network.pass(seconds(30));
  expect([stateOf(router), received()]).toEqual(["Established", [1, 0]]);
  lab.kube.remove(KINDS.BGPPeer, `${NAMESPACE}/broken`);
  apply("BGPPeer", "router", { ...PEER, connectTime: "3s" });
  await network.pass(seconds(30));
  expect([sessionOf(router).timesEstablished, received()]).toEqual([1, [1, 0]]);
  apply("BGPPeer", "router", { ...PEER, holdTime: "30s" });
  await network.pass(seconds(30));
  expect(sessionOf(router).timesEstablished).toBe(2);
  expect([stateOf(router), received()]).toEqual(["Established", [1, 0]]);
});

test("a speaker that ends takes its routes back and tells why", async () => {
  lab.service("web", ["192.168.10.7"]);
  await settle();
  const stopped = speaker.stop();
  await network.pass(seconds(3));
  await stopped;
  expect(received()).toEqual([0, 0]);
  expect(sessionOf(router).lastEnd?.reason.text).toBe(
    'the peer says: cease: administrative shutdown: "the speaker stops"',
  );
});

describe("metrics.go", () => {
  const value = (name: string) => metrics.values.get(`${name}{peer="${ROUTER}:179"}`);
  const counts = () =>
    ["session_up", "announced_prefixes_total", "pending_prefixes_total"].map((name) => value(`metallb_bgp_${name}`));

  test("the session, the prefixes that are meant and told, and UPDATEs are counted, and end with the peer", async () => {
    const updates = () => value("metallb_bgp_updates_total")!;
    const atFirst = updates();
    expect(counts()).toEqual([1, 0, 0]);
    lab.service("web", ["192.168.10.7", "fd00:1::7"]);
    await settle();
    expect(counts()).toEqual([1, 2, 2]);
    expect(updates()).toBe(atFirst + 2);
    router.manager.setPeers([]);
    await network.pass(seconds(1));
    expect(counts()).toEqual([0, 0, 2]);
    lab.kube.remove(KINDS.BGPPeer, `${NAMESPACE}/router`);
    await network.pass(seconds(1));
    expect(metrics.series("metallb_bgp_session_up")).toEqual([]);
    expect(counts()).toEqual([undefined, undefined, undefined]);
  });

  test("the configuration is loaded, and stale while a BGPPeer is wrong", async () => {
    const config = () =>
      ["loaded", "stale"].map((name) => speaker.metrics.values.get(`metallb_k8s_client_config_${name}_bool`));
    expect(config()).toEqual([1, 0]);
    apply("BGPPeer", "broken", { ...PEER, peerAddress: "nowhere" });
    await settle();
    expect(config()).toEqual([1, 1]);
    lab.kube.remove(KINDS.BGPPeer, `${NAMESPACE}/broken`);
    await settle();
    expect(config()).toEqual([1, 0]);
  });
});

describe("bgp.go", () => {
  test.each([
    ["routerID", { routerID: "10.10.10.1" }, { peerRouterId: 0x0a0a_0a01, peerAsn: 64_512 }],
    ["localASN", { localASN: 64_600 }, { peerAsn: 64_600 }],
    ["a dynamic ASN that fits", { peerASN: undefined, dynamicASN: "external" }, { peerAsn: 64_512 }],
    ["timers", { holdTime: "30s", keepaliveTime: "5s" }, { holdTime: seconds(30) }],
  ])("%s holds in the session", async (_, spec, negotiated) => {
    routerExpects({ asn: "localASN" in spec ? 64_600 : 64_512 });
    apply("BGPPeer", "router", { ...PEER, ...spec });
    lab.service("web", ["192.168.10.7"]);
    await network.pass(seconds(30));
    expect(sessionOf(router).negotiated).toMatchObject(negotiated);
    expect(received()).toEqual([1, 0]);
  });

  test("a dynamic ASN that doesn't fit keeps the session from coming up", async () => {
    apply("BGPPeer", "router", { ...PEER, peerASN: undefined, dynamicASN: "internal" });
    await network.pass(seconds(30));
    expect(stateOf(router)).not.toBe("Established");
    expect(sessionOf(router).lastEnd?.reason.text).toMatch(/bad peer AS/);
  });

  test.each([
    ["in the clear", { password: "right" }, { password: "wrong" }],
    [
      "in a Secret",
      { passwordSecret: { name: "right", namespace: NAMESPACE } },
      { passwordSecret: { name: "wrong", namespace: NAMESPACE } },
    ],
  ])("a password %s signs the session, which doesn't come up with another", async (_, right, wrong) => {
    for (const name of ["right", "wrong"]) {
      const metadata = { namespace: NAMESPACE, name };
      lab.kube.apply(KINDS.Secret, { metadata, type: "kubernetes.io/basic-auth", data: { password: btoa(name) } });
    }
    routerExpects({ asn: 64_512, key: "right" });
    apply("BGPPeer", "router", { ...PEER, ...wrong });
    await network.pass(seconds(30));
    expect(stateOf(router)).not.toBe("Established");
    apply("BGPPeer", "router", { ...PEER, ...right });
    await network.pass(seconds(30));
    expect(stateOf(router)).toBe("Established");
  });
});
