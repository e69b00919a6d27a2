import { serviceAccountUser, type User } from "../auth.ts";
import { type Attributes, isPath } from "./attributes.ts";
import type { Binding, Policy, Subject } from "./policy.ts";
import { RBAC_GROUP } from "./policy.ts";
import type { PolicyRule } from "./policy-rule.ts";
import { ruleAllows } from "./policy-rule.ts";

/** What was decided, and why as far as there is something to say. */
export interface Decision {
  readonly allowed: boolean;
  /** "" when nothing allows it, which is the usual reason. */
  readonly reason: string;
}

/** A rule that a user has, and by which binding; or a binding to a role that isn't there. */
type Grant = { readonly rule: PolicyRule; readonly by: string } | { readonly missing: string };

/** Decides as Kubernetes' RBAC authorizer does. Pure. */
export function decideByPolicy(policy: Policy, user: User, attributes: Attributes): Decision {
  const missing: string[] = [];
  for (const grant of grantsOf(policy, user, isPath(attributes) ? "" : attributes.namespace)) {
    if ("missing" in grant) missing.push(grant.missing);
    else if (ruleAllows(grant.rule, attributes)) return { allowed: true, reason: `RBAC: allowed by ${grant.by}` };
  }
  return { allowed: false, reason: missing.length === 0 ? "" : `RBAC: ${inOne(missing)}` };
}

/** Everything that a user may do in a namespace and at the cluster scope. */
export interface UserRules {
  readonly rules: readonly PolicyRule[];
  /** Bindings that could not be followed; "" when there are none. */
  readonly problem: string;
}

export function rulesForUser(policy: Policy, user: User, namespace: string): UserRules {
  const grants = [...grantsOf(policy, user, namespace)];
  const missing = grants.flatMap((grant) => ("missing" in grant ? [grant.missing] : []));
  return {
    rules: grants.flatMap((grant) => ("missing" in grant ? [] : [grant.rule])),
    problem: missing.length === 0 ? "" : inOne(missing),
  };
}

/** Several errors in one line, as Kubernetes writes them. */
function inOne(problems: readonly string[]): string {
  const [first = "", ...others] = new Set(problems);
  return others.length === 0 ? first : `[${[first, ...others].join(", ")}]`;
}

/** `namespace` "" is the cluster scope, where RoleBindings count for nothing. */
function* grantsOf(policy: Policy, user: User, namespace: string): Generator<Grant> {
  for (const binding of policy.clusterBindings) yield* grantsBy(policy, user, binding, "");
  if (namespace === "") return;
  for (const binding of policy.bindings.get(namespace) ?? []) yield* grantsBy(policy, user, binding, namespace);
}

function* grantsBy(policy: Policy, user: User, binding: Binding, namespace: string): Generator<Grant> {
  const subject = binding.subjects.find((each) => isMeant(user, each, namespace));
  if (subject === undefined) return;
  const { kind, name } = binding.roleRef;
  const rules = kind === "ClusterRole" ? policy.clusterRoles.get(name) : policy.roles.get(`${namespace}/${name}`);
  if (rules === undefined) return yield { missing: `${kind.toLowerCase()}.${RBAC_GROUP} "${name}" not found` };
  const by = describe(binding, subject, namespace);
  for (const rule of rules) yield { rule, by };
}

function isMeant(user: User, subject: Subject, bindingNamespace: string): boolean {
  const { kind, name } = subject;
  if (kind === "User") return user.username === name;
  if (kind === "Group") return user.groups.includes(name);
  const namespace = subject.namespace || bindingNamespace;
  return (
    kind === "ServiceAccount" && namespace !== "" && user.username === serviceAccountUser(namespace, name).username
  );
}

function describe({ name, roleRef }: Binding, subject: Subject, namespace: string): string {
  const [kind, place] = namespace === "" ? ["ClusterRoleBinding", ""] : ["RoleBinding", `/${namespace}`];
  const where = subject.kind === "ServiceAccount" ? `/${subject.namespace || namespace}` : "";
  const whose = `${subject.kind} "${subject.name}${where}"`;
  return `${kind} "${name}${place}" of ${roleRef.kind} "${roleRef.name}" to ${whose}`;
}
