import { beforeEach, describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { formatAddress } from "../../src/ip/address.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import type { Standing } from "../../src/membership/self-doubt.ts";
import { settle } from "../support/settle.ts";
import { type LabSpeaker, NAMESPACE, SpeakerLab } from "../support/speaker-lab.ts";

let lab: SpeakerLab;

const SPEAKER_PODS = { labels: "app=metallb", port: 7946 };

/** Of 10.0.0.1 the order of owners is node-b, node-a, node-c. */
beforeEach(() => {
  lab = new SpeakerLab();
  for (const node of ["node-a", "node-b", "node-c"]) lab.node(node);
  lab.pool("pool", "10.0.0.0/24");
  lab.advertisement("all");
  lab.service("web", ["10.0.0.1"], { on: ["node-a", "node-b", "node-c"] });
});

function pod(name: string, podIP: string | undefined, labels: Record<string, string> = { app: "metallb" }): void {
  lab.kube.apply(KINDS.Pod, { metadata: { namespace: NAMESPACE, name, labels }, status: { podIP } });
}

async function tell(speaker: LabSpeaker, ...nodes: readonly string[]): Promise<void> {
  speaker.worker.emit({ on: "members", nodes });
  await settle();
}

async function stand(speaker: LabSpeaker, standing: Standing): Promise<void> {
  speaker.worker.emit({ on: "standing", standing });
  await settle();
}

function seedsOf(speaker: LabSpeaker): readonly (readonly string[])[] {
  return speaker.worker.commands.flatMap((command) =>
    command.do === "join" ? [command.seeds.map(({ address, port }) => `${formatAddress(address)} ${port}`)] : [],
  );
}

describe("the owner is one of those who are alive", () => {
  test("nobody is before we have joined them", async () => {
    const speaker = await lab.speaker("node-b", { speakerPods: SPEAKER_PODS });
    expect(speaker.answers()).toEqual([]);
    expect(speaker.waitingFor()).toContain("waiting for membership");
  });

  test("the next one takes over from the dead, and gives back to the living", async () => {
    const speaker = await lab.speaker("node-a", { speakerPods: SPEAKER_PODS });
    await tell(speaker, "node-a", "node-b", "node-c");
    expect(speaker.answers()).toEqual([]);
    const moves = () => speaker.metrics.series("metallb_speaker_owner_changes_total");
    expect(moves()).toEqual([]);
    await tell(speaker, "node-a", "node-c");
    expect(speaker.answers()).toEqual(["10.0.0.1"]);
    expect(moves()).toEqual(['metallb_speaker_owner_changes_total{direction="gained"}']);
    await tell(speaker, "node-a", "node-b", "node-c");
    expect(speaker.answers()).toEqual([]);
    expect(moves()).toContain('metallb_speaker_owner_changes_total{direction="lost"}');
  });

  test("a member that is no node of the cluster is none", async () => {
    const speaker = await lab.speaker("node-b", { speakerPods: SPEAKER_PODS });
    await tell(speaker, "node-b", "stranger");
    expect(speaker.answers()).toEqual(["10.0.0.1"]);
  });

  test("a living node that may not announce is none", async () => {
    const speaker = await lab.speaker("node-a", { speakerPods: SPEAKER_PODS });
    await tell(speaker, "node-a", "node-b", "node-c");
    lab.node("node-b", { networkUnavailable: true });
    await settle();
    expect(speaker.answers()).toEqual(["10.0.0.1"]);
  });

  test("without membership every node is", async () => {
    expect((await lab.speaker("node-b")).answers()).toEqual(["10.0.0.1"]);
    expect((await lab.speaker("node-a")).answers()).toEqual([]);
  });

  test("people are told who came and went, once", async () => {
    const speaker = await lab.speaker("node-a", { speakerPods: SPEAKER_PODS });
    await tell(speaker, "node-a", "node-b");
    await tell(speaker, "node-a", "node-b");
    await tell(speaker, "node-a");
    const lines = speaker.log.lines.filter(({ message }) => message.startsWith("speakers: "));
    expect(lines.map(({ message }) => message)).toEqual(["speakers: node-a, node-b came", "speakers: node-b went"]);
  });
});

describe("other speakers are looked for", () => {
  test("by the addresses of their Pods, at once and every few minutes", async () => {
    pod("speaker-1", "192.0.2.1");
    pod("speaker-2", "2001:db8::2");
    pod("starting", undefined);
    pod("controller", "192.0.2.9", { app: "other" });
    const speaker = await lab.speaker("node-a", { speakerPods: SPEAKER_PODS });
    expect(seedsOf(speaker)).toEqual([["192.0.2.1 7946", "2001:db8::2 7946"]]);
    pod("starting", "192.0.2.3");
    lab.clock.advance(seconds(331));
    await settle();
    expect(seedsOf(speaker).at(-1)).toContain("192.0.2.3 7946");
  });

  test("again and again until the API server answers", async () => {
    pod("speaker-1", "192.0.2.1");
    const list = lab.kube.list.bind(lab.kube);
    let failures = 3;
    lab.kube.list = async (resource, options) => {
      if (resource === KINDS.Pod && failures-- > 0) {
        return { ok: false, error: { code: 0, reason: "ECONNREFUSED", message: "refused", retryable: true } };
      }
      return list(resource, options);
    };
    const speaker = await lab.speaker("node-a", { speakerPods: SPEAKER_PODS });
    for (const wait of [1000, 2000, 4000]) {
      expect(seedsOf(speaker)).toEqual([]);
      lab.clock.advance(millis(wait));
      await settle();
    }
    expect(seedsOf(speaker)).toEqual([["192.0.2.1 7946"]]);
    expect(speaker.log.lines.filter(({ message }) => message.includes("Pods can't be listed"))).toHaveLength(1);
  });
});

describe("doubt about ourselves", () => {
  const doubt = (reason: "paused" | "silence" | "declared-dead", peers: number): Standing => {
    return { kind: "doubtful", reason, since: millis(1), peers, cure: "exchange" };
  };

  function failList(): () => void {
    const list = lab.kube.list.bind(lab.kube);
    const error = { code: 0, reason: "ETIMEDOUT", message: "timed out", retryable: true };
    lab.kube.list = async () => ({ ok: false, error });
    return () => void (lab.kube.list = list);
  }

  test("ends when the others fell silent and the API server can be reached", async () => {
    const speaker = await lab.speaker("node-a", { speakerPods: SPEAKER_PODS });
    await stand(speaker, { kind: "sure" });
    const heal = failList();
    await stand(speaker, doubt("silence", 2));
    const vouches = () => speaker.worker.commands.filter((command) => command.do === "vouch");
    lab.clock.advance(seconds(3));
    await settle();
    expect([vouches(), speaker.waitingFor()]).toEqual([[], expect.stringContaining("hears nothing")]);
    heal();
    lab.clock.advance(seconds(1));
    await settle();
    expect([vouches(), speaker.waitingFor()]).toEqual([[], expect.stringContaining("hears nothing")]);
    lab.clock.advance(millis(400));
    await settle();
    expect([vouches(), speaker.waitingFor()]).toEqual([[{ do: "vouch", since: 1 }], undefined]);
    await stand(speaker, doubt("paused", 2));
    expect(speaker.waitingFor()).toContain("did not run");
  });

  test("goes on when the API server comes back, and the others shortly after it", async () => {
    const speaker = await lab.speaker("node-a", { speakerPods: SPEAKER_PODS });
    await stand(speaker, { kind: "sure" });
    const heal = failList();
    await stand(speaker, doubt("silence", 2));
    heal();
    lab.clock.advance(seconds(1));
    await settle();
    await stand(speaker, doubt("declared-dead", 2));
    lab.clock.advance(seconds(10));
    await settle();
    expect(speaker.worker.commands.filter((command) => command.do === "vouch")).toEqual([]);
    expect(speaker.waitingFor()).toContain("was declared dead");
  });

  test("makes us unready while nothing is answered", async () => {
    const speaker = await lab.speaker("node-a", { speakerPods: SPEAKER_PODS });
    await stand(speaker, { kind: "sure" });
    expect(speaker.waitingFor()).toBeUndefined();
    await stand(speaker, doubt("paused", 2));
    expect(speaker.waitingFor()).toBe("this speaker did not run for a while");
    failList();
    await stand(speaker, doubt("silence", 2));
    expect(speaker.waitingFor()).toBe("this speaker hears nothing from any other speaker");
    await stand(speaker, doubt("silence", 1));
    expect(speaker.waitingFor()).toBeUndefined();
    await stand(speaker, { kind: "sure" });
    const warnings = speaker.log.lines.filter(({ level }) => level === "warn").map(({ message }) => message);
    expect(warnings).toEqual([
      "this speaker did not run for a while: it answers nothing until it has spoken with others",
      "this speaker hears nothing from any other speaker: it answers nothing until it has spoken with others",
      "the speakers' Pods can't be listed",
    ]);
  });
});
