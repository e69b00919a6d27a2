import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { ApiServerLab } from "../support/api-server-lab.ts";
import { startApiServerLab } from "../support/api-server-lab.ts";
import { Kubectl } from "../support/kubectl.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { WebhookServer } from "../support/webhook-server.ts";

/** What admission and leader election need of kinds, each with the line that `kubectl get` prints. */
const KINDS = [
  {
    resource: "leases",
    name: "leader",
    table: /^NAME +HOLDER +AGE\nleader +me +\S+\n$/,
    manifest: {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      spec: { holderIdentity: "me", leaseDurationSeconds: 15, renewTime: "2026-11-21T15:00:01.123456Z" },
    },
  },
  {
    resource: "secrets",
    name: "certificate",
    table: /^NAME +TYPE +DATA +AGE\ncertificate +Opaque +1 +\S+\n$/,
    manifest: { apiVersion: "v1", kind: "Secret", stringData: { "tls.key": "x" } },
  },
  {
    resource: "deployments",
    name: "controller",
    table: /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\ncontroller +0\/1 +0 +0 +\S+\n$/,
    manifest: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      spec: {
        selector: { matchLabels: { app: "x" } },
        template: { metadata: { labels: { app: "x" } }, spec: { containers: [{ name: "x", image: "x" }] } },
      },
    },
  },
  {
    resource: "validatingwebhookconfigurations",
    name: "hooks",
    table: /^NAME +WEBHOOKS +AGE\nhooks +1 +\S+\n$/,
    manifest: {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      webhooks: [
        {
          name: "a.b.c",
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          clientConfig: { service: { name: "x", namespace: "default" } },
          rules: [{ operations: ["CREATE"], apiGroups: ["x.io"], apiVersions: ["v1"], resources: ["things"] }],
        },
      ],
    },
  },
  {
    resource: "customresourcedefinitions",
    name: "things.example.org",
    table: /^NAME +CREATED AT\nthings\.example\.org +\S+Z\n$/,
    manifest: {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      spec: {
        group: "example.org",
        scope: "Namespaced",
        names: { kind: "Thing", plural: "things" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
      },
    },
  },
];

describe.skipIf(requireOrSkip(["bin:kubectl-1.36"]).skip)("kubectl 1.36", () => {
  let lab: ApiServerLab;
  let hook: WebhookServer;
  let kubectl: Kubectl;

  beforeAll(async () => {
    hook = await WebhookServer.start(["hooks.default.svc"]);
    lab = await startApiServerLab({ services: { "default/hooks": hook.url } });
    kubectl = new Kubectl("1.36", lab.server.kubeconfig());
  });

  afterAll(async () => {
    await lab.close();
    await hook.close();
  });

  test.each(KINDS)("does to $resource all it can", async ({ resource, name, table, manifest }) => {
    const yaml = stringify({ ...manifest, metadata: { name } });
    await kubectl.ok("kubectl create -f -", yaml);
    expect(await kubectl.ok(`kubectl get ${resource} ${name}`)).toMatch(table);
    const patches = [
      `--type=json -p '[{"op":"add","path":"/metadata/labels","value":{"json":"yes"}}]'`,
      `--type=merge -p '{"metadata":{"labels":{"merge":"yes"}}}'`,
      `-p '{"metadata":{"labels":{"strategic":"yes"}}}'`,
    ];
    for (const patch of patches) await kubectl.ok(`kubectl patch ${resource} ${name} ${patch}`);
    await kubectl.ok("kubectl apply --server-side --force-conflicts -f -", yaml);
    await kubectl.ok(`kubectl get ${resource} ${name} -o json | kubectl replace -f -`);
    const labels = await kubectl.ok(`kubectl get ${resource} ${name} -o jsonpath='{.metadata.labels}'`);
    expect(JSON.parse(labels)).toEqual({ json: "yes", merge: "yes", strategic: "yes" });
    await kubectl.ok(`kubectl delete ${resource} ${name}`);
    expect((await kubectl.run(`kubectl get ${resource} ${name}`)).stderr).toContain("not found");
  });

  test("prints why a webhook refuses, what it warns of, and that it can't be reached", async () => {
    const service = { name: "hooks", namespace: "default" };
    const webhook = {
      name: "pools.example.org",
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
      clientConfig: { service, caBundle: hook.caBundle },
      rules: [
        { operations: ["*"], apiGroups: ["metallb.io"], apiVersions: ["v1beta1"], resources: ["ipaddresspools"] },
      ],
    };
    const configuration = { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingWebhookConfiguration" };
    await kubectl.ok(
      "kubectl create -f -",
      stringify({ ...configuration, metadata: { name: "x" }, webhooks: [webhook] }),
    );
    const pool = stringify({
      apiVersion: "metallb.io/v1beta1",
      kind: "IPAddressPool",
      metadata: { name: "p", namespace: "metallb-system" },
      spec: { addresses: ["192.0.2.0/24", "2001:db8::/64"] },
    });
    hook.handler = () => ({ allowed: false, warnings: ["mind this"], status: { code: 403, message: "overlaps" } });
    const denied = await kubectl.run("kubectl apply -f -", pool);
    expect(denied.stderr).toBe(
      'Warning: mind this\nError from server: error when creating "STDIN": admission webhook "pools.example.org" denied the request: overlaps\n',
    );
    lab.server.routeService("default/hooks", "https://127.0.0.1:1");
    const unreachable = await kubectl.run("kubectl apply -f -", pool);
    expect(unreachable.stderr).toBe(
      'Error from server (InternalError): error when creating "STDIN": Internal error occurred: failed calling webhook "pools.example.org": failed to call webhook: Post "https://hooks.default.svc:443/?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused\n',
    );
  });
});
