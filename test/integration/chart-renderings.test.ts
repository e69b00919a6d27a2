import { describe, expect, test } from "vitest";
import { distinct, renderAllValues, workloads } from "../support/chart-renderings.ts";
import type { Manifest } from "../support/helm.ts";
import { manifestOf, renderChart } from "../support/helm.ts";
import { schemaProblem } from "../support/kubernetes-schemas.ts";
import type { KubernetesTypes } from "../support/kubernetes-types.ts";
import { typeProblems } from "../support/kubernetes-types.ts";

const renderings = renderAllValues();
const manifests = distinct(renderings);
const VERSIONS: readonly KubernetesTypes[] = ["1.30", "newest"];

const COMPONENT = "app.kubernetes.io/component";

/** Of these, kubernetes-types lacks the fields that Go's types inline. */
const INCOMPLETE = new Set(["CustomResourceDefinition", "ValidatingWebhookConfiguration"]);

describe.each(VERSIONS)("by the types of Kubernetes %s", (version) => {
  const known = version === "newest" ? manifests : manifests.filter(({ kind }) => !INCOMPLETE.has(kind));

  test("every manifest of every values file is right", () => {
    expect(known.length).toBeGreaterThan(50);
    expect(typeProblems(known, version)).toEqual([]);
  });

  test("mistakes would be found: unknown, missing and wrong fields, of deep ones, too", () => {
    const broken = [
      altered("Deployment", ({ metadata }) => (metadata.lables = {})),
      altered("Deployment", ({ spec }) => (spec.selector.matchLabels.app = 1)),
      altered("Deployment", ({ spec }) => (spec.template.spec.serviceAcountName = "typo")),
      altered("Deployment", ({ spec }) => delete spec.template.spec.containers[0].name),
      altered("DaemonSet", ({ spec }) => (spec.template.spec.containers[0].ports[0].containerPort = "9120")),
      altered("DaemonSet", ({ spec }) => (spec.template.spec.containers[0].livenessProbe.httpGet.path = null)),
      altered("DaemonSet", ({ spec }) => (spec.template.spec.volumes[0].secret.default = 256)),
      altered("Service", ({ spec }) => (spec.ports[0].targetport = 9443)),
    ];
    const found = typeProblems(broken, version);
    expect(found.map((problem) => problem.split(":")[0])).toEqual(broken.map(({ kind }) => kind));
  });
});

describe("by the schemas of the newest Kubernetes and of the Prometheus Operator", () => {
  test("every value of every manifest is right", async () => {
    const problems = await Promise.all(manifests.map(schemaProblem));
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });

  test("mistakes would be found", async () => {
    const monitor = structuredClone(manifests.find(({ kind }) => kind === "PodMonitor")!);
    monitor["spec"].podMetricsEndpoints[0].interval = "often";
    expect(await schemaProblem(monitor)).toContain("interval must match pattern");
    const deployment = altered("Deployment", ({ spec }) => (spec.replicas = 1.5));
    expect(await schemaProblem(deployment)).toContain("replicas must be integer");
  });
});

// oxlint-disable-next-line typescript/no-explicit-any -- it is made wrong
function altered(kind: string, alter: (manifest: any) => void): Manifest {
  const usual = renderings.find(({ name }) => name === "default")!;
  const manifest = structuredClone(usual.manifests.find((each) => each.kind === kind)!);
  alter(manifest);
  return manifest;
}

describe.each(renderings)("with $name-values.yaml", ({ manifests: rendered }) => {
  test("no object is there twice, and names and labels are no longer than Kubernetes allows", () => {
    const ids = rendered.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { metadata } of rendered) {
      expect(metadata.name.length).toBeLessThanOrEqual(253);
      for (const value of Object.values(metadata.labels ?? {})) expect(value.length).toBeLessThanOrEqual(63);
    }
  });

  test("all namespaced objects are in the release's namespace, and have the common labels", () => {
    for (const { metadata } of rendered) {
      if (metadata.namespace !== undefined) expect(metadata.namespace).toBe("metallb-system");
      expect(metadata.labels).toMatchObject({
        "app.kubernetes.io/instance": "metallb",
        "app.kubernetes.io/managed-by": "Helm",
      });
    }
  });

  test("selectors select the Pods of their own workload", () => {
    for (const { spec } of workloads(rendered)) {
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    }
  });

  test("what Pods refer to is there", () => {
    const accounts = rendered.filter(({ kind }) => kind === "ServiceAccount").map(({ metadata }) => metadata.name);
    for (const { spec } of workloads(rendered)) {
      const pod = spec.template.spec;
      const volumes = (pod.volumes ?? []).map(({ name }: { name: string }) => name) as string[];
      const mounts = pod.containers.flatMap(({ volumeMounts = [] }) => volumeMounts) as { name: string }[];
      expect(new Set(volumes).size).toBe(volumes.length);
      expect(new Set(mounts.map(({ name }) => name))).toEqual(new Set(volumes));
      expect([...accounts, "default", "my-controller"]).toContain(pod.serviceAccountName);
    }
  });

  test("Pods are as safe as they can be, and no other Pod gets their token", () => {
    const ours = rendered.filter(({ kind, metadata }) => kind === "ServiceAccount" && metadata.labels?.[COMPONENT]);
    for (const account of ours) expect(account["automountServiceAccountToken"]).toBe(false);
    for (const { kind, spec } of workloads(rendered)) {
      const { containers, hostPID, hostIPC, shareProcessNamespace, ...pod } = spec.template.spec;
      const speaker = kind === "DaemonSet";
      expect([hostPID, hostIPC, shareProcessNamespace]).toEqual([undefined, undefined, undefined]);
      expect(pod.automountServiceAccountToken).toBe(true);
      expect(pod.hostNetwork).toBe(speaker ? true : undefined);
      expect(pod.securityContext.seccompProfile.type).toMatch(/^(RuntimeDefault|Unconfined)$/);
      expect(containers[0].securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      const added: readonly string[] = containers[0].securityContext.capabilities.add ?? [];
      expect(added.filter((each) => each !== "NET_BIND_SERVICE")).toEqual(speaker ? ["NET_RAW"] : []);
    }
  });
});

test("the values files are many", () => {
  expect(renderings.length).toBeGreaterThanOrEqual(15);
});

test.each([
  ["edge", "edge-metallb"],
  ["my-metallb", "my-metallb"],
  ["7", "7-metallb"],
])("a release %s in another namespace is called %s", (release, fullname) => {
  const other = renderChart({ release, namespace: "balancers" });
  expect(manifestOf(other, "Deployment", `${fullname}-controller`).metadata.namespace).toBe("balancers");
  expect(manifestOf(other, "DaemonSet", `${fullname}-speaker`)["spec"].selector.matchLabels).toEqual({
    "app.kubernetes.io/name": "metallb",
    "app.kubernetes.io/instance": release,
    "app.kubernetes.io/component": "speaker",
  });
});
