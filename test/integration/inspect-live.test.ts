import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { IpAddress } from "../../src/ip/address.ts";
import { parseAddress } from "../../src/ip/address.ts";
import { seconds } from "../../src/lib/duration.ts";
import type { KubeClient } from "../../src/ports/kube.ts";
import { stateDocument } from "../../src/speaker/live-state-document.ts";
import type { WorkerEvent } from "../../src/speaker/protocol.ts";
import { serveMetrics } from "../../src/telemetry/http.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { DEFAULT_TLS_POLICY } from "../../src/tls/policy.ts";
import { selfSignedCertificate } from "../../src/tls/self-signed.ts";
import { type InspectLab, startInspectLab } from "../support/inspect-lab.ts";
import { freePort } from "../support/metallb-process.ts";
import { settle } from "../support/settle.ts";
import { silentLog } from "../support/silent-log.ts";
import { type LabSpeaker, SpeakerLab } from "../support/speaker-lab.ts";

const SPEAKER_PODS = { labels: "component=speaker", port: 7946 };
const WEB = ["10.0.0.1", "fd00::1"];

let lab: InspectLab;
let client: KubeClient;
const closers: (() => Promise<unknown>)[] = [];

/** A Service `web` that should be announced by the one node that has its endpoint. */
beforeEach(async () => {
  lab = await startInspectLab();
  client = await lab.client();
  await lab.pool("gold", ["10.0.0.0/24", "fd00::/120"]);
  await lab.service({ name: "web", families: ["IPv4", "IPv6"], spec: { externalTrafficPolicy: "Local" } });
  await lab.layer2({
    nodes: { a: { speaker: "none" }, b: { speaker: "none" } },
    endpoints: { "default/web": ["a"] },
    statuses: { "default/web": { a: ["eth0"] } },
  });
  await lab.show("web", WEB);
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await lab.close();
});

/**
 * The speaker of a node behind a metrics server of its own, which asks the API server about tokens. Its cluster and its
 * worker are in memory: what they say is up to the test.
 */
async function speaker(node: string, holds: readonly string[]): Promise<LabSpeaker> {
  const world = new SpeakerLab();
  world.node(node);
  world.pool("gold", "10.0.0.0/24", "fd00::/120");
  world.advertisement("l2");
  if (holds.length > 0) world.service("web", holds, { on: [node] });
  const speaker = await world.speaker(node, { speakerPods: SPEAKER_PODS });
  const members = ["a", "b"].map((name, i) => ({ node: name, address: `192.0.2.${i}`, state: "alive" as const }));
  await tell(speaker, { on: "standing", standing: { kind: "sure" } });
  await tell(speaker, { on: "members", nodes: ["a", "b"] });
  await tell(speaker, { on: "roster", members, refused: [] });
  const documents = [stateDocument({ state: (query) => speaker.stateText(query) })];
  const metrics = createMetrics("speaker");
  const options = { host: "127.0.0.1", port: 0, policy: DEFAULT_TLS_POLICY, metrics, documents, log: silentLog };
  const server = await serveMetrics({ ...options, client });
  closers.push(() => server.close());
  await lab.placeSpeaker(node, server.port);
  return speaker;
}

async function tell(speaker: LabSpeaker, event: WorkerEvent): Promise<void> {
  speaker.worker.emit(event);
  await settle();
}

function counted(ip: string, to: string): WorkerEvent {
  const address: IpAddress = parseAddress(ip)!;
  const counts = { requestsReceived: 1, responsesSent: 1, gratuitousSent: 0, duplicatesHeard: 0 };
  const lastAnswered = { agoMs: seconds(3), interface: "eth0", to };
  return { on: "counters", counters: [{ address, ...counts, lastAnswered, lastGratuitous: { agoMs: seconds(60) } }] };
}

describe("the speakers are asked through the API server", () => {
  test("owners: who answers with which MAC, and when it did last", async () => {
    const a = await speaker("a", WEB);
    await speaker("b", []);
    await tell(a, counted("10.0.0.1", "02:00:00:00:00:99"));
    const { summary, addresses, speakers } = await lab.json("owners");
    expect(summary).toBe("2 addresses: 2 announced on layer 2");
    const interfaces = [{ name: "eth0", mac: "02:00:00:00:00:01" }, { name: "eth1" }];
    const lastAnswered = { interface: "eth0", to: "02:00:00:00:00:99", secondsAgo: 3 };
    expect(addresses).toMatchObject([
      { address: "10.0.0.1", problems: [], answers: [{ node: "a", interfaces, lastAnswered, leaving: false }] },
      { address: "fd00::1", problems: [], answers: [{ node: "a", interfaces }] },
    ]);
    expect(speakers).toMatchObject([
      { node: "a", pod: "speaker-a", standing: { kind: "sure" }, members: { alive: 2, suspects: [], missing: [] } },
      { node: "b", pod: "speaker-b", standing: { kind: "sure" } },
    ]);
    expect((await lab.run("owners")).out).toMatch(
      /^ {2}10\.0\.0\.1 +default\/web +a +eth0, eth1 +02:00:00:00:00:01 +3\.0 s ago$/m,
    );
  });

  test("owners: two speakers that both answer are told, with their MACs", async () => {
    await speaker("a", WEB);
    await speaker("b", WEB);
    const [first] = (await lab.json("owners")).addresses;
    expect(first.problems.map(({ code }: { readonly code: string }) => code)).toEqual(["severalAnswer", "unsaid"]);
  });

  test("explain: who is a member, who answers, whom it answered last", async () => {
    const a = await speaker("a", WEB);
    await tell(a, counted("fd00::1", "02:00:00:00:00:99"));
    const out = (await lab.run("explain", "service", "default/web")).out;
    expect(out).toContain("a answers for 10.0.0.1 on eth0 (02:00:00:00:00:01), eth1 (02:00:00:00:00:01)");
    expect(out).toContain(
      "- last request answered 3.0 s ago, from 02:00:00:00:00:99 on eth0; last gratuitous frame 60 s ago",
    );
    expect(out).toContain("taken to be alive: whom the speakers take for members");
    const { layer2 } = await lab.json("explain", "service", "default/web");
    expect(layer2).toMatchObject({ aliveFrom: "members", expectedOwner: "a", differences: [] });
    expect(layer2.answers.map(({ address }: { readonly address: string }) => address)).toEqual(WEB);
  });

  test("explain: a speaker that holds back is named with its reason", async () => {
    const a = await speaker("a", WEB);
    const standing = { kind: "doubtful", reason: "paused", since: seconds(1), peers: 2, cure: "exchange" } as const;
    await tell(a, { on: "standing", standing });
    const { layer2 } = await lab.json("explain", "service", "default/web");
    expect(layer2.speakers[0].standing).toMatchObject({ kind: "doubtful", reason: "paused", holdsBack: true });
    expect(layer2.differences).toMatchObject([{ code: "holdsBack" }, { code: "holdsBack" }]);
    expect((await lab.run("explain", "service", "default/web")).out).toContain(
      "a did not run for a while, and answers nothing",
    );
  });

  test("--no-live asks nobody", async () => {
    await speaker("a", WEB);
    const writes = lab.writes;
    const { speakers, addresses } = await lab.json("owners", "--no-live");
    expect([speakers, addresses[0].answers, lab.writes]).toEqual([undefined, undefined, writes]);
  });
});

describe("a speaker that can't be read is named with the reason, and the rest of the report stays", () => {
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look anywhere into reports
  async function unread(...flags: readonly string[]): Promise<any> {
    const { addresses, speakers } = await lab.json("owners", ...flags);
    expect(addresses).toHaveLength(2);
    return speakers.find(({ node }: { readonly node: string }) => node === "b").unread;
  }

  test("nobody listens there", async () => {
    await speaker("a", WEB);
    await lab.placeSpeaker("b", await freePort());
    expect(await unread()).toMatchObject({ code: "unreachable", explanation: expect.stringContaining("ECONNREFUSED") });
  });

  test("it is MetalLB's own, which has no such path", async () => {
    await speaker("a", WEB);
    const server = createServer(await selfSignedCertificate({ commonName: "metallb" }), (_, response) => {
      response.writeHead(404).end("404 page not found\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    await lab.placeSpeaker("b", (server.address() as AddressInfo).port);
    expect(await unread()).toMatchObject({ code: "noState" });
    const said = (await lab.run("owners")).out;
    expect(said).toContain("not read: speaker-b: it has no /state: it is MetalLB's own, or old (noState)");
  });

  test("we may not make tokens, but may show our own", async () => {
    await speaker("a", []);
    await speaker("b", WEB);
    const { testing } = lab.server;
    testing.failNext(({ verb, resource }) => verb === "create" && resource === "serviceaccounts", 403, "Forbidden");
    expect(await unread()).toMatchObject({ code: "tokenForbidden", fix: expect.stringContaining("--send-token") });
    expect(await unread("--send-token")).toBeUndefined();
  });

  test("we may not ask Pods", async () => {
    await speaker("b", WEB);
    const isProxied = ({ path }: { readonly path: string }) => path.includes("/proxy/state");
    lab.server.testing.failNext(isProxied, 403, "Forbidden");
    expect(await unread()).toMatchObject({ code: "proxyForbidden" });
  });

  test("the speaker may not review tokens", async () => {
    await speaker("b", WEB);
    lab.server.testing.failNext(({ resource }) => resource.startsWith("tokenreviews"), 403, "Forbidden");
    expect(await unread()).toMatchObject({ code: "notReviewed" });
  });
});
