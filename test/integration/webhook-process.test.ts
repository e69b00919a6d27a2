/** What the controller's webhook and TLS flags do to the process. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { customResourceDefinitions } from "../../src/config/crds.ts";
import { selfSignedCertificate } from "../../src/tls/self-signed.ts";
import { type ApiServerLab, startApiServerLab } from "../support/api-server-lab.ts";
import { freePort, MetallbProcess } from "../support/metallb-process.ts";
import { webhookConfiguration } from "../support/webhook-configuration.ts";

const NAMESPACE = "metallb-system";
const POOLS = `/apis/metallb.io/v1beta1/namespaces/${NAMESPACE}/ipaddresspools`;
const CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

const folder = mkdtempSync(join(tmpdir(), "metallb-webhook-process-"));
let lab: ApiServerLab;
let certificate: string;

beforeAll(async () => {
  lab = await startApiServerLab({ crds: customResourceDefinitions({ conversion: { namespace: NAMESPACE } }) });
  const { cert, key } = await selfSignedCertificate({ commonName: `metallb-webhook-service.${NAMESPACE}.svc` });
  certificate = cert;
  writeFileSync(join(folder, "tls.crt"), cert);
  writeFileSync(join(folder, "tls.key"), key);
  writeFileSync(join(folder, "kubeconfig"), lab.server.kubeconfig());
});

afterAll(async () => {
  await lab.close();
  rmSync(folder, { recursive: true });
});

function start(...flags: readonly string[]): MetallbProcess {
  const common = [`--kubeconfig=${join(folder, "kubeconfig")}`, `--namespace=${NAMESPACE}`, "--port=0"];
  return new MetallbProcess("controller", ...common, ...flags);
}

/** The protocol and suite that are agreed on, or "refused". */
function handshake(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options }, () => {
      resolve(`${socket.getProtocol()} ${socket.getCipher().standardName}`);
      socket.destroy();
    });
    socket.on("error", () => resolve("refused"));
  });
}

describe("onlywebhook with somebody else's certificate", () => {
  const SUITE = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
  let webhookPort: number;
  let controller: MetallbProcess;

  beforeAll(async () => {
    webhookPort = await freePort();
    const healthPort = await freePort();
    lab.server.routeService(`${NAMESPACE}/metallb-webhook-service`, `https://127.0.0.1:${webhookPort}`);
    const configuration = webhookConfiguration(NAMESPACE) as { readonly webhooks: readonly { clientConfig: object }[] };
    const caBundle = btoa(certificate);
    const webhooks = configuration.webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, caBundle },
    }));
    await lab.api.post(CONFIGURATIONS, { ...configuration, webhooks });
    controller = start(
      "--webhook-mode=onlywebhook",
      "--disable-cert-rotation",
      `--cert-dir=${folder}`,
      `--webhook-port=${webhookPort}`,
      `--health-probe-port=${healthPort}`,
      "--tls-min-version=VersionTLS12",
      `--tls-cipher-suites=${SUITE}`,
    );
    await controller.untilReady(healthPort);
  });

  afterAll(() => controller.stop());

  test("admits and refuses", async () => {
    const pool = (spec: object) => lab.api.post(POOLS, { metadata: { name: "a" }, spec });
    expect(await pool({ addresses: ["10.0.0.1"] })).toMatchObject({ code: 403 });
    expect(await pool({ addresses: ["10.0.0.0/24", "2001:db8::/120"] })).toMatchObject({ code: 201 });
  });

  test("writes nothing: no Lease, no state, no Secret, no caBundle", async () => {
    const count = async (path: string) => (await lab.api.get(path)).json.items.length;
    expect(await count(`/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`)).toBe(0);
    expect(await count(`/apis/metallb.io/v1beta1/namespaces/${NAMESPACE}/configurationstates`)).toBe(0);
    expect(await count(`/api/v1/namespaces/${NAMESPACE}/secrets`)).toBe(0);
    const crd = await lab.api.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/bgppeers.metallb.io");
    expect(crd.json.spec.conversion.webhook.clientConfig).not.toHaveProperty("caBundle");
  });

  test.each<[ConnectionOptions, string]>([
    [{}, "TLSv1.3 TLS_AES_128_GCM_SHA256"],
    [{ maxVersion: "TLSv1.2" }, `TLSv1.2 ${SUITE}`],
    [{ maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" }, "refused"],
  ])("obeys the TLS flags: a client with %j gets %s", async (options, want) => {
    expect(await handshake(webhookPort, { ciphers: undefined, ...options })).toBe(want);
  });

  test("ends with 0 when it is asked to", async () => {
    expect(await controller.stop()).toBe(0);
  });
});

describe("flags that can't be obeyed end the process with what is wrong", () => {
  test.each<[string, readonly string[], number, readonly string[]]>([
    [
      "usage",
      ["--webhook-mode=on", "--tls-cipher-suites=TLS_RSA_WITH_AES_128_CBC_SHA", "--tls-curve-preferences=29,29"],
      2,
      ["use one of enabled, disabled, onlywebhook", "give --tls-min-version=VersionTLS12", "29 twice"],
    ],
    [
      "no certificate",
      ["--disable-cert-rotation", "--cert-dir=/nowhere", "--health-probe-port=0"],
      1,
      ["/nowhere/tls.crt can't be read"],
    ],
  ])("%s", async (_, flags, code, messages) => {
    const controller = start(...flags);
    expect(await controller.ended).toBe(code);
    for (const message of messages) expect(controller.output).toContain(message);
  });
});
