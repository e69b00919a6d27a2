import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { manifestFiles } from "../../scripts/generate-manifests.ts";
import { type ApiServer, startApiServer } from "../../src/dev/api-server/server.ts";
import { parseManifests } from "../support/helm.ts";
import { Kubectl } from "../support/kubectl.ts";
import { requireOrSkip } from "../support/requirements.ts";

const MANIFESTS = resolve(import.meta.dirname, "../../manifests");

test("the manifests are what scripts/generate-manifests.ts writes", () => {
  const generated = manifestFiles();
  const read = (name: string): readonly [string, string] => [name, readFileSync(join(MANIFESTS, name), "utf8")];
  expect(new Map([...generated.keys()].map(read))).toEqual(generated);
  expect(readdirSync(MANIFESTS).toSorted()).toEqual([...generated.keys(), "kustomization.yaml"].toSorted());
});

test("the names, labels and selectors are those of MetalLB's own manifests", () => {
  const manifests = parseManifests(manifestFiles().get("metallb.yaml")!);
  const names = new Set(manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  for (const name of [
    "Namespace/metallb-system",
    "Deployment/controller",
    "DaemonSet/speaker",
    "ServiceAccount/controller",
    "ServiceAccount/speaker",
    "ClusterRole/metallb-system:controller",
    "ClusterRole/metallb-system:speaker",
    "Secret/metallb-webhook-cert",
  ]) {
    expect(names).toContain(name);
  }
  for (const { kind, spec } of manifests.filter((manifest) => ["Deployment", "DaemonSet"].includes(manifest.kind))) {
    const labels = { app: "metallb", component: kind === "Deployment" ? "controller" : "speaker" };
    expect(spec).toMatchObject({ selector: { matchLabels: labels }, template: { metadata: { labels } } });
  }
  expect(JSON.stringify(manifests)).not.toMatch(/app\.kubernetes\.io|helm\.sh|Helm/);
});

test("what Prometheus needs is beside them, and finds the Pods by labels that they have", () => {
  const [base, monitored] = ["metallb.yaml", "prometheus.yaml"].map((name) =>
    parseManifests(manifestFiles().get(name)!),
  );
  expect(monitored!.map(({ kind }) => kind).toSorted()).toEqual(
    [
      "ClusterRole",
      "ClusterRoleBinding",
      "PodMonitor",
      "PodMonitor",
      "PrometheusRule",
      "Role",
      "RoleBinding",
      "Secret",
    ].concat("ServiceAccount"),
  );
  for (const { spec } of monitored!.filter(({ kind }) => kind === "PodMonitor")) {
    const selected = base!.filter((manifest) => {
      const labels = manifest["spec"]?.template?.metadata?.labels as Readonly<Record<string, string>> | undefined;
      const wanted = Object.entries(spec.selector.matchLabels as Readonly<Record<string, string>>);
      return labels?.[spec.jobLabel] === "metallb" && wanted.every(([name, value]) => labels[name] === value);
    });
    expect(selected).toHaveLength(1);
  }
  expect(JSON.stringify(monitored)).toContain('job=~\\"metallb\\"');
  expect(JSON.stringify(monitored)).not.toMatch(/app\.kubernetes\.io|helm\.sh|Helm/);
});

const kubectls = ["1.32", "1.36"] as const;

describe.skipIf(requireOrSkip(kubectls.map((version) => `bin:kubectl-${version}` as const)).skip).each(kubectls)(
  "kubectl %s",
  (version) => {
    let server: ApiServer;
    let kubectl: Kubectl;

    beforeAll(async () => {
      server = await startApiServer({ crds: [] });
      kubectl = new Kubectl(version, server.kubeconfig());
    });
    afterAll(() => server.close());

    test("builds them as they are, takes them strictly, and the second time changes nothing", async () => {
      const built = parseManifests(await kubectl.ok(`kubectl kustomize ${MANIFESTS}`));
      const written = parseManifests(manifestFiles().get("metallb.yaml")!);
      expect(new Set(built.map((manifest) => JSON.stringify(sorted(manifest))))).toEqual(
        new Set(written.map((manifest) => JSON.stringify(sorted(manifest)))),
      );
      const apply = `kubectl apply --validate=strict -k ${MANIFESTS}`;
      expect(lines(await kubectl.ok(apply)).every((line) => line.endsWith(" created"))).toBe(true);
      expect(lines(await kubectl.ok(apply)).filter((line) => !line.endsWith(" unchanged"))).toEqual([]);
    });
  },
);

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** The same value with its keys in order: kustomize sorts them. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
