import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { createWebhookRoutes } from "../../src/controller/admission/routes.ts";
import type { CertificateTexts } from "../../src/ports/certificates.ts";
import { createCertificateMaker } from "../../src/tls/certificate-maker.ts";
import type { HttpsServer } from "../../src/tls/https-server.ts";
import { DEFAULT_TLS_POLICY } from "../../src/tls/policy.ts";
import { startWebhookServer } from "../../src/webhook/server.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { Kubectl } from "../support/kubectl.ts";
import { kubeError, RecordingKube } from "../support/recording-kube.ts";
import { RecordingLog } from "../support/recording-log.ts";
import { RecordingMetrics } from "../support/recording-metrics.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { WebhookClient } from "../support/webhook-client.ts";

const NAMESPACE = "metallb-system";
const NAME = `metallb-webhook-service.${NAMESPACE}.svc`;
const POOLS = "/validate-metallb-io-v1beta1-ipaddresspool";

let texts: CertificateTexts;
let kube: RecordingKube;
let log: RecordingLog;
let metrics: RecordingMetrics;
let server: HttpsServer;
let client: WebhookClient;

beforeAll(async () => {
  texts = await createCertificateMaker("metallb-webhook-service", NAMESPACE).renew({}, {}, Date.now());
});

beforeEach(async () => {
  kube = new RecordingKube();
  log = new RecordingLog();
  metrics = new RecordingMetrics();
  await start(false);
  client = new WebhookClient(server.port, texts["ca.crt"], NAME);
});

afterEach(async () => {
  client.close();
  await server.close();
});

async function start(http2: boolean): Promise<void> {
  const routes = createWebhookRoutes(NAMESPACE, { client: kube, clock: systemClock, metrics, log });
  server = await startWebhookServer({ host: "127.0.0.1", port: 0, policy: DEFAULT_TLS_POLICY, http2, routes, log });
  server.use({ cert: texts["tls.crt"], key: texts["tls.key"] });
}

function pool(...addresses: readonly string[]) {
  const metadata = { name: "pool", namespace: NAMESPACE };
  return { apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool", metadata, spec: { addresses } };
}

function review(object: object, more: object = {}) {
  const request = { uid: "42", operation: "CREATE", namespace: NAMESPACE, name: "pool", object, ...more };
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
}

describe("admission", () => {
  test.each([
    { family: "IPv4", good: "10.0.0.0/24", bad: "10.0.0.1" },
    { family: "IPv6", good: "2001:db8::/64", bad: "2001:db8::1" },
  ])("a good pool passes, a bad one is refused with the reason: $family", async ({ good, bad }) => {
    expect((await client.post(`${POOLS}?timeout=10s`, review(pool(good)))).json).toEqual({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: "42", allowed: true },
    });
    expect((await client.post(POOLS, review(pool(bad)))).json?.response).toMatchObject({
      uid: "42",
      allowed: false,
      status: { code: 403, message: expect.stringContaining(`IPAddressPool ${NAMESPACE}/pool: spec.addresses[0]: `) },
    });
    expect(metrics.series("metallb_controller_admission_requests_total")).toEqual([
      'metallb_controller_admission_requests_total{kind="IPAddressPool",outcome="allowed"}',
      'metallb_controller_admission_requests_total{kind="IPAddressPool",outcome="denied"}',
    ]);
  });

  test("looks at what is in the cluster now", async () => {
    const other = pool("10.0.0.0/16");
    kube.apply(KINDS.IPAddressPool, { ...other, metadata: { ...other.metadata, name: "other" } });
    const { json } = await client.post(POOLS, review(pool("10.0.0.0/24")));
    expect(json?.response).toMatchObject({
      allowed: false,
      status: { message: expect.stringContaining("overlaps with already defined CIDR") },
    });
  });

  test("a cluster that can't be read is the server's fault, and named", async () => {
    kube.fail(kubeError(503, "ServiceUnavailable", "etcd is down"), 1, ({ resource }) => resource.kind === "Community");
    const { json } = await client.post(POOLS, review(pool("10.0.0.0/24")));
    expect(json?.response).toMatchObject({
      allowed: false,
      status: { code: 500, message: expect.stringContaining("communities: ServiceUnavailable: etcd is down") },
    });
    expect(log.messages("warn")).toEqual(["an object could not be judged"]);
  });

  test("an API server that doesn't answer in time is named, before the one that asks gives up", async () => {
    const list = kube.list.bind(kube);
    kube.list = (resource, options) => (resource.kind === "BGPPeer" ? new Promise(() => {}) : list(resource, options));
    const began = performance.now();
    const { json } = await client.post(`${POOLS}?timeout=1s`, review(pool("10.0.0.0/24")));
    expect(performance.now() - began).toBeLessThan(1000);
    expect(json?.response).toMatchObject({ status: { message: expect.stringContaining("within 800 ms: bgppeers") } });
  });
});

test("conversion", async () => {
  const spec = { myASN: 64_512, peerASN: 64_513, peerAddress: "2001:db8::1" };
  const peer = {
    apiVersion: "metallb.io/v1beta1",
    kind: "BGPPeer",
    metadata: { name: "p", namespace: NAMESPACE },
    spec,
  };
  const request = { uid: "7", desiredAPIVersion: "metallb.io/v1beta2", objects: [peer] };
  const ask = (more: object) =>
    client.post("/convert?timeout=30s", {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "ConversionReview",
      request: { ...request, ...more },
    });
  expect((await ask({})).json?.response).toMatchObject({
    uid: "7",
    result: { status: "Success" },
    convertedObjects: [{ ...peer, apiVersion: "metallb.io/v1beta2" }],
  });
  expect((await ask({ desiredAPIVersion: "metallb.io/v2" })).json?.response).toMatchObject({
    result: { status: "Failed", message: expect.stringContaining("metallb.io/v2") },
  });
});

describe("what is no review", () => {
  test.each([
    { why: "no webhook there", path: "/validate", options: {}, status: 404 },
    { why: "an inherited name", path: "/constructor", options: {}, status: 404 },
    { why: "the wrong method", path: POOLS, options: { method: "GET" }, status: 405 },
    {
      why: "the wrong type",
      path: POOLS,
      options: { headers: { "Content-Type": "text/plain" }, body: "{}" },
      status: 415,
    },
    { why: "no JSON", path: POOLS, options: { body: "pool" }, status: 400 },
    { why: "no review", path: POOLS, options: { body: "{}" }, status: 400 },
    { why: "too deep", path: POOLS, options: { body: "[".repeat(100_000) }, status: 400 },
    { why: "too large", path: POOLS, options: { body: `"${"x".repeat(9 * 1024 * 1024)}"` }, status: 413 },
    {
      why: "too large, in chunks",
      path: POOLS,
      options: { headers: { "Transfer-Encoding": "chunked" }, body: " ".repeat(9 * 1024 * 1024) },
      status: 413,
    },
    { why: "no conversion", path: "/convert", options: { body: "null" }, status: 400 },
  ])("$why: $status", async ({ path, options, status }) => {
    const answer = await client.call(path, options).catch((error: NodeJS.ErrnoException) => error.code);
    // Who goes on sending after the refusal may see the connection close before the answer.
    if (status === 413 && typeof answer === "string") expect(answer).toMatch(/EPIPE|ECONNRESET/);
    else expect(answer).toMatchObject({ status });
    expect((await client.post(POOLS, review(pool("10.0.0.0/24")))).status).toBe(200);
  });
});

describe("certificates", () => {
  test("change without a request being lost, and new connections see the new one", async () => {
    const renewed = await createCertificateMaker("metallb-webhook-service", NAMESPACE).renew(
      { ...texts, "tls.crt": "" },
      {},
      Date.now(),
    );
    const before = await client.post(POOLS, review(pool("10.0.0.0/24")));
    const flow = Array.from({ length: 50 }, async (_, i) => {
      if (i === 25) server.use({ cert: renewed["tls.crt"], key: renewed["tls.key"] });
      return client.post(POOLS, review(pool("10.0.0.0/24")));
    });
    expect((await Promise.all(flow)).map(({ status }) => status)).toEqual(Array(50).fill(200));
    const newcomer = new WebhookClient(server.port, texts["ca.crt"], NAME);
    const after = await newcomer.post(POOLS, review(pool("10.0.0.0/24")));
    newcomer.close();
    expect(after.certificate.fingerprint256).not.toBe(before.certificate.fingerprint256);
  });

  test("another name, or another authority, is not trusted", async () => {
    const other = await createCertificateMaker("x", "y").renew({}, {}, Date.now());
    for (const [ca, name] of [
      [texts["ca.crt"], "x.y.svc"],
      [other["ca.crt"], NAME],
    ] as const) {
      const stranger = new WebhookClient(server.port, ca, name);
      await expect(stranger.post(POOLS, {})).rejects.toThrow(/certificate|altnames/);
      stranger.close();
    }
  });
});

const need = requireOrSkip(["bin:kubectl-1.36"]);

test.skipIf(need.skip)("Go, in which API servers are written, trusts the chain", async () => {
  const folder = mkdtempSync(join(tmpdir(), "metallb-go-"));
  const ca = join(folder, "ca.crt");
  writeFileSync(ca, texts["ca.crt"]);
  const kubectl = new Kubectl("1.36", "");
  const call = (name: string) =>
    kubectl.run(
      `kubectl --server=https://127.0.0.1:${server.port} --certificate-authority=${ca} ` +
        `--token=none --tls-server-name=${name} create --raw=${POOLS} -f -`,
      "{}",
    );
  // It does not say what it sends; but this answer has come through TLS.
  expect((await call(NAME)).stderr).toContain("the body must be application/json");
  expect((await call("x.y.svc")).stderr).toContain("certificate is valid for metallb-webhook-service");
  rmSync(folder, { recursive: true });
});

test("a call that is under way is answered although the server closes", async () => {
  const list = kube.list.bind(kube);
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let listing = () => {};
  const began = new Promise<void>((resolve) => (listing = resolve));
  kube.list = async (resource, options) => {
    listing();
    await held;
    return list(resource, options);
  };
  const call = client.post(POOLS, review(pool("10.0.0.0/24")));
  await began;
  const closed = server.close();
  await expect(new WebhookClient(server.port, texts["ca.crt"], NAME).post(POOLS, {})).rejects.toThrow("ECONNREFUSED");
  release();
  expect((await call).json?.response).toEqual({ uid: "42", allowed: true });
  await closed;
  await start(false);
});

test("HTTP/2 is spoken when it is asked for, and HTTP/1.1 beside it", async () => {
  await server.close();
  await start(true);
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, { ca: texts["ca.crt"], servername: NAME });
  const stream = session.request({ ":path": POOLS, ":method": "POST", "content-type": "application/json" });
  stream.end(JSON.stringify(review(pool("10.0.0.1"))));
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  session.close();
  expect(JSON.parse(text)).toMatchObject({ response: { uid: "42", allowed: false } });
  const plain = new WebhookClient(server.port, texts["ca.crt"], NAME);
  expect((await plain.post(POOLS, review(pool("10.0.0.0/24")))).json?.response).toEqual({ uid: "42", allowed: true });
  plain.close();
});
