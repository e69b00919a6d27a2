import type { Json } from "../objects.ts";
import { record, records, strings, text } from "../objects.ts";
import type { PolicyRule } from "./policy-rule.ts";

export const RBAC_GROUP = "rbac.authorization.k8s.io";

export interface Subject {
  readonly kind: string;
  readonly name: string;
  /** Of service accounts; "" is that of the binding. */
  readonly namespace: string;
}

/** A RoleBinding, or a ClusterRoleBinding. */
export interface Binding {
  readonly name: string;
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly Subject[];
}

/** All roles and bindings of a cluster. */
export interface Policy {
  readonly clusterRoles: ReadonlyMap<string, readonly PolicyRule[]>;
  /** By `namespace/name`. */
  readonly roles: ReadonlyMap<string, readonly PolicyRule[]>;
  readonly clusterBindings: readonly Binding[];
  /** By namespace. */
  readonly bindings: ReadonlyMap<string, readonly Binding[]>;
}

/** Reads the policy out of objects, in their order; those of other kinds play no part. Never throws. */
export function policyOf(objects: Iterable<Json>): Policy {
  const clusterRoles = new Map<string, readonly PolicyRule[]>();
  const roles = new Map<string, readonly PolicyRule[]>();
  const clusterBindings: Binding[] = [];
  const bindings = new Map<string, Binding[]>();
  for (const object of objects) {
    const metadata = record(object["metadata"]);
    const [name, namespace] = [text(metadata["name"]), text(metadata["namespace"])];
    switch (object["kind"]) {
      case "ClusterRole":
        clusterRoles.set(name, rulesOf(object));
        break;
      case "Role":
        roles.set(`${namespace}/${name}`, rulesOf(object));
        break;
      case "ClusterRoleBinding":
        clusterBindings.push(bindingOf(name, object));
        break;
      case "RoleBinding":
        bindings.set(namespace, [...(bindings.get(namespace) ?? []), bindingOf(name, object)]);
        break;
    }
  }
  return { clusterRoles, roles, clusterBindings, bindings };
}

/** The rules of a Role or ClusterRole. */
function rulesOf(role: Json): readonly PolicyRule[] {
  return records(role["rules"]).map((rule) => ({
    verbs: strings(rule["verbs"]),
    apiGroups: strings(rule["apiGroups"]),
    resources: strings(rule["resources"]),
    resourceNames: strings(rule["resourceNames"]),
    nonResourceURLs: strings(rule["nonResourceURLs"]),
  }));
}

function bindingOf(name: string, object: Json): Binding {
  const { kind, name: role } = record(object["roleRef"]);
  return {
    name,
    roleRef: { kind: text(kind), name: text(role) },
    subjects: records(object["subjects"]).map((subject) => ({
      kind: text(subject["kind"]),
      name: text(subject["name"]),
      namespace: text(subject["namespace"]),
    })),
  };
}
