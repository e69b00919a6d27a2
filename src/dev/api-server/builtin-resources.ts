import type { ServedResource, Subresource, Verb } from "./resources.ts";

const ALL: readonly Verb[] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const CREATE_ONLY: readonly Verb[] = ["create"];

interface Row {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly cluster?: true;
  readonly subresources?: readonly Subresource[];
  readonly verbs?: readonly Verb[];
}

const STATUS: readonly Subresource[] = ["status"];

/** What a real API server calls its kinds, as far as a load balancer, its chart and `kubectl` need them. */
const TABLE: readonly (readonly [groupVersion: string, rows: readonly Row[]])[] = [
  [
    "v1",
    [
      { kind: "ConfigMap", plural: "configmaps", shortNames: ["cm"] },
      { kind: "Endpoints", plural: "endpoints", shortNames: ["ep"] },
      { kind: "Event", plural: "events", shortNames: ["ev"] },
      {
        kind: "Namespace",
        plural: "namespaces",
        shortNames: ["ns"],
        cluster: true,
        subresources: ["finalize", "status"],
      },
      { kind: "Node", plural: "nodes", shortNames: ["no"], cluster: true, subresources: STATUS },
      {
        kind: "Pod",
        plural: "pods",
        shortNames: ["po"],
        categories: ["all"],
        subresources: ["eviction", "log", "proxy", "status"],
      },
      { kind: "Secret", plural: "secrets" },
      { kind: "ServiceAccount", plural: "serviceaccounts", shortNames: ["sa"], subresources: ["token"] },
      { kind: "Service", plural: "services", shortNames: ["svc"], categories: ["all"], subresources: STATUS },
    ],
  ],
  [
    "apps/v1",
    [
      {
        kind: "DaemonSet",
        plural: "daemonsets",
        shortNames: ["ds"],
        categories: ["all"],
        subresources: STATUS,
      },
      {
        kind: "Deployment",
        plural: "deployments",
        shortNames: ["deploy"],
        categories: ["all"],
        subresources: ["scale", "status"],
      },
      {
        kind: "ReplicaSet",
        plural: "replicasets",
        shortNames: ["rs"],
        categories: ["all"],
        subresources: ["scale", "status"],
      },
    ],
  ],
  ["events.k8s.io/v1", [{ kind: "Event", plural: "events", shortNames: ["ev"] }]],
  [
    "authentication.k8s.io/v1",
    [
      { kind: "SelfSubjectReview", plural: "selfsubjectreviews", cluster: true, verbs: CREATE_ONLY },
      { kind: "TokenReview", plural: "tokenreviews", cluster: true, verbs: CREATE_ONLY },
    ],
  ],
  [
    "authorization.k8s.io/v1",
    [
      { kind: "SelfSubjectAccessReview", plural: "selfsubjectaccessreviews", cluster: true, verbs: CREATE_ONLY },
      { kind: "SelfSubjectRulesReview", plural: "selfsubjectrulesreviews", cluster: true, verbs: CREATE_ONLY },
      { kind: "SubjectAccessReview", plural: "subjectaccessreviews", cluster: true, verbs: CREATE_ONLY },
    ],
  ],
  ["networking.k8s.io/v1", [{ kind: "NetworkPolicy", plural: "networkpolicies", shortNames: ["netpol"] }]],
  [
    "policy/v1",
    [{ kind: "PodDisruptionBudget", plural: "poddisruptionbudgets", shortNames: ["pdb"], subresources: STATUS }],
  ],
  [
    "rbac.authorization.k8s.io/v1",
    [
      { kind: "ClusterRoleBinding", plural: "clusterrolebindings", cluster: true },
      { kind: "ClusterRole", plural: "clusterroles", cluster: true },
      { kind: "RoleBinding", plural: "rolebindings" },
      { kind: "Role", plural: "roles" },
    ],
  ],
  [
    "admissionregistration.k8s.io/v1",
    [
      {
        kind: "MutatingWebhookConfiguration",
        plural: "mutatingwebhookconfigurations",
        categories: ["api-extensions"],
        cluster: true,
      },
      {
        kind: "ValidatingWebhookConfiguration",
        plural: "validatingwebhookconfigurations",
        categories: ["api-extensions"],
        cluster: true,
      },
    ],
  ],
  [
    "apiextensions.k8s.io/v1",
    [
      {
        kind: "CustomResourceDefinition",
        plural: "customresourcedefinitions",
        shortNames: ["crd", "crds"],
        categories: ["api-extensions"],
        cluster: true,
        subresources: STATUS,
      },
    ],
  ],
  ["scheduling.k8s.io/v1", [{ kind: "PriorityClass", plural: "priorityclasses", shortNames: ["pc"], cluster: true }]],
  ["coordination.k8s.io/v1", [{ kind: "Lease", plural: "leases" }]],
  ["discovery.k8s.io/v1", [{ kind: "EndpointSlice", plural: "endpointslices" }]],
];

function served(groupVersion: string, row: Row): ServedResource {
  const [first, second] = groupVersion.split("/") as [string, string?];
  return {
    group: second === undefined ? "" : first,
    version: second ?? first,
    plural: row.plural,
    singular: row.kind.toLowerCase(),
    kind: row.kind,
    listKind: `${row.kind}List`,
    namespaced: row.cluster !== true,
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    verbs: row.verbs ?? ALL,
    subresources: row.subresources ?? [],
    custom: false,
  };
}

export const BUILTIN_RESOURCES: readonly ServedResource[] = TABLE.flatMap(([groupVersion, rows]) =>
  rows.map((row) => served(groupVersion, row)),
);
