import { describe, expect, test } from "vitest";
import { CONTROLLER_FLAGS, SPEAKER_FLAGS } from "../../src/cli/flags.ts";
import { CONTROLLER_ACCEPTED_FLAGS } from "../../src/controller/flags.ts";
import { startApiServer } from "../../src/dev/api-server/server.ts";
import { SPEAKER_ACCEPTED_FLAGS } from "../../src/speaker/flags.ts";
import { distinct, renderAllValues, workloads } from "../support/chart-renderings.ts";
import type { Manifest } from "../support/helm.ts";
import { manifestOf, renderChart } from "../support/helm.ts";
import type { CommandResult } from "../support/kubectl.ts";
import { Kubectl } from "../support/kubectl.ts";
import { schemaProblem } from "../support/kubernetes-schemas.ts";
import type { KubernetesTypes } from "../support/kubernetes-types.ts";
import { typeProblems } from "../support/kubernetes-types.ts";
import { prometheusOperatorCrds } from "../support/operator-crds.ts";
import { requireOrSkip } from "../support/requirements.ts";

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

describe.skipIf(requireOrSkip(["bin:kubectl-1.36"]).skip)("by kubectl 1.36 and an API server", () => {
  test("every manifest is accepted, and no field of it is unknown", async () => {
    const server = await startApiServer({ crds: prometheusOperatorCrds() });
    try {
      const kubectl = new Kubectl("1.36", server.kubeconfig());
      await kubectl.ok("kubectl create namespace metallb-system");
      const apply = (objects: readonly object[]): Promise<CommandResult> =>
        kubectl.run("kubectl apply --dry-run=server --validate=strict -f -", documents(objects));
      const { status, stdout, stderr } = await apply(manifests);
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout.trim().split("\n")).toHaveLength(manifests.length);
      const typo = altered("DaemonSet", ({ spec }) => (spec.template.spec.hostNetwrok = true));
      expect((await apply([typo])).stderr).toContain('unknown field "spec.template.spec.hostNetwrok"');
    } finally {
      await server.close();
    }
  });
});

const documents = (objects: readonly object[]): string =>
  objects.map((object) => JSON.stringify(object)).join("\n---\n");

// oxlint-disable-next-line typescript/no-explicit-any -- it is made wrong
function altered(kind: string, alter: (manifest: any) => void): Manifest {
  const usual = renderings.find(({ name }) => name === "default")!;
  const manifest = structuredClone(usual.manifests.find((each) => each.kind === kind)!);
  alter(manifest);
  return manifest;
}

test("no Pod is given a flag that its process doesn't have", () => {
  const known = {
    controller: [...CONTROLLER_FLAGS.map(({ name }) => name), ...Object.keys(CONTROLLER_ACCEPTED_FLAGS)],
    speaker: [...SPEAKER_FLAGS.map(({ name }) => name), ...Object.keys(SPEAKER_ACCEPTED_FLAGS)],
  };
  for (const { spec } of workloads(manifests)) {
    const { name, args } = spec.template.spec.containers[0] as { name: keyof typeof known; args: string[] };
    const flags = args.map((arg) => /^--([a-z0-9-]+)(=.+)?$/.exec(arg)![1]!);
    expect(flags.filter((flag) => !known[name].includes(flag))).toEqual([]);
  }
});

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
