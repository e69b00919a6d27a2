import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { customResourceDefinitions } from "../../src/config/crds.ts";
import { type ApiServer, type ApiServerOptions, startApiServer } from "../../src/dev/api-server/server.ts";
import { blocksOf, commandsOf, readDocument, ROOT } from "../support/documents.ts";
import { CHART, type Manifest, renderChart, runHelm } from "../support/helm.ts";
import { type CommandResult, Kubectl } from "../support/kubectl.ts";
import { requireOrSkip } from "../support/requirements.ts";

const REFERENCE_CHART = resolve(import.meta.dirname, "../support/reference-chart");
const NAMESPACE = "metallb-system";

/** What a user of MetalLB's chart may have in hand. */
const VALUES = {
  controller: { logLevel: "debug", resources: { limits: { memory: "100Mi" } }, strategy: { type: "Recreate" } },
  speaker: { tolerations: [{ operator: "Exists" }], updateStrategy: { type: "OnDelete" } },
  frrk8s: { enabled: false },
};

/** Nobody serves the webhooks here. */
const REFERENCE_VALUES = { crds: { validationFailurePolicy: "Ignore" } };

/** What users and the controller have made since the release was installed: it is in no manifest. Defaults are written out. */
const LATER = {
  "IPAddressPool/first": "spec: { addresses: [192.0.2.0/24, 2001:db8::/120], autoAssign: true, avoidBuggyIPs: false }",
  "L2Advertisement/first": "spec: { ipAddressPools: [first] }",
  "BGPPeer/router":
    "spec: { myASN: 64512, peerASN: 64500, peerAddress: 198.51.100.1, peerPort: 179, disableMP: false, dualStackAddressFamily: false }",
  "Secret/metallb-memberlist": "data: { secretkey: ZEdocGMybHpNVFppZVhSbGMyeHZiZw== }",
  "Service/web": "spec: { type: LoadBalancer, ports: [{ port: 80 }] }",
};

/** In base64. */
const AUTHORITY = "YXV0aG9yaXR5";

/** What the reference's controller has added to objects of the release, and to Services. */
const ADDED = [
  patch("secret metallb-webhook-cert", { data: { "ca.crt": AUTHORITY, "ca.key": AUTHORITY, "tls.key": AUTHORITY } }),
  patch("crd bgppeers.metallb.io", { spec: { conversion: { webhook: { clientConfig: { caBundle: AUTHORITY } } } } }),
  patch(
    "validatingwebhookconfiguration metallb-webhook-configuration",
    Array.from({ length: 6 }, (_, i) => {
      return { op: "add", path: `/webhooks/${i}/clientConfig/caBundle`, value: AUTHORITY };
    }),
  ),
  patch("service web --subresource=status", { status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } }),
  "kubectl annotate service web metallb.io/ip-allocated-from-pool=first",
];

/** What docs/migrate.md says in the first block of a section. */
function documented(section: string): readonly string[] {
  return commandsOf(blocksOf(readDocument("docs/migrate.md")).find((block) => block.section === section)!);
}

const STOP_CONTROLLER = documented("With Helm, one node after the other")[0]!;
const KEEP_FRR_K8S = documented("frr-k8s");

/** All in the lists of which the releases have something. */
const LISTS = [
  `deploy,ds,sa,svc,secret,cm,role,rolebinding,ipaddresspools,l2advertisements,bgppeers -n ${NAMESPACE}`,
  "crd,validatingwebhookconfiguration,clusterrole,clusterrolebinding",
];

/** Of another program, and part of the reference's release all the same. */
const FRR_K8S = ["DaemonSet/metallb-frr-k8s", "CustomResourceDefinition/frrconfigurations.frrk8s.metallb.io"];

describe.skipIf(requireOrSkip(["bin:kubectl-1.32"]).skip)("a release of MetalLB's chart", () => {
  let cluster: HelmCluster;

  beforeAll(async () => {
    cluster = await HelmCluster.start();
    const { kubectl } = cluster;
    await cluster.helm(
      "install",
      "metallb",
      REFERENCE_CHART,
      "--create-namespace",
      ...cluster.withValues(REFERENCE_VALUES),
    );
    const later = Object.entries(LATER).map(([key, body]) => manifest(key, body));
    await kubectl.ok("kubectl apply -f -", later.join("---\n"));
    for (const line of ADDED) await kubectl.ok(`${line} -n ${NAMESPACE}`);
  });

  afterAll(() => cluster?.close());

  test.each([
    {
      how: "an upgrade to ours",
      helmArgs: () => ["upgrade", "metallb", CHART, ...cluster.withValues(VALUES)],
      rendered: () => renderChart({ values: VALUES }),
      image: /^ghcr\.io\/metallb-ts\//,
    },
    {
      how: "the way back",
      helmArgs: () => ["rollback", "metallb", "1"],
      rendered: () => renderChart({ chart: REFERENCE_CHART, values: REFERENCE_VALUES }),
      image: /^quay\.io\/metallb\//,
    },
  ])("$how replaces what is the release's, and nothing else", async ({ helmArgs, rendered, image }) => {
    const before = await cluster.objects();
    await cluster.kubectl.ok(STOP_CONTROLLER);
    await cluster.helm(...helmArgs());
    const after = await cluster.objects();
    const release = byName(rendered());
    expect(after.get("Deployment/metallb-controller")!["spec"].replicas).toBe(1);

    expect([...after.keys()].toSorted()).toEqual([...release.keys(), ...Object.keys(LATER)].toSorted());
    for (const key of Object.keys(LATER)) expect(after.get(key)).toEqual(before.get(key));
    for (const [key, object] of before) {
      const successor = after.get(key);
      if (successor !== undefined) expect(keptOf(successor)).toEqual(keptOf(object));
    }
    const rules = (of: Objects): unknown => [...release.keys()].map((key) => [key, of.get(key)?.["rules"]]);
    expect(rules(after)).toEqual(rules(release));
    const containers = [...after.values()].flatMap(({ spec }) => spec?.template?.spec.containers ?? []);
    for (const container of containers) expect(container.image).toMatch(image);
  });

  test("an upgrade with the values that helm remembers of MetalLB's chart is refused", async () => {
    const { status, stderr } = await cluster.tryHelm("upgrade", "metallb", CHART, "--reuse-values");
    expect(status).not.toBe(0);
    expect(stderr).toContain("controller: replicas is required");
  });
});

test.skipIf(requireOrSkip(["bin:kubectl-1.32"]).skip)("frr-k8s stays when it is told to, there and back", async () => {
  const cluster = await HelmCluster.start();
  try {
    await cluster.helm("install", "metallb", REFERENCE_CHART, "--create-namespace");
    for (const line of KEEP_FRR_K8S) await cluster.kubectl.ok(line);
    const before = await cluster.objects();
    for (const chart of [CHART, REFERENCE_CHART]) {
      await cluster.helm("upgrade", "metallb", chart);
      const after = await cluster.objects();
      for (const key of FRR_K8S) expect(keptOf(after.get(key)!)).toEqual(keptOf(before.get(key)!));
    }
  } finally {
    await cluster.close();
  }
});

test.skipIf(requireOrSkip(["bin:kubectl-1.32"]).skip)(
  "our manifests go over MetalLB's, and those over ours",
  async () => {
    const cluster = await HelmCluster.start({ crds: customResourceDefinitions() });
    const { kubectl } = cluster;
    const files = ["manifests/metallb.yaml", "test/support/reference-manifests.yaml"].map((path) => join(ROOT, path));
    try {
      await kubectl.ok(`kubectl apply -f ${files[1]}`);
      await kubectl.ok("kubectl apply -f -", manifest("Secret/memberlist", LATER["Secret/metallb-memberlist"]));
      const before = await cluster.objects();
      for (const [i, file] of files.entries()) {
        await kubectl.ok(`kubectl apply -f ${file}`);
        const after = await cluster.objects();
        for (const [key, object] of before) expect(keptOf(after.get(key)!)).toEqual(keptOf(object));
        const { containers } = after.get("DaemonSet/speaker")!["spec"].template.spec;
        expect(containers.map(({ name }: { readonly name: string }) => name)).toEqual(
          i === 0 ? ["speaker"] : ["speaker", "frr"],
        );
      }
    } finally {
      await cluster.close();
    }
  },
);

type Objects = ReadonlyMap<string, Manifest>;

/** An API server with the tools that people have for it. */
class HelmCluster {
  readonly kubectl: Kubectl;
  readonly #server: ApiServer;
  readonly #folder = mkdtempSync(join(tmpdir(), "helm-migration-"));

  private constructor(server: ApiServer) {
    this.#server = server;
    this.kubectl = new Kubectl("1.32", server.kubeconfig());
    writeFileSync(join(this.#folder, "kubeconfig"), server.kubeconfig(), { mode: 0o600 });
  }

  static async start(options: ApiServerOptions = {}): Promise<HelmCluster> {
    return new HelmCluster(await startApiServer(options));
  }

  tryHelm(...args: readonly string[]): Promise<CommandResult> {
    return runHelm([...args, "--namespace", NAMESPACE], join(this.#folder, "kubeconfig"));
  }

  async helm(...args: readonly string[]): Promise<void> {
    const { status, stderr } = await this.tryHelm(...args);
    if (status !== 0) throw new Error(`helm ${args.join(" ")}: ${stderr}`);
  }

  /** Arguments for helm. */
  withValues(values: object): string[] {
    const file = join(this.#folder, "values.yaml");
    writeFileSync(file, JSON.stringify(values));
    return ["--values", file];
  }

  /** Objects of the release and of its users, without what helm remembers. */
  async objects(): Promise<Objects> {
    const texts = await Promise.all(LISTS.map((list) => this.kubectl.ok(`kubectl get ${list} -o json`)));
    const items = texts.flatMap((text) => (JSON.parse(text) as { readonly items: readonly Manifest[] }).items);
    return byName(items.filter(({ metadata }) => !metadata.name.startsWith("sh.helm.")));
  }

  async close(): Promise<void> {
    await this.#server.close();
    rmSync(this.#folder, { recursive: true });
  }
}

/** By `Kind/name`. */
function byName(manifests: readonly Manifest[]): Objects {
  return new Map(manifests.map((object) => [`${object.kind}/${object.metadata.name}`, object]));
}

/** What makes an object the same one as before, and what the controller has added to it. */
function keptOf({ kind, metadata, data, webhooks, spec }: Manifest): object {
  const { name, uid } = metadata as { readonly name: string; readonly uid?: string };
  const bundles = (webhooks as readonly { readonly clientConfig: { readonly caBundle?: string } }[] | undefined)?.map(
    ({ clientConfig }) => clientConfig.caBundle,
  );
  const conversionBundle: unknown = spec?.conversion?.webhook?.clientConfig.caBundle;
  return { kind, name, uid, bundles, conversionBundle, data: kind === "Secret" ? data : undefined };
}

function manifest(key: string, body: string): string {
  const [kind, name] = key.split("/");
  const custom = kind === "BGPPeer" ? "metallb.io/v1beta2" : "metallb.io/v1beta1";
  const apiVersion = kind === "Secret" || kind === "Service" ? "v1" : custom;
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${NAMESPACE} }\n${body}\n`;
}

function patch(what: string, body: object): string {
  return `kubectl patch ${what} --type=${Array.isArray(body) ? "json" : "merge"} -p '${JSON.stringify(body)}'`;
}
