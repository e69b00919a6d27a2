import { expect, test } from "vitest";
import { configObject } from "../../../test/support/config-objects.ts";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { ModelSessions } from "../../../test/support/model-sessions.ts";
import { RecordingLog } from "../../../test/support/recording-log.ts";
import { RecordingMetrics } from "../../../test/support/recording-metrics.ts";
import { parseBgp } from "../../config/parse-bgp.ts";
import { parsePools } from "../../config/parse-pools.ts";
import { projectService } from "../../config/service.ts";
import { seconds } from "../../lib/duration.ts";
import type { KubeEvent, KubeObject } from "../../ports/kube.ts";
import { SpeakerObjects } from "../speaker-objects.ts";
import { BgpSpeaker } from "./bgp-speaker.ts";

const OPTIONS = { node: "node-1", loadBalancerClass: "", ignoreExcludeLabel: false };
const PEER = configObject("router", { myASN: 64_512, peerASN: 64_500, peerAddress: "192.0.2.9" });

class World {
  readonly objects = new SpeakerObjects(OPTIONS);
  readonly sessions = new ModelSessions();
  readonly clock = new ManualClock();
  readonly log = new RecordingLog();
  readonly metrics = new RecordingMetrics();
  readonly events: KubeEvent[] = [];
  readonly peers: string[] = [];
  readonly speaker = new BgpSpeaker(OPTIONS, this.objects, {
    sessions: this.sessions,
    clock: this.clock,
    log: this.log,
    metrics: this.metrics,
    events: { record: (event) => void this.events.push(event) },
    statuses: {
      start: () => undefined,
      want: (service, peers) => void this.peers.push(`${service}: ${peers?.join()}`),
      begin: () => undefined,
      close: () => Promise.resolve(),
    },
  });

  configure(...bgpAdvertisements: KubeObject[]): void {
    const ipAddressPools = [configObject("pool", { addresses: ["10.0.0.0/24"] })];
    const { pools } = parsePools(ipAddressPools, []);
    const objects = { ipAddressPools, bgpAdvertisements, bgpPeers: [PEER], bfdProfiles: [], communities: [] };
    this.speaker.setConfig({ pools, ...parseBgp(objects, pools).config });
    this.speaker.replan();
  }

  service(ips: readonly string[], uid = "u1", policy = "Cluster"): void {
    const metadata = { namespace: "shop", name: "web", uid };
    const status = { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } };
    const spec = { type: "LoadBalancer", externalTrafficPolicy: policy };
    this.objects.setService("shop/web", projectService({ metadata, spec, status }));
    this.speaker.replan();
  }

  endpoints(count: number): void {
    const slice = { service: "shop/web", usable: count > 0, family: "IPv4" as const };
    this.objects.setSlice("shop/web-1", {
      ...slice,
      nodes: count > 0 ? ["node-1"] : [],
      ready: count > 0 ? [count] : [],
    });
    this.speaker.replan();
  }

  announced(): readonly string[] {
    return this.metrics.series("metallb_speaker_announced");
  }

  said(): readonly string[] {
    return this.events.splice(0).map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  }
}

const SERIES = (ip: string) => `metallb_speaker_announced{ip="${ip}",node="node-1",protocol="bgp",service="shop/web"}`;
const ASSIGNED = 'Normal nodeAssigned: announcing from node "node-1" with protocol "bgp"';

test("what is announced shows in metrics, an event and a log line, when it changes and only then", () => {
  const world = new World();
  world.endpoints(1);
  world.service(["10.0.0.1"]);
  world.configure(configObject("bgp"));
  expect(world.sessions.told("router")).toEqual({ "10.0.0.1/32": "" });
  expect([world.announced(), world.said(), world.peers]).toEqual([
    [SERIES("10.0.0.1")],
    [ASSIGNED],
    ["shop/web: router"],
  ]);
  world.service(["10.0.0.1"]);
  world.configure(configObject("bgp", { communities: ["1:1"] }));
  expect([world.said(), world.peers.length]).toEqual([[], 1]);
  world.service(["10.0.0.2"]);
  expect([world.announced(), world.said()]).toEqual([[SERIES("10.0.0.2")], [ASSIGNED]]);
  world.service(["10.0.0.2"], "u2");
  expect([world.announced(), world.said()]).toEqual([[SERIES("10.0.0.2")], [ASSIGNED]]);
  world.endpoints(0);
  expect([world.announced(), world.said(), world.peers.at(-1)]).toEqual([[], [], "shop/web: undefined"]);
  expect(world.log.messages("info")).toEqual([
    'announcing 10.0.0.1 for shop/web from node "node-1" with BGP',
    "withdrew 10.0.0.1 of shop/web: loadBalancerIPChanged",
    'announcing 10.0.0.2 for shop/web from node "node-1" with BGP',
    'announcing 10.0.0.2 for shop/web from node "node-1" with BGP',
    "withdrew 10.0.0.2 of shop/web: noEndpoints",
  ]);
  expect(world.log.messages("warn")).toEqual([]);
});

test("advertisements that contradict each other are named on the Service", () => {
  const world = new World();
  world.endpoints(1);
  world.service(["10.0.0.1"]);
  const selective = configObject("b", { localPref: 200, serviceSelectors: [{}] });
  world.configure(configObject("a", { localPref: 100 }), selective);
  const message =
    'not announcing from node "node-1" with protocol "bgp": BGPAdvertisements "a" and "b" give its routes different local preferences';
  expect([world.said(), world.log.messages("warn")]).toEqual([[`Warning announceFailed: ${message}`], [message]]);
  world.service(["10.0.0.1"]);
  expect(world.said()).toEqual([]);
  expect(world.speaker.decisionOf("shop/web")).toMatchObject({ reason: "conflictingAdvertisements" });
  world.configure(configObject("a", { localPref: 200 }), selective);
  expect(world.said()).toEqual([ASSIGNED]);
});

test("weights that have to wait are told when their time has come, by themselves", async () => {
  const world = new World();
  world.endpoints(1);
  world.service(["10.0.0.1"], "u1", "Local");
  world.configure(configObject("bgp", { weightByEndpoints: true }));
  const told = () => world.sessions.told("router")["10.0.0.1/32"];
  world.endpoints(3);
  expect([told(), world.clock.pending]).toEqual(["bandwidth 125000", 1]);
  world.clock.advance(seconds(4));
  world.endpoints(2);
  expect([told(), world.clock.pending]).toEqual(["bandwidth 125000", 1]);
  world.clock.advance(seconds(1));
  expect([told(), world.clock.pending]).toEqual(["bandwidth 250000", 0]);
  world.endpoints(9);
  await world.speaker.stop();
  expect([world.sessions.stopped, world.clock.pending]).toEqual([true, 0]);
});
