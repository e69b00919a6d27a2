import { RBAC_GROUP } from "../authorization/policy.ts";
import { invalidValue, requiredValue, unsupportedValue } from "../field-errors.ts";
import { dnsSubdomain, pathSegment } from "../names.ts";
import type { ApiObject, Json } from "../objects.ts";
import { equalJson, record, records, strings, text } from "../objects.ts";
import type { FieldError } from "../status.ts";
import type { Strategy } from "../strategy.ts";
import { DEFAULT_STRATEGY } from "../strategy.ts";

const BASE: Strategy = { ...DEFAULT_STRATEGY, nameRule: pathSegment, createOnUpdate: true };

/** Roles and ClusterRoles. Whether their author has what they grant is not asked: there is no check of escalation here. */
export function roleStrategy(namespaced: boolean): Strategy {
  return {
    ...BASE,
    validate: (next) => records(next["rules"]).flatMap((rule, i) => validateRule(rule, `rules[${i}]`, namespaced)),
  };
}

/** RoleBindings and ClusterRoleBindings. What they bind to never changes: that would be another binding. */
export function roleBindingStrategy(namespaced: boolean): Strategy {
  return {
    ...BASE,
    defaults: (next) => {
      const roleRef = record(next["roleRef"]);
      roleRef["apiGroup"] ||= RBAC_GROUP;
      for (const subject of records(next["subjects"])) {
        if (subject["kind"] !== "ServiceAccount") subject["apiGroup"] ||= RBAC_GROUP;
      }
    },
    validate: (next, old) => [
      ...validateRoleRef(record(next["roleRef"]), namespaced),
      ...records(next["subjects"]).flatMap((subject, i) => validateSubject(subject, `subjects[${i}]`, namespaced)),
      ...validateSameRole(next, old),
    ],
  };
}

function validateRule(rule: Json, path: string, namespaced: boolean): FieldError[] {
  const has = (field: string): boolean => strings(rule[field]).length > 0;
  const errors = has("verbs") ? [] : [requiredValue(`${path}.verbs`, "verbs must contain at least one value")];
  if (has("nonResourceURLs")) return [...errors, ...validatePaths(rule, `${path}.nonResourceURLs`, namespaced)];
  if (!has("apiGroups")) {
    errors.push(requiredValue(`${path}.apiGroups`, "resource rules must supply at least one api group"));
  }
  if (!has("resources")) {
    errors.push(requiredValue(`${path}.resources`, "resource rules must supply at least one resource"));
  }
  return errors;
}

function validatePaths(rule: Json, path: string, namespaced: boolean): FieldError[] {
  const urls = rule["nonResourceURLs"];
  const mixed = ["apiGroups", "resources", "resourceNames"].some((field) => strings(rule[field]).length > 0);
  return [
    ...(namespaced ? [invalidValue(path, urls, "namespaced rules cannot apply to non-resource URLs")] : []),
    ...(mixed ? [invalidValue(path, urls, "rules cannot apply to both regular resources and non-resource URLs")] : []),
  ];
}

function validateRoleRef({ apiGroup, kind, name }: Json, namespaced: boolean): FieldError[] {
  const kinds = namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
  return [
    ...(apiGroup === RBAC_GROUP ? [] : [unsupportedValue("roleRef.apiGroup", apiGroup, [RBAC_GROUP])]),
    ...(kinds.includes(text(kind)) ? [] : [unsupportedValue("roleRef.kind", text(kind), kinds)]),
    ...(text(name) === "" ? [requiredValue("roleRef.name")] : []),
    ...pathSegment(text(name)).map((why) => invalidValue("roleRef.name", name, why)),
  ];
}

function validateSameRole(next: ApiObject, old: ApiObject | undefined): FieldError[] {
  if (old === undefined || equalJson(next["roleRef"], old["roleRef"])) return [];
  return [invalidValue("roleRef", next["roleRef"], "cannot change roleRef")];
}

function validateSubject(subject: Json, path: string, namespaced: boolean): FieldError[] {
  const kind = text(subject["kind"]);
  const nameless = text(subject["name"]) === "" ? [requiredValue(`${path}.name`)] : [];
  if (kind === "ServiceAccount") return [...nameless, ...validateServiceAccount(subject, path, namespaced)];
  if (kind !== "User" && kind !== "Group") {
    return [...nameless, unsupportedValue(`${path}.kind`, kind, ["ServiceAccount", "User", "Group"])];
  }
  if (subject["apiGroup"] === RBAC_GROUP) return nameless;
  return [...nameless, unsupportedValue(`${path}.apiGroup`, subject["apiGroup"], [RBAC_GROUP])];
}

function validateServiceAccount({ apiGroup, name, namespace }: Json, path: string, namespaced: boolean): FieldError[] {
  const wrongName = text(name) === "" ? [] : dnsSubdomain(text(name));
  return [
    ...wrongName.map((why) => invalidValue(`${path}.name`, name, why)),
    ...(text(apiGroup) === "" ? [] : [unsupportedValue(`${path}.apiGroup`, apiGroup, [""])]),
    ...(namespaced || text(namespace) !== "" ? [] : [requiredValue(`${path}.namespace`)]),
  ];
}
