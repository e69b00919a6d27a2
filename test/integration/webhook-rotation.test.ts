/**
 * Certificates change while the API server calls the webhooks: two replicas behind one Service, on a clock that runs a
 * hundred times as fast.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { customResourceDefinitions } from "../../src/config/crds.ts";
import { CertificateKeeper } from "../../src/controller/admission/certificate-keeper.ts";
import { createWebhookRoutes } from "../../src/controller/admission/routes.ts";
import { createKubeClient } from "../../src/k8s/client.ts";
import { loadEndpoint } from "../../src/k8s/endpoint.ts";
import { createKubeWatcher } from "../../src/k8s/reflector.ts";
import { millis } from "../../src/lib/duration.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { createCertificateMaker } from "../../src/tls/certificate-maker.ts";
import { certificatesOf } from "../../src/tls/pem.ts";
import { DEFAULT_TLS_POLICY } from "../../src/tls/policy.ts";
import { startWebhookServer } from "../../src/webhook/server.ts";
import { type ApiServerLab, eventually, startApiServerLab } from "../support/api-server-lab.ts";
import { RecordingMetrics } from "../support/recording-metrics.ts";
import { silentLog } from "../support/silent-log.ts";
import { webhookConfiguration } from "../support/webhook-configuration.ts";

const NAMESPACE = "metallb-system";
const SECRET = `/api/v1/namespaces/${NAMESPACE}/secrets/metallb-webhook-cert`;
const PEERS = `/apis/metallb.io/v1beta1/namespaces/${NAMESPACE}/bgppeers`;
const CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const SPEED = 100;

const fastClock: Clock = {
  now: () => millis(systemClock.now() * SPEED),
  wallTime: () => systemClock.wallTime(),
  after: (after, fire) => systemClock.after(millis(after / SPEED), fire),
};

const folder = mkdtempSync(join(tmpdir(), "metallb-rotation-"));
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  rmSync(folder, { recursive: true });
});

interface TestReplica {
  readonly port: number;
  /** The certificate that new connections get. */
  readonly serving: () => string;
}

async function startReplica(kubeconfig: string): Promise<TestReplica> {
  const endpoint = await loadEndpoint({ kubeconfig, env: {} });
  const metrics = new RecordingMetrics();
  const common = { random: systemRandom, metrics, log: silentLog };
  const client = createKubeClient(endpoint);
  const watcher = createKubeWatcher(endpoint, { ...common, clock: systemClock });
  const routes = createWebhookRoutes(NAMESPACE, { client, clock: systemClock, metrics, log: silentLog });
  const server = await startWebhookServer({
    port: 0,
    policy: DEFAULT_TLS_POLICY,
    http2: false,
    routes,
    log: silentLog,
  });
  const maker = createCertificateMaker("metallb-webhook-service", NAMESPACE);
  let serving = "";
  const keeper = new CertificateKeeper(
    { namespace: NAMESPACE, name: "metallb-webhook-cert" },
    { ...common, clock: fastClock, client, watcher, maker },
    (certificate) => {
      serving = certificate.cert;
      server.use(certificate);
    },
  );
  keeper.start();
  closers.push(async () => {
    await keeper.close();
    await server.close();
  });
  return { port: server.port, serving: () => serving };
}

async function texts(lab: ApiServerLab): Promise<Readonly<Record<string, string>>> {
  const data = ((await lab.api.get(SECRET)).json?.data ?? {}) as Readonly<Record<string, string>>;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, atob(value)]));
}

/** Writes peers as v1beta1, which takes a conversion and an admission each, until `until` resolves. */
async function writePeers(lab: ApiServerLab, until: Promise<unknown>): Promise<readonly string[]> {
  const outcomes: string[] = [];
  const over = new AbortController();
  void until.finally(() => over.abort());
  const writer = async (id: number) => {
    for (let i = 0; !over.signal.aborted; i++) {
      const spec = { myASN: 64_512, peerASN: 64_513, peerAddress: `10.0.${id}.${i % 250}` };
      const peer = { apiVersion: "metallb.io/v1beta1", kind: "BGPPeer", metadata: { name: `p-${id}-${i}` }, spec };
      const { code, text } = await lab.api.post(`${PEERS}?dryRun=All`, peer);
      outcomes.push(code === 201 ? "created" : text);
    }
  };
  await Promise.all([0, 1, 2, 3].map(writer));
  return outcomes;
}

test("no call is lost when the certificate is renewed, the authority is replaced, and the old one goes", async () => {
  const lab = await startApiServerLab({ crds: customResourceDefinitions({ conversion: { namespace: NAMESPACE } }) });
  closers.push(() => lab.close());
  await lab.api.post(CONFIGURATIONS, webhookConfiguration(NAMESPACE));
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, lab.server.kubeconfig());
  const replicas = [await startReplica(kubeconfig), await startReplica(kubeconfig)];
  let turn = 0;
  const routing = setInterval(() => {
    const { port } = replicas[turn++ % replicas.length]!;
    lab.server.routeService(`${NAMESPACE}/metallb-webhook-service`, `https://127.0.0.1:${port}`);
  }, 20);
  closers.push(async () => clearInterval(routing));

  /** Until both replicas serve something else than `before`, and the same. */
  const changed = async (before: string) =>
    eventually(
      async () => replicas.map(({ serving }) => serving()),
      ([first, second]) => first !== before && first === second && first !== "",
    );
  await changed("");
  await eventually(
    () => lab.api.post(`${PEERS}?dryRun=All`, { kind: "BGPPeer", metadata: { name: "x" }, spec: {} }),
    ({ text }) => !text.includes("webhook"),
  );

  const story = (async () => {
    const [first] = await changed("");
    await lab.api.patch(SECRET, "merge", { data: { "tls.crt": null } });
    const [renewed] = await changed(first!);
    const authority = (await texts(lab))["ca.crt"];
    await lab.api.delete(SECRET);
    await changed(renewed!);
    const both = certificatesOf((await texts(lab))["ca.crt"] ?? "");
    expect(both).toHaveLength(2);
    expect(both[1]).toBe(authority);
    await lab.api.patch(SECRET, "merge", { data: { "ca.crt": btoa(both[0]!) } });
    await eventually(
      () => lab.api.get(`${CONFIGURATIONS}/metallb-webhook-configuration`),
      ({ json }) => atob(json.webhooks[0].clientConfig.caBundle) === both[0],
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
  })();
  const outcomes = await writePeers(lab, story);
  await story;
  expect(outcomes.filter((outcome) => outcome !== "created")).toEqual([]);
  expect(outcomes.length).toBeGreaterThan(10);
});
