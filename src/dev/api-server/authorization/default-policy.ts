import type { Json } from "../objects.ts";
import { RBAC_GROUP } from "./policy.ts";

const VERSION = `${RBAC_GROUP}/v1`;
const BOOTSTRAPPING = {
  labels: { "kubernetes.io/bootstrapping": "rbac-defaults" },
  annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
};

const READ = ["get", "list", "watch"];
const HEALTH_PATHS = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
const DISCOVERY_PATHS = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", ...HEALTH_PATHS];

function core(resources: readonly string[], verbs: readonly string[]): Json {
  return { apiGroups: [""], resources, verbs };
}

/** Roles that a new cluster has and its clients rely on, by name. */
const ROLES: Readonly<Record<string, readonly Json[]>> = {
  "cluster-admin": [
    { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
    { nonResourceURLs: ["*"], verbs: ["*"] },
  ],
  "system:public-info-viewer": [{ nonResourceURLs: HEALTH_PATHS, verbs: ["get"] }],
  "system:discovery": [{ nonResourceURLs: DISCOVERY_PATHS, verbs: ["get"] }],
  "system:basic-user": [
    {
      apiGroups: ["authorization.k8s.io"],
      resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
      verbs: ["create"],
    },
    { apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"], verbs: ["create"] },
  ],
  "system:auth-delegator": [
    { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
    { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
  ],
  "system:node": [
    core(["services", "secrets", "configmaps"], READ),
    core(["nodes"], [...READ, "create", "update", "patch"]),
    core(["pods"], [...READ, "create", "delete"]),
    core(["nodes/status", "pods/status"], ["update", "patch"]),
    core(["pods/eviction", "serviceaccounts/token"], ["create"]),
    core(["events"], ["create", "update", "patch"]),
    { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
    { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
    {
      apiGroups: ["coordination.k8s.io"],
      resources: ["leases"],
      verbs: ["get", "create", "update", "patch", "delete"],
    },
  ],
  "system:node-proxier": [
    core(["services", "endpoints"], ["list", "watch"]),
    core(["nodes"], READ),
    core(["events"], ["create", "update", "patch"]),
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
  ],
};

/**
 * The groups that have them. There is no Node authorizer here, which elsewhere keeps a kubelet to the objects of its own
 * Pods: nodes have their role as a group, as in clusters before there was one, and kube-proxy's with it.
 */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "cluster-admin": ["system:masters"],
  "system:public-info-viewer": ["system:authenticated", "system:unauthenticated"],
  "system:discovery": ["system:authenticated"],
  "system:basic-user": ["system:authenticated"],
  "system:node": ["system:nodes"],
  "system:node-proxier": ["system:nodes"],
};

/** What a new cluster's RBAC begins with. */
export function defaultPolicy(): readonly Json[] {
  return [
    ...Object.entries(ROLES).map(([name, rules]) => ({
      apiVersion: VERSION,
      kind: "ClusterRole",
      metadata: { name, ...BOOTSTRAPPING },
      rules,
    })),
    ...Object.entries(GROUPS).map(([name, groups]) => ({
      apiVersion: VERSION,
      kind: "ClusterRoleBinding",
      metadata: { name, ...BOOTSTRAPPING },
      roleRef: { apiGroup: RBAC_GROUP, kind: "ClusterRole", name },
      subjects: groups.map((group) => ({ apiGroup: RBAC_GROUP, kind: "Group", name: group })),
    })),
  ];
}
