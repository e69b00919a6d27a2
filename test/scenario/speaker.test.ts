import { beforeEach, describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { kubeError } from "../support/recording-kube.ts";
import { settle } from "../support/settle.ts";
import type { LabSpeaker } from "../support/speaker-lab.ts";
import { NAMESPACE, SpeakerLab } from "../support/speaker-lab.ts";

const NODES = ["node-1", "node-2", "node-3"];
const EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers";

let lab: SpeakerLab;

beforeEach(() => {
  lab = new SpeakerLab();
  for (const node of NODES) lab.node(node);
  lab.pool("webapp-pool", "192.168.1.200-192.168.1.210", "fd00:1::/112");
  lab.advertisement("webapp-l2", { ipAddressPools: ["webapp-pool"] });
});

async function speakers(): Promise<readonly LabSpeaker[]> {
  return Promise.all(NODES.map((node) => lab.speaker(node)));
}

function owners(all: readonly LabSpeaker[], ip: string): readonly string[] {
  return NODES.filter((_, i) => all[i]!.answers().includes(ip));
}

describe("who announces", () => {
  test.each(["192.168.1.200", "192.168.1.201", "192.168.1.202", "fd00:1::5", "fd00:1::6"])(
    "exactly one node answers for %s",
    async (ip) => {
      const all = await speakers();
      lab.service("web", [ip]);
      await settle();
      expect(owners(all, ip)).toHaveLength(1);
    },
  );

  test("both addresses of a dual-stack Service are on one node", async () => {
    const all = await speakers();
    lab.service("web", ["192.168.1.200", "fd00:1::9"]);
    await settle();
    expect(owners(all, "192.168.1.200")).toHaveLength(1);
    expect(owners(all, "fd00:1::9")).toEqual(owners(all, "192.168.1.200"));
  });

  test.each([
    ["is deleted", (node: string) => lab.kube.remove(KINDS.Node, node)],
    ["is labelled as excluded", (node: string) => lab.node(node, { labels: { [EXCLUDE]: "" } })],
    ["loses its network", (node: string) => lab.node(node, { networkUnavailable: true })],
  ])("when the owner %s another node takes over", async (_, harm) => {
    const all = await speakers();
    lab.service("web", ["192.168.1.200"]);
    await settle();
    const [owner] = owners(all, "192.168.1.200");
    harm(owner!);
    await settle();
    const now = owners(all, "192.168.1.200");
    expect(now).toHaveLength(1);
    expect(now).not.toEqual([owner]);
    expect(all[NODES.indexOf(owner!)]!.log.messages("info").at(-1)).toMatch(/^gave up 192\.168\.1\.200 of shop\/web: /);
    expect(lab.statuses().map((status) => (status["status"] as { node: string }).node)).toEqual(now);
  });

  test("with externalTrafficPolicy Local the owner has an endpoint, and follows it", async () => {
    const all = await speakers();
    lab.service("web", ["fd00:1::7"], { on: ["node-3"], spec: { externalTrafficPolicy: "Local" } });
    await settle();
    expect(owners(all, "fd00:1::7")).toEqual(["node-3"]);
    lab.endpoints("web", ["node-2"]);
    await settle();
    expect(owners(all, "fd00:1::7")).toEqual(["node-2"]);
    lab.endpoints("web", []);
    await settle();
    expect(owners(all, "fd00:1::7")).toEqual([]);
  });
});

describe("on a single node", () => {
  let speaker: LabSpeaker;

  beforeEach(async () => {
    lab.kube.remove(KINDS.Node, "node-2");
    lab.kube.remove(KINDS.Node, "node-3");
    speaker = await lab.speaker("node-1", { podName: "speaker-x" });
  });

  const pod = { metadata: { namespace: NAMESPACE, name: "speaker-x", uid: "pod-uid" }, spec: {} };

  test("gaining an address is told once: event, log, metric, status", async () => {
    lab.kube.apply(KINDS.Pod, pod);
    lab.clock.advance(seconds(60));
    lab.service("web", ["192.168.1.200"]);
    await settle();
    expect(speaker.events).toEqual([
      {
        regarding: expect.objectContaining({ kind: "Service", namespace: "shop", name: "web" }) as object,
        type: "Normal",
        reason: "nodeAssigned",
        message: 'announcing from node "node-1" with protocol "layer2"',
      },
    ]);
    expect(speaker.log.messages("info").filter((line) => line.startsWith("announcing"))).toEqual([
      'announcing 192.168.1.200 for shop/web from node "node-1" on eth0, eth1',
    ]);
    const series = 'metallb_speaker_announced{ip="192.168.1.200",node="node-1",protocol="layer2",service="shop/web"}';
    expect(speaker.metrics.series("metallb_speaker_announced")).toEqual([series]);
    const [status] = lab.statuses();
    expect(status).toMatchObject({
      metadata: {
        namespace: NAMESPACE,
        name: expect.stringMatching(/^l2-/) as string,
        labels: {
          "metallb.io/node": "node-1",
          "metallb.io/service-name": "web",
          "metallb.io/service-namespace": "shop",
        },
        ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "speaker-x", uid: "pod-uid" }],
      },
      status: { node: "node-1", serviceName: "web", serviceNamespace: "shop" },
    });
    expect(status!["status"]).not.toHaveProperty("interfaces");

    const { length } = lab.kube.requests;
    for (let i = 0; i < 100; i++)
      lab.kube.edit(KINDS.Service, "shop/web", { metadata: { labels: { touched: `${i}` } } });
    lab.node("node-1");
    lab.endpoints("web", ["node-1", "elsewhere"]);
    await settle();
    expect(speaker.worker.commands).toHaveLength(1);
    expect(speaker.events).toHaveLength(1);
    expect(lab.kube.requests).toHaveLength(length);
  });

  test("a Service that goes takes everything with it", async () => {
    lab.service("web", ["192.168.1.200", "fd00:1::1"]);
    await settle();
    expect(speaker.answers()).toEqual(["192.168.1.200", "fd00:1::1"]);
    lab.kube.remove(KINDS.Service, "shop/web");
    await settle();
    expect(speaker.answers()).toEqual([]);
    expect(lab.statuses()).toEqual([]);
    expect(speaker.metrics.series("metallb_speaker_announced")).toEqual([]);
    expect(speaker.log.messages("info").at(-1)).toBe("gave up 192.168.1.200, fd00:1::1 of shop/web: serviceDeleted");
  });

  test("a shared address stays until its last Service goes", async () => {
    lab.service("http", ["192.168.1.200"]);
    lab.service("https", ["192.168.1.200"], { spec: { ports: [{ protocol: "TCP", port: 443 }] } });
    await settle();
    expect(speaker.worker.commands.map((command) => command.do)).toEqual(["announce"]);
    expect(speaker.log.messages("info").filter((line) => line.startsWith("announcing"))).toHaveLength(2);
    lab.kube.remove(KINDS.Service, "shop/http");
    await settle();
    expect(speaker.answers()).toEqual(["192.168.1.200"]);
    lab.kube.remove(KINDS.Service, "shop/https");
    await settle();
    expect(speaker.worker.commands.map((command) => command.do)).toEqual(["announce", "withdraw"]);
  });

  test("an address that goes from one Service to another is not withdrawn in between", async () => {
    lab.service("old", ["192.168.1.200"]);
    await settle();
    lab.kube.remove(KINDS.Service, "shop/old");
    lab.service("new", ["192.168.1.200"]);
    await settle();
    expect(speaker.worker.commands.map((command) => command.do)).toEqual(["announce"]);
    expect(speaker.events.map(({ regarding }) => regarding.name)).toEqual(["old", "new"]);
  });

  test("a Service made anew under the same name gets its own event", async () => {
    lab.service("web", ["192.168.1.200"]);
    await settle();
    lab.kube.remove(KINDS.Service, "shop/web");
    lab.service("web", ["192.168.1.200"]);
    await settle();
    expect(new Set(speaker.events.map(({ regarding }) => regarding.uid)).size).toBe(2);
    expect(speaker.worker.commands).toHaveLength(1);
  });

  test("interfaces of the advertisement limit where it is answered, and appear in the status", async () => {
    lab.advertisement("webapp-l2", { interfaces: ["eth1", "eth7"] });
    lab.service("web", ["192.168.1.200"]);
    await settle();
    expect([...speaker.worker.answered.values()]).toEqual([["eth1"]]);
    expect(lab.statuses()[0]!["status"]).toMatchObject({ interfaces: [{ name: "eth1" }, { name: "eth7" }] });
    lab.advertisement("webapp-l2", {});
    await settle();
    expect([...speaker.worker.answered.values()]).toEqual([["eth0", "eth1"]]);
    expect(lab.statuses()[0]!["status"]).not.toHaveProperty("interfaces");
  });

  test("interfaces that don't exist are reported once, and the report ends when one appears", async () => {
    lab.advertisement("webapp-l2", { interfaces: ["eth7"] });
    lab.service("web", ["fd00:1::1"]);
    await settle();
    lab.kube.edit(KINDS.Service, "shop/web", { metadata: { labels: { touched: "yes" } } });
    await settle();
    expect(speaker.events.map(({ type, reason }) => [type, reason])).toEqual([
      ["Normal", "nodeAssigned"],
      ["Warning", "announceFailed"],
    ]);
    expect(lab.statuses()).toEqual([]);
    speaker.worker.emit({ on: "interfaces", names: ["eth0", "eth7"] });
    await settle();
    expect(lab.statuses()).toHaveLength(1);
    expect(speaker.events).toHaveLength(2);
  });

  test("why a Service has no address is repeated in the log, once per reason", async () => {
    lab.service("web", []);
    const conflict = (message: string) =>
      lab.kube.edit(KINDS.Service, "shop/web", {
        status: { conditions: [{ type: "metallb.io/Allocated", status: "False", reason: "portTaken", message }] },
      });
    conflict("port conflict: 192.168.1.200 TCP/80 is used by shop/other");
    await settle();
    lab.kube.edit(KINDS.Service, "shop/web", { metadata: { labels: { touched: "yes" } } });
    await settle();
    expect(speaker.log.messages("warn").filter((line) => line.includes("conflict"))).toEqual([
      "shop/web has no address to announce: port conflict: 192.168.1.200 TCP/80 is used by shop/other",
    ]);
  });

  test("status writes that fail are retried, and duplicates of others are removed", async () => {
    const labels = {
      "metallb.io/node": "node-9",
      "metallb.io/service-name": "web",
      "metallb.io/service-namespace": "shop",
    };
    lab.kube.apply(KINDS.ServiceL2Status, { metadata: { namespace: NAMESPACE, name: "l2-stale", labels }, spec: {} });
    lab.kube.fail(kubeError(500, "InternalError"), 2, ({ verb }) => verb === "create");
    lab.service("web", ["192.168.1.200"]);
    await settle();
    expect(lab.statuses()).toEqual([]);
    for (let i = 0; i < 3; i++) {
      lab.clock.advance(seconds(1));
      await settle();
    }
    expect(lab.statuses().map((status) => status["status"])).toEqual([
      { node: "node-1", serviceName: "web", serviceNamespace: "shop" },
    ]);
  });

  test("a status object that somebody deletes comes back", async () => {
    lab.service("web", ["192.168.1.200"]);
    await settle();
    lab.kube.remove(KINDS.ServiceL2Status, `${NAMESPACE}/${lab.statuses()[0]!.metadata.name}`);
    await settle();
    expect(lab.statuses()).toHaveLength(1);
  });

  test("stopping withdraws everything and waits for it", async () => {
    lab.service("web", ["192.168.1.200"]);
    await settle();
    await speaker.stop();
    expect(speaker.worker.commands.at(-1)).toEqual({ do: "stop" });
    expect(speaker.answers()).toEqual([]);
    expect(speaker.log.messages("warn").filter((line) => line.includes("192.168.1.200"))).toEqual([]);
    lab.service("web", ["192.168.1.201"]);
    await settle();
    expect(speaker.worker.commands.at(-1)).toEqual({ do: "stop" });
  });
});

describe("the protocol worker", () => {
  let speaker: LabSpeaker;

  beforeEach(async () => {
    for (const node of ["node-2", "node-3"]) lab.kube.remove(KINDS.Node, node);
    speaker = await lab.speaker("node-1");
    lab.service("web", ["fd00:1::1"]);
    await settle();
  });

  test("its counters become metrics of the address", async () => {
    const counters = [...speaker.worker.answered.keys()].map((address) => ({
      address,
      requestsReceived: 3,
      responsesSent: 2,
      gratuitousSent: 1,
      duplicatesHeard: 1,
    }));
    speaker.worker.emit({ on: "counters", counters });
    speaker.worker.emit({ on: "counters", counters });
    await settle();
    expect(Object.fromEntries([...speaker.metrics.values].filter(([series]) => series.includes("layer2_")))).toEqual({
      'metallb_layer2_requests_received{ip="fd00:1::1"}': 6,
      'metallb_layer2_responses_sent{ip="fd00:1::1"}': 4,
      'metallb_layer2_gratuitous_sent{ip="fd00:1::1"}': 2,
      'metallb_layer2_duplicate_owners_total{ip="fd00:1::1"}': 2,
    });
  });

  test("a duplicate owner is an event on each Service that has the address, and a line in the log", async () => {
    const [address] = speaker.worker.answered.keys();
    speaker.worker.emit({ on: "duplicate", address: address!, mac: "02:00:00:00:00:66", interface: "eth0" });
    await settle();
    const message =
      '02:00:00:00:00:66 on interface "eth0" of node "node-1" claims fd00:1::1 too; this node goes on answering';
    expect(speaker.events.at(-1)).toMatchObject({
      regarding: { kind: "Service", namespace: "shop", name: "web" },
      type: "Warning",
      reason: "DuplicateAddress",
      message,
    });
    expect(speaker.log.messages("warn")).toEqual([message]);
    expect(speaker.worker.answered.get(address!)).not.toEqual([]);
  });

  test("interfaces that come and go are logged", async () => {
    const [address] = speaker.worker.answered.keys();
    const eth0 = { name: "eth0", mac: "02:00:00:00:00:01" };
    speaker.worker.emit({ on: "announcing", address: address!, interfaces: [eth0] });
    speaker.worker.emit({ on: "announcing", address: address!, interfaces: [eth0] });
    speaker.worker.emit({ on: "announcing", address: address!, interfaces: [] });
    await settle();
    expect(speaker.log.messages("info").filter((line) => line.startsWith("announcing"))).toEqual([
      'announcing fd00:1::1 for shop/web from node "node-1" on eth0, eth1',
      'announcing fd00:1::1 for shop/web from node "node-1" on eth0',
    ]);
    expect(speaker.log.messages("warn")).toEqual(["fd00:1::1 is not answered now: no interface can be used"]);
    expect(speaker.events).toHaveLength(1);
  });

  test("an address that no interface answers from the start is logged", async () => {
    speaker.worker.send = ({ do: what, ...rest }) => {
      if (what === "announce" && "announcement" in rest)
        speaker.worker.emit({ on: "announcing", address: rest.announcement.address, interfaces: [] });
    };
    lab.service("mute", ["fd00:1::2"]);
    await settle();
    expect(speaker.log.messages("warn")).toEqual(["fd00:1::2 is not answered now: no interface can be used"]);
  });

  test("its log lines are passed on", async () => {
    speaker.worker.emit({ on: "log", level: "warn", fields: { link: "eth0" }, message: "odd frame" });
    await settle();
    expect(speaker.log.lines.at(-1)).toEqual({ level: "warn", fields: { link: "eth0" }, message: "odd frame" });
  });

  test("one that is stuck does not hold up the end for longer than two seconds", async () => {
    speaker.worker.send = () => undefined;
    let stopped = false;
    const stopping = speaker.stop().then(() => (stopped = true));
    lab.clock.advance(millis(1999));
    await settle();
    expect(stopped).toBe(false);
    lab.clock.advance(millis(1));
    await stopping;
  });
});

describe("configuration", () => {
  let speaker: LabSpeaker;

  beforeEach(async () => {
    for (const node of ["node-2", "node-3"]) lab.kube.remove(KINDS.Node, node);
    speaker = await lab.speaker("node-1");
    lab.service("web", ["192.168.1.200"]);
    await settle();
  });

  const state = () => lab.kube.object(KINDS.ConfigurationState, `${NAMESPACE}/speaker-node-1`);
  const stale = () => speaker.metrics.values.get("metallb_k8s_client_config_stale_bool");

  test("a bad one is reported and the last good one stays in force", async () => {
    expect(stale()).toBe(0);
    lab.pool("another", "10.0.0.1");
    await settle();
    expect(speaker.answers()).toEqual(["192.168.1.200"]);
    expect(stale()).toBe(1);
    expect(speaker.log.messages("error")).toEqual([
      expect.stringContaining('IPAddressPool metallb-system/another: spec.addresses[0]: invalid CIDR "10.0.0.1"'),
    ]);
    lab.pool("another", "10.0.0.1/32");
    await settle();
    expect(stale()).toBe(0);
  });

  test("the ConfigurationState tells whether it can be used, and comes back when deleted", async () => {
    expect(state()).toMatchObject({
      metadata: { labels: { "metallb.io/component-type": "speaker", "metallb.io/node-name": "node-1" } },
      status: {
        result: "Valid",
        errorSummary: "",
        conditions: [{ type: "configReconcilerValid", status: "True", reason: "Reconciled", message: "" }],
      },
    });
    lab.clock.advance(seconds(5));
    lab.pool("another", "10.0.0.1");
    await settle();
    expect(state()!["status"]).toMatchObject({
      result: "Invalid",
      errorSummary: expect.stringContaining("configuration error: IPAddressPool metallb-system/another") as string,
      conditions: [{ status: "False", reason: "ConfigurationError", lastTransitionTime: "2026-01-01T00:00:05Z" }],
    });
    lab.kube.remove(KINDS.ConfigurationState, `${NAMESPACE}/speaker-node-1`);
    await settle();
    expect(state()!["status"]).toMatchObject({ result: "Invalid" });
  });

  describe("for BGP", () => {
    const peer = (spec: object) => {
      const metadata = { namespace: NAMESPACE, name: "router" };
      lab.kube.apply(KINDS.BGPPeer, {
        metadata,
        spec: { myASN: 64_512, peerASN: 64_513, peerAddress: "fd00::1", ...spec },
      });
    };
    const secret = (type: string) => {
      const metadata = { namespace: NAMESPACE, name: "s" };
      lab.kube.apply(KINDS.Secret, { metadata, type, data: { password: btoa("hidden") } });
    };

    test("a bad one is reported, and layer 2 goes on, with new configuration, too", async () => {
      peer({ holdTime: "1s" });
      lab.pool("another", "10.0.0.0/24");
      lab.service("next", ["10.0.0.1"]);
      lab.advertisement("webapp-l2", {});
      await settle();
      expect(speaker.answers()).toEqual(["10.0.0.1", "192.168.1.200"]);
      expect(stale()).toBe(1);
      expect(state()!["status"]).toMatchObject({
        result: "Invalid",
        errorSummary: expect.stringContaining(
          `BGPPeer ${NAMESPACE}/router: spec.holdTime: invalid hold time`,
        ) as string,
      });
      expect(speaker.log.messages("error")).toEqual([
        expect.stringMatching(/^BGP configuration refused, the last good one stays in force: BGPPeer .*spec\.holdTime/),
      ]);
      peer({ holdTime: "3s" });
      await settle();
      expect(stale()).toBe(0);
      expect(state()!["status"]).toMatchObject({ result: "Valid" });
    });

    test("one for another node is no concern of ours", async () => {
      peer({ myASN: 0, nodeSelectors: [{ matchLabels: { "kubernetes.io/hostname": "node-2" } }] });
      await settle();
      expect(state()!["status"]).toMatchObject({ result: "Valid" });
      lab.node("node-1", { labels: { "kubernetes.io/hostname": "node-2" } });
      await settle();
      expect(state()!["status"]).toMatchObject({ result: "Invalid" });
    });

    test("a Secret that comes later, and is mended, makes it good; passwords are never told", async () => {
      peer({ passwordSecret: { name: "s" } });
      await settle();
      expect(state()!["status"]).toMatchObject({ errorSummary: expect.stringContaining('no Secret "s"') as string });
      secret("Opaque");
      await settle();
      expect(state()!["status"]).toMatchObject({ errorSummary: expect.stringContaining('"Opaque"') as string });
      secret("kubernetes.io/basic-auth");
      await settle();
      expect(state()!["status"]).toMatchObject({ result: "Valid" });
      expect(JSON.stringify(speaker.log.lines)).not.toContain("hidden");
    });
  });

  test("one that strands an announced address waits until the Service has moved", async () => {
    lab.pool("webapp-pool", "192.168.1.205-192.168.1.210");
    await settle();
    expect(speaker.answers()).toEqual(["192.168.1.200"]);
    expect(stale()).toBe(1);
    lab.service("web", ["192.168.1.205"]);
    await settle();
    expect(speaker.answers()).toEqual(["192.168.1.205"]);
    expect(stale()).toBe(0);
  });

  test("a deleted advertisement ends the announcement", async () => {
    lab.kube.remove(KINDS.L2Advertisement, `${NAMESPACE}/webapp-l2`);
    await settle();
    expect(speaker.answers()).toEqual([]);
    expect(speaker.log.messages("info").at(-1)).toBe("gave up 192.168.1.200 of shop/web: noMatchingAdvertisement");
  });
});

test("what is missing is told until it is there", async () => {
  lab.kube.pauseWatches();
  const speaker = await lab.speaker("node-1");
  expect(speaker.waitingFor()).toBe(
    "waiting for the first list of services, endpointslices, nodes, " +
      "ipaddresspools, l2advertisements, bgpadvertisements, bgppeers, bfdprofiles, communities",
  );
  lab.kube.resumeWatches();
  await settle();
  expect(speaker.waitingFor()).toBeUndefined();
  speaker.worker.emit({ on: "trouble", code: "no-link", message: "eth9 went away" });
  await settle();
  expect(speaker.waitingFor()).toBeUndefined();
  speaker.worker.emit({ on: "trouble", code: "no-addon", message: "the packet addon is not built: run npm ci" });
  await settle();
  expect(speaker.waitingFor()).toBe("the packet addon is not built: run npm ci");
});

test("after a restart nothing is written for what is already right", async () => {
  lab.service("web", ["192.168.1.200"]);
  const all = await speakers();
  const [owner] = owners(all, "192.168.1.200");
  await Promise.all(all.map((speaker) => speaker.stop()));
  const { length } = lab.kube.requests;
  await lab.speaker(owner!);
  expect(lab.kube.requests.slice(length)).toEqual([]);
});
