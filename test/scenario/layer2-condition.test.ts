import { beforeEach, describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { Layer2Cluster } from "../support/layer2-cluster.ts";
import { kubeError } from "../support/recording-kube.ts";
import { settle } from "../support/settle.ts";
import { V4 } from "../support/stacks.ts";
import { type LabSpeaker, SpeakerLab } from "../support/speaker-lab.ts";

const EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers";
const NODES = ["node-a", "node-b", "node-c"];
const ALLOCATED = {
  type: "metallb.io/Allocated",
  status: "True",
  reason: "Allocated",
  message: "from pool pool",
  lastTransitionTime: "2026-01-01T00:00:00Z",
};

let lab: SpeakerLab;
let all: readonly LabSpeaker[];

beforeEach(() => {
  lab = new SpeakerLab();
  for (const node of NODES) lab.node(node);
  lab.pool("pool", "192.0.2.0/24", "2001:db8::/64");
  lab.advertisement("l2");
});

async function start(more: Parameters<SpeakerLab["speaker"]>[1] = {}): Promise<void> {
  all = await Promise.all(NODES.map((node) => lab.speaker(node, more)));
}

function label(nodes: readonly string[], labels: Record<string, string>): void {
  for (const node of nodes) lab.node(node, { labels });
}

async function pass(time = seconds(5)): Promise<void> {
  await settle();
  lab.clock.advance(time);
  await settle();
}

/** Everything that was told in events, but for who announces. */
const events = () => all.flatMap((speaker) => speaker.events).filter(({ reason }) => reason !== "nodeAssigned");
const statusWrites = () =>
  lab.kube.requests.filter(({ resource, subresource }) => resource === KINDS.Service && subresource === "status");
const conditions = (name = "web") =>
  (lab.kube.object(KINDS.Service, `shop/${name}`)!["status"] as { conditions?: readonly object[] }).conditions;

/** What each speaker counts under the reason that the tests below bring about. */
const unannounced = () =>
  all.map(({ metrics }) =>
    metrics.values.get('metallb_layer2_services_unannounced{reason="nodeLabeledExcludeBalancers"}'),
  );

describe.each([
  { family: "IPv4", ip: "192.0.2.10" },
  { family: "IPv6", ip: "2001:db8::10" },
])("$family: when no node can announce a Service with endpoints", ({ ip }) => {
  const message = `no node can announce ${ip} on layer 2: label ${EXCLUDE} on node-a, node-b, node-c; remove it or start the speaker with --ignore-exclude-lb`;
  const shown = { type: "metallb.io/Layer2Announced", status: "False", reason: "NodeLabeledExcludeBalancers", message };

  beforeEach(async () => {
    await start();
    lab.service("web", [ip]);
    lab.kube.edit(KINDS.Service, "shop/web", { status: { conditions: [ALLOCATED] } });
    await pass();
  });

  test("a condition and one event say why, and both end with it", async () => {
    expect([events(), statusWrites()]).toEqual([[], []]);
    label(NODES, { [EXCLUDE]: "" });
    await pass();
    expect(conditions()).toEqual([ALLOCATED, { ...shown, lastTransitionTime: "2026-01-01T00:00:10Z" }]);
    expect(unannounced()).toEqual([1, 1, 1]);
    expect(events()).toEqual([
      {
        regarding: expect.objectContaining({ kind: "Service", namespace: "shop", name: "web" }) as object,
        type: "Warning",
        reason: "announceFailed",
        message,
      },
    ]);
    label(["node-b"], {});
    await settle();
    expect(conditions()).toEqual([ALLOCATED]);
    expect(unannounced()).toEqual([0, 0, 0]);
    expect(events()).toHaveLength(1);
    expect(statusWrites()).toHaveLength(2);
  });

  test("nothing is written again, whatever else happens, nor by speakers that start", async () => {
    label(NODES, { [EXCLUDE]: "" });
    await pass();
    for (let i = 0; i < 10; i++)
      lab.kube.edit(KINDS.Service, "shop/web", { metadata: { labels: { touched: `${i}` } } });
    lab.pool("other", "198.51.100.0/24");
    label(NODES, { [EXCLUDE]: "", zone: "a" });
    await pass();
    await Promise.all(all.map((speaker) => speaker.stop()));
    await start();
    await pass();
    expect(statusWrites()).toHaveLength(1);
    expect(events()).toEqual([]);
  });

  test("what lasts less than five seconds is not told", async () => {
    label(NODES, { [EXCLUDE]: "" });
    await pass(millis(4999));
    label(["node-c"], {});
    await pass(seconds(60));
    expect([events(), statusWrites()]).toEqual([[], []]);
  });

  test("other words are another event, and the transition's time stays", async () => {
    label(NODES, { [EXCLUDE]: "" });
    await pass();
    lab.node("node-a", { networkUnavailable: true });
    await pass();
    expect(events().map((event) => event.message)).toEqual([
      message,
      expect.stringContaining("condition NetworkUnavailable is True on node-a") as string,
    ]);
    expect(conditions()!.at(-1)).toMatchObject({ reason: "NoCandidates", lastTransitionTime: "2026-01-01T00:00:10Z" });
  });

  test("a speaker that may not write the status still tells the event, once", async () => {
    const forbidden = kubeError(403, "Forbidden", 'cannot patch resource "services/status"');
    lab.kube.fail(forbidden, 100, ({ resource }) => resource === KINDS.Service);
    label(NODES, { [EXCLUDE]: "" });
    await pass();
    label(NODES, { [EXCLUDE]: "", zone: "a" });
    await pass();
    expect(events()).toHaveLength(1);
    expect(conditions()).toEqual([ALLOCATED]);
    expect(
      all.flatMap((speaker) => speaker.log.messages("debug")).filter((line) => line.includes("services/status")),
    ).not.toEqual([]);
  });

  test("a write that meets another's is made again from what is there then", async () => {
    lab.kube.fail(kubeError(409, "Conflict"), 1, ({ resource }) => resource === KINDS.Service);
    label(NODES, { [EXCLUDE]: "" });
    await pass();
    await pass();
    expect(conditions()).toHaveLength(2);
    expect(events()).toHaveLength(1);
  });

  test("when its type changes it has no condition any more", async () => {
    label(NODES, { [EXCLUDE]: "" });
    await pass();
    lab.kube.edit(KINDS.Service, "shop/web", { spec: { type: "ClusterIP" } });
    await pass();
    expect(conditions()).toEqual([ALLOCATED]);
  });

  test("without endpoints there is nothing to tell", async () => {
    lab.endpoints("web", []);
    label(NODES, { [EXCLUDE]: "" });
    await pass();
    expect([events(), statusWrites()]).toEqual([[], []]);
  });
});

test("the condition of a Service of another class is not ours to take away", async () => {
  await start();
  lab.service("web", ["192.0.2.10"], { spec: { loadBalancerClass: "example.com/other" } });
  lab.kube.edit(KINDS.Service, "shop/web", {
    status: { conditions: [{ ...ALLOCATED, type: "metallb.io/Layer2Announced" }] },
  });
  await pass();
  expect(statusWrites()).toEqual([]);
});

describe("with membership", () => {
  beforeEach(async () => {
    await start({ speakerPods: { labels: "app=metallb", port: 7946 } });
    lab.advertisement("l2", { nodeSelectors: [{ matchLabels: { "kubernetes.io/hostname": "node-c" } }] });
    lab.service("web", ["192.0.2.10"]);
    await tell(...NODES);
  });

  async function tell(...nodes: readonly string[]): Promise<void> {
    for (const speaker of all) speaker.worker.emit({ on: "members", nodes });
    await pass();
  }

  test("a live speaker tells that none is on the selected nodes", async () => {
    expect(events()).toEqual([]);
    await tell("node-a", "node-b");
    expect(events().map((event) => event.message)).toEqual([
      "no node can announce 192.0.2.10 on layer 2: no live speaker on node-c; see why it doesn't run, or why the others can't reach it",
    ]);
    expect(conditions()).toMatchObject([{ reason: "NodeNotAlive" }]);
    await tell(...NODES);
    expect(conditions()).toBeUndefined();
  });

  test("who writes is alive, and when it goes another takes care of what is shown", async () => {
    lab.advertisement("l2", { nodeSelectors: [{ matchLabels: { zone: "none" } }] });
    await pass();
    const writer = all.findIndex((speaker) => speaker.events.some(({ reason }) => reason === "announceFailed"));
    await all[writer]!.stop();
    await tell(...NODES.filter((_, i) => i !== writer));
    expect(events()).toHaveLength(1);
    lab.advertisement("l2", {});
    await pass();
    expect(conditions()).toBeUndefined();
  });

  test("before it has joined the others a speaker tells nothing", async () => {
    await tell();
    expect([events(), statusWrites()]).toEqual([[], []]);
  });
});

test("the controller's condition and the speakers' stand side by side", async () => {
  const cluster = await Layer2Cluster.start();
  const shown = () => cluster.lab.view("web").conditions.map(({ type, status }) => `${type} ${status}`);
  cluster.pool("pool", V4.ranges(0, 1, 9));
  cluster.advertise("l2");
  await cluster.service("web");
  for (const node of cluster.nodes) cluster.label(node, { [EXCLUDE]: "" });
  for (let i = 0; i < 6; i++) await cluster.quiet();
  expect(shown()).toEqual(["metallb.io/Allocated True", "metallb.io/Layer2Announced False"]);
  cluster.lab.annotate("web", { "metallb.io/loadBalancerIPs": "198.51.100.1" });
  await cluster.quiet();
  expect(shown().sort()).toEqual(["metallb.io/Allocated False", "metallb.io/Layer2Announced False"]);
  const writes = cluster.lab.serviceWrites;
  await cluster.lab.stop();
  await cluster.lab.start();
  await cluster.quiet();
  expect(cluster.lab.serviceWrites).toBe(writes);
  cluster.label("node-a", { [EXCLUDE]: undefined });
  await cluster.quiet();
  expect(shown()).toEqual(["metallb.io/Allocated False"]);
  await cluster.close();
});
