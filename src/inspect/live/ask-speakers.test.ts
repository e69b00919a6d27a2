import { beforeEach, describe, expect, test } from "vitest";
import { err, ok } from "../../lib/result.ts";
import type { KubeResult, ObjectName } from "../../ports/kube.ts";
import type { PodAnswer, PodPort, PodReader } from "../../ports/pods.ts";
import type { SpeakerPod } from "../cluster/speaker-pod.ts";
import { type AskOptions, askSpeakers } from "./ask-speakers.ts";
import type { AskedSpeaker } from "./live-view.ts";

const NAMESPACE = "metallb-system";

function speaker(node: string, more: Partial<SpeakerPod> = {}): SpeakerPod {
  return { name: `speaker-${node}`, node, ready: true, metricsPort: 9120, serviceAccount: "speaker", ...more };
}

function page(ips: readonly string[], more: object = {}): KubeResult<PodAnswer> {
  const layer2 = ips.map((ip) => ({ ip, services: [], interfaces: [], duplicates: [] }));
  const state = { apiVersion: "inspect.metallb.io/v1", kind: "SpeakerState", now: "2026-01-01T00:00:00Z", layer2 };
  return ok({ code: 200, text: JSON.stringify({ ...state, ...more }) });
}

function refusal(code: number, message = "no") {
  return err({ code, reason: "Reason", message, retryable: false });
}

/** Pods that say the same, and what they were asked. */
class Pods implements PodReader {
  says: (pod: PodPort, path: string) => KubeResult<PodAnswer> = () => page([]);
  token: KubeResult<string> = ok("made");
  own: string | undefined = "own";
  readonly asked: unknown[] = [];
  readonly tokens: string[] = [];

  async read(pod: PodPort, path: string, { headers }: { readonly headers: object }): Promise<KubeResult<PodAnswer>> {
    this.asked.push([pod.name, pod.port, path, headers]);
    return this.says(pod, path);
  }

  async requestToken({ namespace, name }: ObjectName, audience: string): Promise<KubeResult<string>> {
    this.tokens.push(`${namespace}/${name} for ${audience}`);
    return this.token;
  }

  async ownToken(): Promise<string | undefined> {
    return this.own;
  }
}

let pods: Pods;
beforeEach(() => {
  pods = new Pods();
});

function ask(speakers: readonly SpeakerPod[], options: Partial<AskOptions> = {}): Promise<readonly AskedSpeaker[]> {
  return askSpeakers(pods, NAMESPACE, speakers, { sendToken: false, ...options });
}

const bearer = (token: string) => ({ "metallb-authorization": `Bearer ${token}` });

test("each is asked at its port, with a token for its state that is made once for all", async () => {
  const answers = await ask([speaker("a"), speaker("b", { metricsPort: 7472 })]);
  expect(pods.tokens).toEqual(["metallb-system/speaker for inspect.metallb.io"]);
  expect(pods.asked).toEqual([
    ["speaker-a", 9120, "/state", bearer("made")],
    ["speaker-b", 7472, "/state", bearer("made")],
  ]);
  const now = Date.UTC(2026, 0, 1);
  expect(answers).toEqual([
    { node: "a", pod: "speaker-a", now, addresses: [] },
    { node: "b", pod: "speaker-b", now, addresses: [] },
  ]);
});

test("one that doesn't answer keeps nobody waiting for longer than itself", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const read = pods.read.bind(pods);
  pods.read = async (pod, path, options) => {
    const answer = await read(pod, path, options);
    if (pod.name === "speaker-a") await promise;
    else resolve();
    return answer;
  };
  expect(await ask([speaker("a"), speaker("b")])).toHaveLength(2);
});

test("the kubeconfig's own token is shown when that is wanted", async () => {
  await ask([speaker("a")], { sendToken: true });
  expect([pods.tokens, pods.asked]).toEqual([[], [["speaker-a", 9120, "/state", bearer("own")]]]);
});

test("addresses are asked for by name, others a page at a time", async () => {
  await ask([speaker("a")], { ips: ["10.0.0.1", "fd00::1"] });
  expect(pods.asked).toEqual([["speaker-a", 9120, "/state?ip=10.0.0.1&ip=fd00%3A%3A1", bearer("made")]]);
  const pages: Record<string, KubeResult<PodAnswer>> = {
    "/state": page(["10.0.0.1"], { continue: "10.0.0.1" }),
    "/state?after=10.0.0.1": page(["10.0.0.2"], { continue: "10.0.0.2" }),
    "/state?after=10.0.0.2": page(["fd00::1"]),
  };
  pods.says = (_, path) => pages[path]!;
  const [all] = await ask([speaker("a")]);
  expect(all).toMatchObject({ addresses: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }, { ip: "fd00::1" }] });
  expect(all).not.toHaveProperty("partial");
});

test("what was read stays when a later page can't be had", async () => {
  pods.says = (_, path) => (path === "/state" ? page(["10.0.0.1"], { continue: "10.0.0.1" }) : refusal(503));
  expect(await ask([speaker("a")])).toMatchObject([
    { addresses: [{ ip: "10.0.0.1" }], partial: { code: "unreachable", explanation: "no" } },
  ]);
});

test("a Pod that always has more is left at some time", async () => {
  pods.says = () => page(["10.0.0.1"], { continue: "10.0.0.1" });
  const [answer] = await ask([speaker("a")]);
  expect(answer).toMatchObject({ partial: { code: "badAnswer", explanation: expect.stringContaining("no end") } });
  expect(pods.asked).toHaveLength(100);
});

describe("a speaker that can't be read, with the reason", () => {
  test.each<{ code: string; name: string; set: () => void; says: RegExp; fix: RegExp; more?: Partial<SpeakerPod> }>([
    { code: "noPort", name: "no port", set: () => undefined, says: /--port=0/, fix: /port/, more: { metricsPort: 0 } },
    {
      code: "tokenForbidden",
      name: "no right to make tokens",
      set: () => (pods.token = refusal(403)),
      says: /you may not create serviceaccounts\/token of speaker in namespace metallb-system/,
      fix: /--send-token/,
    },
    {
      code: "noToken",
      name: "no account",
      set: () => (pods.token = refusal(404)),
      says: /account speaker: no/,
      fix: /^$/,
    },
    {
      code: "proxyForbidden",
      name: "no right to ask Pods",
      set: () => (pods.says = () => refusal(403)),
      says: /may not get pods\/proxy in namespace metallb-system/,
      fix: /Role/,
    },
    { code: "podGone", name: "the Pod went", set: () => (pods.says = () => refusal(404)), says: /^no$/, fix: /^$/ },
    {
      code: "unreachable",
      name: "the API server can't reach it",
      set: () => (pods.says = () => refusal(503, "error trying to reach service")),
      says: /^error trying to reach service$/,
      fix: /^$/,
    },
    {
      code: "unreachable",
      name: "no answer",
      set: () => (pods.says = () => refusal(0)),
      says: /^no \(Reason\)$/,
      fix: /^$/,
    },
    {
      code: "unreachable",
      name: "no answer in time",
      set: () => (pods.says = () => err({ code: 0, reason: "ETIMEDOUT", message: "GET /x: slow", retryable: true })),
      says: /^it doesn't answer in time$/,
      fix: /^$/,
    },
    {
      code: "notAllowed",
      name: "a token without the right",
      set: () => (pods.says = () => ok({ code: 403, text: "x may not get /state" })),
      says: /^x may not get \/state$/,
      fix: /system:serviceaccount:metallb-system:speaker.*nonResourceURL \/state/,
    },
    {
      code: "notAllowed",
      name: "a token that is not valid",
      set: () => (pods.says = () => ok({ code: 401, text: "the token is not valid" })),
      says: /not valid/,
      fix: /ClusterRole/,
    },
    {
      code: "noState",
      name: "MetalLB's own speaker",
      set: () => (pods.says = () => ok({ code: 404, text: "404 page not found\n" })),
      says: /has no \/state/,
      fix: /^$/,
    },
    {
      code: "notReviewed",
      name: "no right to review tokens",
      set: () => (pods.says = () => ok({ code: 503, text: "the API server did not review the token" })),
      says: /did not review/,
      fix: /tokenreviews and subjectaccessreviews/,
    },
    {
      code: "badAnswer",
      name: "something else",
      set: () => (pods.says = () => ok({ code: 200, text: "<html>" })),
      says: /not JSON: <html>/,
      fix: /^$/,
    },
    {
      code: "badAnswer",
      name: "another version",
      set: () => (pods.says = () => page([], { apiVersion: "inspect.metallb.io/v9" })),
      says: /version is inspect.metallb.io\/v9/,
      fix: /^$/,
    },
    {
      code: "badAnswer",
      name: "another code",
      set: () => (pods.says = () => ok({ code: 500, text: "x".repeat(1000) })),
      says: /^it answers 500: x{300}$/,
      fix: /^$/,
    },
  ])("$code: $name", async ({ code, set, says, fix, more }) => {
    set();
    const [answer] = await ask([speaker("a", more)]);
    expect(answer).toEqual({
      node: "a",
      pod: "speaker-a",
      unread: { code, explanation: expect.stringMatching(says), fix: expect.stringMatching(fix) },
    });
  });

  test("noToken: there is none to show", async () => {
    pods.own = undefined;
    expect(await ask([speaker("a")], { sendToken: true })).toMatchObject([{ unread: { code: "noToken" } }]);
  });
});
