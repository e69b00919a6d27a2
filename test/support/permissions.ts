/** Roles of a rendered chart, split into what each allows one by one. */
import type { AccessRecord } from "../../src/dev/api-server/authorization/gate.ts";
import { type Policy, policyOf } from "../../src/dev/api-server/authorization/policy.ts";
import type { PolicyRule } from "../../src/dev/api-server/authorization/policy-rule.ts";
import { decideByPolicy } from "../../src/dev/api-server/authorization/rbac.ts";
import type { Json } from "../../src/dev/api-server/objects.ts";
import type { Manifest } from "./helm.ts";

const ROLES = ["ClusterRole", "Role"];

/** The least that a rule can allow: one verb on one resource, of one name if it is limited to names. */
export interface Permission {
  /** `Role metallb-controller: get leases.coordination.k8s.io "metallb-controller"` */
  readonly text: string;
  readonly role: Manifest;
  readonly rule: PolicyRule;
}

/** All permissions of the roles among `manifests`. */
export function permissionsOf(manifests: readonly Manifest[]): readonly Permission[] {
  return manifests
    .filter(({ kind }) => ROLES.includes(kind))
    .flatMap((role) => (role["rules"] as Partial<PolicyRule>[]).flatMap((rule) => permissionsIn(role, rule)));
}

function permissionsIn(role: Manifest, rule: Partial<PolicyRule>): Permission[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const where = `${role.kind} ${role.metadata.name}`;
  const nothing = { apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };
  const names = resourceNames.length === 0 ? [[]] : resourceNames.map((name) => [name]);
  return verbs.flatMap((verb) => [
    ...nonResourceURLs.map((url) => ({
      text: `${where}: ${verb} ${url}`,
      role,
      rule: { ...nothing, verbs: [verb], nonResourceURLs: [url] },
    })),
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        names.map((name) => ({
          text: `${where}: ${verb} ${resource}${group === "" ? "" : `.${group}`}${name.map((each) => ` "${each}"`).join("")}`,
          role,
          rule: { ...nothing, verbs: [verb], apiGroups: [group], resources: [resource], resourceNames: name },
        })),
      ),
    ),
  ]);
}

/** The policy of `manifests` when its roles allow nothing but `permissions`. */
function policyWith(manifests: readonly Manifest[], permissions: readonly Permission[]): Policy {
  const objects = manifests.map((manifest): Json => {
    if (!ROLES.includes(manifest.kind)) return { ...manifest };
    const rules = permissions.filter(({ role }) => role === manifest).map(({ rule }) => rule);
    return { ...manifest, rules };
  });
  return policyOf(objects);
}

/** The rules of a role that allow all of `permissions` that are its own but `taken`. */
export function rulesWithout(role: Manifest, permissions: readonly Permission[], taken: Permission): readonly object[] {
  const rules = permissions.filter((permission) => permission.role === role && permission !== taken);
  return rules.map(({ rule }) => Object.fromEntries(Object.entries(rule).filter(([, values]) => values.length > 0)));
}

/** Permissions without which everything in `journal` that the roles allow would still be allowed. */
export function unneeded(manifests: readonly Manifest[], journal: readonly AccessRecord[]): readonly string[] {
  const permissions = permissionsOf(manifests);
  const all = policyWith(manifests, permissions);
  const allowed = distinct(journal).filter(({ user, attributes }) => decideByPolicy(all, user, attributes).allowed);
  return permissions
    .filter((permission) => {
      const without = policyWith(
        manifests,
        permissions.filter((other) => other !== permission),
      );
      return allowed.every(({ user, attributes }) => decideByPolicy(without, user, attributes).allowed);
    })
    .map(({ text }) => text);
}

/** What was asked by the same user is looked at once. */
function distinct(journal: readonly AccessRecord[]): readonly AccessRecord[] {
  const byText = new Map(
    journal.map((record) => [JSON.stringify([record.user.username, record.attributes]), record] as const),
  );
  return [...byText.values()];
}
