import { beforeEach, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import type { KubeObject } from "../../src/ports/kube.ts";
import { settle } from "../support/settle.ts";
import type { LabSpeaker } from "../support/speaker-lab.ts";
import { NAMESPACE, SpeakerLab } from "../support/speaker-lab.ts";

let lab: SpeakerLab;

function apply(kind: "BGPAdvertisement" | "BGPPeer", name: string, spec: object): void {
  lab.kube.apply(KINDS[kind], { metadata: { namespace: NAMESPACE, name }, spec });
}

beforeEach(() => {
  lab = new SpeakerLab();
  for (const node of ["node-1", "node-2"]) lab.node(node);
  lab.pool("pool", "192.168.10.0/24", "fd00:1::/112");
  apply("BGPAdvertisement", "bgp", {});
  apply("BGPPeer", "router", {
    myASN: 64_512,
    peerASN: 64_500,
    peerAddress: "192.0.2.9",
    dualStackAddressFamily: true,
  });
});

async function speakers(): Promise<readonly [LabSpeaker, LabSpeaker]> {
  return [await lab.speaker("node-1", { bgp: true }), await lab.speaker("node-2", { bgp: true })];
}

/** Who says what of which Service, in order. */
function statuses(): readonly string[] {
  const text = ({ metadata, status }: KubeObject): string => {
    const { node, serviceNamespace, serviceName, peers } = status as Record<string, string> & { peers: string[] };
    const generated = (metadata as { name: string }).name.startsWith("bgp-");
    return `${generated ? "" : "odd name "}${node} ${serviceNamespace}/${serviceName}: ${peers.join()}`;
  };
  return lab.kube.objects(KINDS.ServiceBGPStatus).map(text).sort();
}

test("every node announces, and its ServiceBGPStatus says to whom", async () => {
  const [one, two] = await speakers();
  lab.service("web", ["192.168.10.7", "fd00:1::7"]);
  await settle();
  for (const { sessions } of [one, two])
    expect(Object.keys(sessions.told("router"))).toEqual(["192.168.10.7/32", "fd00:1::7/128"]);
  expect(statuses()).toEqual(["node-1 shop/web: router", "node-2 shop/web: router"]);
  expect(one.metrics.series("metallb_speaker_announced")).toHaveLength(2);
});

test("each node tells of its sessions in a BGPSessionState, which goes with the peer", async () => {
  await speakers();
  const names = () => lab.kube.objects(KINDS.BGPSessionState).map(({ metadata }) => metadata.name);
  expect(names()).toEqual(["node-1--router", "node-2--router"]);
  expect(lab.kube.objects(KINDS.BGPSessionState)[0]).toMatchObject({
    status: { bgpStatus: "Established", node: "node-1", peer: "router", remote: "192.0.2.9:179" },
  });
  lab.kube.remove(KINDS.BGPPeer, `${NAMESPACE}/router`);
  await settle();
  expect(names()).toEqual([]);
});

test("ServiceBGPStatus follows peers, endpoints and Services", async () => {
  await speakers();
  lab.service("web", ["192.168.10.7"], { spec: { externalTrafficPolicy: "Local" }, on: ["node-1"] });
  await settle();
  expect(statuses()).toEqual(["node-1 shop/web: router"]);
  apply("BGPPeer", "another", { myASN: 64_512, peerASN: 64_500, peerAddress: "192.0.2.10" });
  lab.endpoints("web", ["node-2", "node-1"]);
  await settle();
  expect(statuses()).toEqual(["node-1 shop/web: another,router", "node-2 shop/web: another,router"]);
  apply("BGPAdvertisement", "bgp", { peers: ["another"] });
  await settle();
  expect(statuses()).toEqual(["node-1 shop/web: another", "node-2 shop/web: another"]);
  apply("BGPAdvertisement", "bgp", { peers: ["nobody"] });
  await settle();
  expect(statuses()).toEqual([]);
  apply("BGPAdvertisement", "bgp", {});
  await settle();
  expect(statuses()).toHaveLength(2);
  lab.kube.remove(KINDS.Service, "shop/web");
  await settle();
  expect(statuses()).toEqual([]);
});

test("both protocols announce one Service, each for itself", async () => {
  lab.advertisement("l2", {});
  const [one] = await speakers();
  lab.service("web", ["192.168.10.7"]);
  await settle();
  expect(Object.keys(one.sessions.told("router"))).toEqual(["192.168.10.7/32"]);
  const both = ["bgp", "layer2"].map(
    (protocol) =>
      `metallb_speaker_announced{ip="192.168.10.7",node="node-1",protocol="${protocol}",service="shop/web"}`,
  );
  const all = one.metrics.series("metallb_speaker_announced");
  expect(all).toContain(both[0]);
  apply("BGPAdvertisement", "bgp", { localPref: -1 });
  await settle();
  expect(one.metrics.series("metallb_speaker_announced")).toEqual(all);
  expect(one.log.messages("error").at(-1)).toContain("BGP configuration refused, the last good one stays in force");
  lab.kube.remove(KINDS.L2Advertisement, `${NAMESPACE}/l2`);
  await settle();
  expect(one.metrics.series("metallb_speaker_announced")).toEqual([both[0]]);
});

test("a configuration that strands what only BGP announces waits", async () => {
  const [one] = await speakers();
  lab.service("web", ["192.168.10.7"]);
  await settle();
  lab.pool("pool", "192.168.20.0/24");
  await settle();
  expect(one.metrics.values.get("metallb_k8s_client_config_stale_bool")).toBe(1);
  expect(Object.keys(one.sessions.told("router"))).toEqual(["192.168.10.7/32"]);
  lab.service("web", ["192.168.20.7"]);
  await settle();
  expect(Object.keys(one.sessions.told("router"))).toEqual(["192.168.20.7/32"]);
});

test("the sessions end with the speaker", async () => {
  const [one] = await speakers();
  const stopped = one.stop();
  await settle();
  await stopped;
  expect(one.sessions.stopped).toBe(true);
});
