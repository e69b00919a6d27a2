import { type Attributes, isPath, type PathAttributes, resourceWithSubresource } from "./attributes.ts";
import type { ResourceAttributes } from "./attributes.ts";

/** One rule of a Role or ClusterRole: rbac.authorization.k8s.io/v1 PolicyRule. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** Empty: all of them. */
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

const ALL = "*";

/** Whether a rule allows something. Rules only ever allow; nothing is denied by one. */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!holds(rule.verbs, attributes.verb)) return false;
  return isPath(attributes) ? pathAllowed(rule, attributes) : resourceAllowed(rule, attributes);
}

function holds(values: readonly string[], value: string): boolean {
  return values.includes(ALL) || values.includes(value);
}

function pathAllowed({ nonResourceURLs }: PolicyRule, { path }: PathAttributes): boolean {
  return nonResourceURLs.some((url) => url === path || (url.endsWith(ALL) && path.startsWith(url.slice(0, -1))));
}

function resourceAllowed({ apiGroups, resources, resourceNames }: PolicyRule, attributes: ResourceAttributes): boolean {
  const { group, subresource, name } = attributes;
  const anyWithSubresource = subresource !== "" && resources.includes(`${ALL}/${subresource}`);
  return (
    holds(apiGroups, group) &&
    (anyWithSubresource || holds(resources, resourceWithSubresource(attributes))) &&
    (resourceNames.length === 0 || resourceNames.includes(name))
  );
}
