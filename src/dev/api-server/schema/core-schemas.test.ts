import { describe, expect, test } from "vitest";
import { BUILTIN_RESOURCES } from "../builtin-resources.ts";
import { apiVersionOf } from "../resources.ts";
import { coreSchema } from "./core-schemas.ts";
import { applyDefaults } from "./defaults.ts";
import { withEmptyStructs } from "./empty-structs.ts";
import { memberSchema } from "./structural.ts";
import type { StructuralSchema } from "./structural.ts";
import { validateStructural } from "./validate.ts";

function at(apiVersion: string, kind: string, ...path: readonly string[]): StructuralSchema | undefined {
  return path.reduce<StructuralSchema | undefined>(
    (schema, key) => (key === "[]" ? schema?.items : schema === undefined ? undefined : memberSchema(schema, key)),
    coreSchema(apiVersion, kind),
  );
}

describe("schemas of built-in kinds", () => {
  test.each(BUILTIN_RESOURCES.map((resource) => [apiVersionOf(resource), resource.kind]))(
    "%s %s has one",
    (apiVersion, kind) => {
      const schema = coreSchema(apiVersion, kind);
      expect(Object.keys(schema?.properties ?? {})).toEqual(expect.arrayContaining(["apiVersion", "kind"]));
    },
  );

  test.each([
    ["metallb.io/v1beta1", "IPAddressPool"],
    ["v1", "NoSuchKind"],
    ["constructor", "Object"],
  ])("%s %s has none", (apiVersion, kind) => {
    expect(coreSchema(apiVersion, kind)).toBeUndefined();
  });

  test.each<[string, string, string[], StructuralSchema]>([
    ["v1", "Service", ["spec", "ports", "[]", "port"], { type: "integer", format: "int32" }],
    ["v1", "Service", ["spec", "ports", "[]", "targetPort"], { "x-kubernetes-int-or-string": true }],
    ["v1", "Service", ["spec", "ports", "[]", "protocol"], { default: "TCP" }],
    ["v1", "Service", ["spec", "selector"], { "x-kubernetes-map-type": "atomic" }],
    [
      "v1",
      "Service",
      ["metadata", "finalizers"],
      { "x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge" },
    ],
    ["v1", "Service", ["metadata", "ownerReferences"], { "x-kubernetes-patch-merge-key": "uid" }],
    ["v1", "Service", ["status", "conditions"], { "x-kubernetes-patch-merge-key": "type" }],
    ["v1", "Node", ["status", "addresses"], { "x-kubernetes-patch-merge-key": "type" }],
    ["v1", "Pod", ["spec", "containers", "[]", "env"], { "x-kubernetes-patch-merge-key": "name" }],
    ["v1", "Pod", ["spec", "volumes", "[]", "secret", "secretName"], { type: "string" }],
    ["v1", "Pod", ["spec", "tolerations"], { "x-kubernetes-list-type": "atomic" }],
    ["v1", "Secret", ["data", "any"], { type: "string", format: "byte" }],
    ["discovery.k8s.io/v1", "EndpointSlice", ["endpoints", "[]", "conditions", "ready"], { type: "boolean" }],
    ["coordination.k8s.io/v1", "Lease", ["spec", "renewTime"], { type: "string", format: "date-time" }],
    [
      "admissionregistration.k8s.io/v1",
      "ValidatingWebhookConfiguration",
      ["webhooks", "[]", "rules", "[]", "operations"],
      { type: "array" },
    ],
    [
      "networking.k8s.io/v1",
      "NetworkPolicy",
      ["spec", "ingress", "[]", "from", "[]", "ipBlock", "cidr"],
      { type: "string" },
    ],
    ["rbac.authorization.k8s.io/v1", "ClusterRole", ["rules", "[]", "verbs"], { type: "array" }],
    ["policy/v1", "PodDisruptionBudget", ["spec", "minAvailable"], { "x-kubernetes-int-or-string": true }],
    ["authorization.k8s.io/v1", "SubjectAccessReview", ["spec", "extra", "k", "[]"], { type: "string" }],
  ])("%s %s %j", (apiVersion, kind, path, want) => {
    expect(at(apiVersion, kind, ...path)).toMatchObject(want);
  });

  test("a Service as a real server stores it is valid, v4 and v6", () => {
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "s", creationTimestamp: "2026-11-21T10:12:09Z" },
      spec: {
        type: "LoadBalancer",
        clusterIPs: ["10.96.0.10", "fd00:96::a"],
        ports: [
          { port: 80, targetPort: 80 },
          { port: 443, targetPort: "https", protocol: "UDP" },
        ],
      },
      status: { loadBalancer: { ingress: [{ ip: "fd00::1", ipMode: "VIP" }] } },
    };
    const schema = coreSchema("v1", "Service")!;
    applyDefaults(schema, service);
    expect(service.spec.ports.map((port) => port.protocol)).toEqual(["TCP", "UDP"]);
    expect(validateStructural(schema, service)).toEqual([]);
  });

  test("quantities may be numbers, times may not", () => {
    const node = { metadata: { creationTimestamp: 5 }, status: { capacity: { cpu: 2, memory: "4Gi" } } };
    expect(validateStructural(coreSchema("v1", "Node")!, node).map(({ field }) => field)).toEqual([
      "metadata.creationTimestamp",
    ]);
  });

  test("Go's empty structs", () => {
    expect(withEmptyStructs("v1", "Service", { metadata: { name: "s" } })).toEqual({
      metadata: { name: "s" },
      spec: {},
      status: { loadBalancer: {} },
    });
    const pod = { spec: { containers: [{ name: "c" }] } };
    expect(withEmptyStructs("v1", "Pod", pod)).toMatchObject({ spec: { containers: [{ name: "c", resources: {} }] } });
    expect(withEmptyStructs("metallb.io/v1beta1", "IPAddressPool", pod)).toBe(pod);
  });
});
