import { beforeEach, describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import type { Standing } from "../../src/membership/self-doubt.ts";
import { kubeError, type Verb } from "../support/recording-kube.ts";
import { settle } from "../support/settle.ts";
import { type LabSpeaker, NAMESPACE, SpeakerLab } from "../support/speaker-lab.ts";

const SPEAKER_PODS = { labels: "app=metallb", port: 7946 };
const SURE: Standing = { kind: "sure" };
const PAUSED: Standing = { kind: "doubtful", reason: "paused", since: millis(1), peers: 2, cure: "exchange" };
/** The silence of a single other speaker is taken for its end. */
const ALONE: Standing = { kind: "doubtful", reason: "silence", since: millis(1), peers: 1, cure: "exchange" };

let lab: SpeakerLab;
let speaker: LabSpeaker;

/** Of 10.0.0.1 the order of owners is node-b, node-a, node-c. */
beforeEach(async () => {
  lab = new SpeakerLab();
  for (const node of ["node-a", "node-b", "node-c"]) lab.node(node);
  lab.pool("pool", "10.0.0.0/24");
  lab.advertisement("all");
  lab.service("web", ["10.0.0.1"], { on: ["node-a", "node-b", "node-c"] });
  speaker = await lab.speaker("node-b", { speakerPods: SPEAKER_PODS });
  await stand(SURE);
  await members("node-a", "node-b", "node-c");
});

async function stand(standing: Standing): Promise<void> {
  speaker.worker.emit({ on: "standing", standing });
  await settle();
}

async function members(...nodes: readonly string[]): Promise<void> {
  speaker.worker.emit({ on: "members", nodes });
  await settle();
}

async function pass(time: number): Promise<void> {
  lab.clock.advance(millis(time));
  await settle();
}

function failDeletes(times: number): void {
  const isDelete = ({ verb }: { readonly verb: Verb }) => verb === "delete";
  lab.kube.fail(kubeError(503, "ServiceUnavailable"), times, isDelete);
}

function announced(): readonly string[] {
  return speaker.metrics.series("metallb_speaker_announced");
}

/** Nodes that say they announce the Service. */
function sayers(): readonly unknown[] {
  return lab.statuses().map((object) => (object["status"] as { readonly node?: string } | undefined)?.node);
}

function doubts(): readonly string[] {
  return speaker.metrics
    .series("metallb_membership_doubtful")
    .filter((series) => speaker.metrics.values.get(series) === 1);
}

describe("a speaker that answers nothing, because others may have taken its place", () => {
  test("doesn't say that it announces, and says so again when it does", async () => {
    expect([announced(), sayers(), doubts()]).toEqual([[expect.stringContaining("10.0.0.1")], ["node-b"], []]);
    await stand(PAUSED);
    expect([announced(), doubts()]).toEqual([[], ['metallb_membership_doubtful{reason="paused"}']]);
    await pass(2000);
    expect([announced(), sayers()]).toEqual([[], []]);
    await stand(SURE);
    expect([announced(), sayers(), doubts()]).toEqual([[expect.stringContaining("10.0.0.1")], ["node-b"], []]);
    expect(speaker.events.map(({ reason }) => reason)).toEqual(["nodeAssigned"]);
  });

  test("writes nothing about a doubt that ends soon", async () => {
    const before = lab.kube.requests.length;
    for (let i = 0; i < 5; i++) {
      await stand(PAUSED);
      await pass(1900);
      await stand(SURE);
    }
    await pass(10_000);
    expect([lab.kube.requests.length - before, sayers()]).toEqual([0, ["node-b"]]);
  });

  test("takes back what it has said as soon as the API server lets it", async () => {
    failDeletes(2);
    await stand(PAUSED);
    await pass(2000);
    expect(sayers()).toEqual(["node-b"]);
    await pass(30_000);
    await pass(30_000);
    expect(sayers()).toEqual([]);
  });

  test("has nothing to take back when it is sure again before the API server let it", async () => {
    failDeletes(2);
    await stand(PAUSED);
    await pass(2000);
    await stand(SURE);
    await pass(60_000);
    expect(sayers()).toEqual(["node-b"]);
    expect(lab.kube.requests.filter(({ verb, outcome }) => verb === "delete" && outcome === "ok")).toEqual([]);
  });

  test("leaves alone what another node says, also when it takes all others for dead", async () => {
    await stand(PAUSED);
    await pass(2000);
    const labels = {
      "metallb.io/node": "node-a",
      "metallb.io/service-name": "web",
      "metallb.io/service-namespace": "shop",
    };
    lab.kube.apply(KINDS.ServiceL2Status, {
      metadata: { namespace: NAMESPACE, name: "l2-other", labels },
      status: { node: "node-a", serviceName: "web", serviceNamespace: "shop" },
    });
    await members("node-b");
    await pass(60_000);
    expect(sayers()).toEqual(["node-a"]);
    await members("node-a", "node-b", "node-c");
    await stand(SURE);
    expect(sayers()).toEqual(["node-b"]);
  });

  test("tells nobody of what it gains meanwhile, before it answers for it", async () => {
    await stand(PAUSED);
    lab.service("db", ["10.0.0.1"], { on: ["node-b"], metadata: { annotations: {} } });
    await settle();
    lab.service("gone", ["10.0.0.1"], { on: ["node-b"] });
    await settle();
    lab.kube.remove(KINDS.Service, "shop/gone");
    await settle();
    expect([announced(), speaker.events.map(({ regarding }) => regarding.name)]).toEqual([[], ["web"]]);
    await stand(SURE);
    expect(announced()).toHaveLength(2);
    expect(speaker.events.map(({ regarding }) => regarding.name)).toEqual(["web", "db"]);
  });

  test("has nothing to take back when another node is to own it before it is sure again", async () => {
    await stand(PAUSED);
    await pass(2000);
    lab.endpoints("web", ["node-a"]);
    lab.node("node-b", { networkUnavailable: true });
    await settle();
    await stand(SURE);
    expect([announced(), sayers()]).toEqual([[], []]);
  });
});

test("a speaker that goes on in its doubt says that it announces", async () => {
  await stand(ALONE);
  await pass(seconds(10));
  expect([announced(), sayers()]).toEqual([[expect.stringContaining("10.0.0.1")], ["node-b"]]);
  expect(doubts()).toEqual(['metallb_membership_doubtful{reason="silence"}']);
});

test("a silence for which the API server vouches is none", async () => {
  await stand({ ...ALONE, peers: 2 });
  await pass(seconds(10));
  expect([announced(), sayers()]).toEqual([[expect.stringContaining("10.0.0.1")], ["node-b"]]);
});
