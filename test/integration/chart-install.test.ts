import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiServer } from "../../src/dev/api-server/server.ts";
import { startApiServer } from "../../src/dev/api-server/server.ts";
import { CHART, manifestOf, renderChart, runHelm } from "../support/helm.ts";
import { Kubectl } from "../support/kubectl.ts";
import { RawApiClient } from "../support/raw-api-client.ts";
import { requireOrSkip } from "../support/requirements.ts";

const NAMESPACE = "metallb-system";
const folder = mkdtempSync(join(tmpdir(), "metallb-install-"));
const kubeconfig = join(folder, "config");
let server: ApiServer;
let api: RawApiClient;

beforeAll(async () => {
  server = await startApiServer({ logDir: folder });
  api = new RawApiClient(server);
  writeFileSync(kubeconfig, server.kubeconfig(), { mode: 0o600 });
});

afterAll(async () => {
  api.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

async function helm(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runHelm([...args, "--namespace", NAMESPACE], kubeconfig);
  if (status !== 0) throw new Error(`helm ${args.join(" ")}: ${stderr}`);
  return stdout;
}

const CERTIFICATE = `/api/v1/namespaces/${NAMESPACE}/secrets/metallb-webhook-cert`;
const WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/metallb-webhook-configuration";
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const BGP_PEERS = `${CRDS}/bgppeers.metallb.io`;
const CONTROLLER = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/metallb-controller`;

const AUTHORITY = "YXV0aG9yaXR5"; // base64

describe("helm", () => {
  test("installs the chart, and says what to do next", async () => {
    const said = await helm("install", "metallb", CHART, "--create-namespace");
    expect(said).toContain("STATUS: deployed");
    expect(said).toContain(`is installed in namespace ${NAMESPACE}`);
    expect(said).toContain("kind: IPAddressPool");
    expect(said).not.toContain("Note:");
    expect((await api.get(CONTROLLER)).json).toMatchObject({ metadata: { annotations: HELMS }, spec: { replicas: 1 } });
  });

  test("upgrades it, keeps what the controller wrote meanwhile, and names values that have no effect or are unknown", async () => {
    await write(CERTIFICATE, { data: { "ca.crt": AUTHORITY, "tls.key": AUTHORITY } });
    await write(BGP_PEERS, { spec: { conversion: { webhook: { clientConfig: { caBundle: AUTHORITY } } } } });
    const { webhooks } = (await api.get(WEBHOOKS)).json as { webhooks: { clientConfig: object }[] };
    for (const webhook of webhooks) Object.assign(webhook.clientConfig, { caBundle: AUTHORITY });
    await write(WEBHOOKS, { webhooks });

    const files = ["metallb-frr", "metallb-old"].flatMap((name) => ["--values", join(CHART, `ci/${name}-values.yaml`)]);
    const said = await helm("upgrade", "metallb", CHART, ...files);

    expect(said.slice(said.indexOf("Note:")).trimEnd().split("\n")).toEqual([
      "Note: BGP is built in, without FRR. These values were accepted and have no effect:",
      "",
      "  speaker.bgpDebounceTimeout",
      "  speaker.frr.enabled",
      "  speaker.frr.image.tag",
      "  speaker.frr.resources.limits.memory",
      "  speaker.reloader.resources.limits.memory",
      "  speaker.startupProbe.failureThreshold",
      "  frrk8s.enabled",
      "  frr-k8s.frrk8s.image.tag",
      "",
      "Note: this chart doesn't know these values. Is one of them misspelt?",
      "",
      "  prometheus.rbacProxy",
      "  prometheus.secureMetricsPort",
      "  psp",
      "  speaker.psp",
    ]);
    expect((await api.get(CERTIFICATE)).json.data).toEqual({ "ca.crt": AUTHORITY, "tls.key": AUTHORITY });
    expect((await api.get(BGP_PEERS)).json.spec.conversion.webhook.clientConfig.caBundle).toBe(AUTHORITY);
    const after = (await api.get(WEBHOOKS)).json.webhooks as { clientConfig: { caBundle?: string } }[];
    expect(after.map(({ clientConfig }) => clientConfig.caBundle)).toEqual(Array(6).fill(AUTHORITY));
  });

  test("turns webhooks off, and all that belongs to them", async () => {
    const off = ["--set", "controller.webhookMode=disabled"];
    expect(await helm("upgrade", "metallb", CHART, "--dry-run", ...off)).toContain("Set crds.conversion=None");
    await helm("upgrade", "metallb", CHART, ...off, "--set", "crds.conversion=None");
    for (const path of [CERTIFICATE, WEBHOOKS]) expect((await api.get(path)).code).toBe(404);
    expect((await api.get(BGP_PEERS)).json.spec.conversion).toEqual({ strategy: "None" });
  });

  test("deletes no custom resources when an upgrade leaves them out", async () => {
    await expect(helm("upgrade", "metallb", CHART, "--set", "crds.enabled=false")).rejects.toThrow(
      "helm would delete the custom resources with every pool and peer: upgrade with crds.keep=true first",
    );
    await helm("upgrade", "metallb", CHART, "--set", "crds.keep=true");
    await helm("upgrade", "metallb", CHART, "--set", "crds.enabled=false");
    expect((await api.get(BGP_PEERS)).code).toBe(200);
  });

  test("removes everything but custom resources that are to stay, which the next release takes over", async () => {
    await helm("upgrade", "metallb", CHART, "--set", "crds.keep=true");
    await helm("uninstall", "metallb");
    for (const list of LISTS) expect((await api.get(list)).json.items ?? []).toEqual([]);
    expect((await api.get(CRDS)).json.items).toHaveLength(10);
    await helm("install", "metallb", CHART);
    await helm("uninstall", "metallb");
    expect((await api.get(CRDS)).json.items).toEqual([]);
  });
});

const HELMS = { "meta.helm.sh/release-name": "metallb", "meta.helm.sh/release-namespace": NAMESPACE };

/** In which there is nothing without the chart. */
const LISTS = [
  ...["deployments", "daemonsets"].map((kind) => `/apis/apps/v1/${kind}`),
  ...["roles", "rolebindings"].map((kind) => `/apis/rbac.authorization.k8s.io/v1/${kind}`),
  "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
];

async function write(path: string, body: object): Promise<void> {
  const answer = await api.send("PATCH", path, { body, contentType: "application/merge-patch+json" });
  expect(answer.code).toBe(200);
}

/** Pods, and what starts them. */
const PODS = [
  ["metallb-controller-1", "Deployment", "metallb-controller"],
  ["metallb-speaker-1", "DaemonSet", "metallb-speaker"],
] as const;

describe.skipIf(requireOrSkip(["bin:kubectl-1.36"]).skip)("kubectl 1.36", () => {
  test("finds the controller's log by deployment/controller, and the speakers' by their component", async () => {
    const kubectl = new Kubectl("1.36", server.kubeconfig());
    const rendered = renderChart();
    await kubectl.ok(`kubectl create namespace ${NAMESPACE} --dry-run=client -o yaml | kubectl apply -f -`);
    for (const [name, kind, workload] of PODS) {
      const { template } = manifestOf(rendered, kind, workload)["spec"];
      const { labels } = template.metadata;
      await api.post(`/api/v1/namespaces/${NAMESPACE}/pods`, {
        metadata: { name, labels },
        spec: { ...template.spec, nodeName: "n" },
      });
      mkdirSync(join(folder, NAMESPACE), { recursive: true });
      writeFileSync(join(folder, NAMESPACE, `${name}.log`), `said by ${name}\n`);
    }
    await kubectl.ok("kubectl apply -f -", JSON.stringify(manifestOf(rendered, "Deployment", "controller")));
    const logs = (of: string): Promise<string> => kubectl.ok(`kubectl logs -n ${NAMESPACE} ${of}`);
    expect(await logs("deployment/controller")).toBe("said by metallb-controller-1\n");
    expect(await logs("-l component=speaker")).toBe("said by metallb-speaker-1\n");
  });
});
