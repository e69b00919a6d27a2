import { beforeEach, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { parseAddress } from "../../src/ip/address.ts";
import { seconds } from "../../src/lib/duration.ts";
import type { Link } from "../../src/ports/links.ts";
import { defaultRouterId } from "../../src/speaker/bgp/default-router-id.ts";
import { NodeSessions } from "../../src/speaker/bgp/node-sessions.ts";
import { type BgpHost, BgpNetwork, sessionOf, stateOf } from "../support/bgp-pair.ts";
import { RecordingLog } from "../support/recording-log.ts";
import { RecordingMetrics } from "../support/recording-metrics.ts";
import { settle } from "../support/settle.ts";
import { type LabSpeaker, NAMESPACE, SpeakerLab } from "../support/speaker-lab.ts";

const [NODE, NODE_IPV6, ROUTER] = ["192.0.2.1", "2001:db8::1", "192.0.2.9"];
const PEER = { myASN: 64_512, peerASN: 64_500, peerAddress: ROUTER, dualStackAddressFamily: true };

const LINK: Link = {
  index: 2,
  name: "eth0",
  mac: undefined,
  up: true,
  running: true,
  broadcast: true,
  noArp: false,
  hasMaster: false,
  addresses: [
    { address: parseAddress(NODE)!, prefixLength: 24 },
    { address: parseAddress(NODE_IPV6)!, prefixLength: 64 },
  ],
};

let lab: SpeakerLab;
let network: BgpNetwork;
let router: BgpHost;
let speaker: LabSpeaker;
let metrics: RecordingMetrics;

function apply(kind: "BGPAdvertisement" | "BGPPeer", name: string, spec: object): void {
  lab.kube.apply(KINDS[kind], { metadata: { namespace: NAMESPACE, name }, spec });
}

/** A speaker whose session with a router stands, from custom resources to messages. */
beforeEach(async () => {
  lab = new SpeakerLab();
  network = new BgpNetwork(lab.clock);
  router = network.host(ROUTER);
  const plan = network.plan(router, router, { name: "peer", passive: true });
  const config = { ...plan.config, localAsn: 64_500, remoteAs: { is: "number", asn: 64_512 } as const };
  router.manager.setPeers([{ ...plan, config, remote: { address: parseAddress(NODE)!, port: 179 } }]);
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
