import { selects } from "../label-selector.ts";
import type { ApiObject, Json } from "../objects.ts";
import { records, strings } from "../objects.ts";
import type { Definition } from "../registry.ts";
import type { Change } from "../rest/change.ts";

/** Reads the labels of a namespace; undefined when there is none of that name. */
export type NamespaceLabels = (name: string) => Readonly<Record<string, string>> | undefined;

const CONFIGURATIONS: ReadonlySet<string> = new Set([
  "validatingwebhookconfigurations.admissionregistration.k8s.io",
  "mutatingwebhookconfigurations.admissionregistration.k8s.io",
]);

/** Whether no webhook is ever asked: one that refuses to be configured could not be repaired. */
export function isExempt({ definition }: Change): boolean {
  return CONFIGURATIONS.has(definition.table);
}

/**
 * As which resource a webhook wants to see a change: the one that was asked for if a rule names it, else with
 * `matchPolicy: Equivalent` another version of it that a rule names. Undefined when it doesn't want to see it at all.
 */
export function seenAs(webhook: Json, change: Change, versions: readonly Definition[]): Definition | undefined {
  const rules = records(webhook["rules"]);
  const { definition } = change;
  if (rules.some((rule) => ruleMatches(rule, change, definition))) return definition;
  if (webhook["matchPolicy"] === "Exact") return undefined;
  const others = versions.filter((other) => other !== definition);
  const pairs = rules.flatMap((rule) => others.map((other) => ({ rule, other })));
  return pairs.find(({ rule, other }) => ruleMatches(rule, change, other))?.other;
}

function ruleMatches(rule: Json, change: Change, { served }: Definition): boolean {
  return (
    includes(rule["operations"], change.operation) &&
    includes(rule["apiGroups"], served.group) &&
    includes(rule["apiVersions"], served.version) &&
    scopeMatches(rule["scope"], served.namespaced) &&
    strings(rule["resources"]).some((resource) => resourceMatches(resource, served.plural, change.subresource))
  );
}

function includes(list: unknown, wanted: string): boolean {
  return strings(list).some((item) => item === "*" || item === wanted);
}

function scopeMatches(scope: unknown, namespaced: boolean): boolean {
  return scope === "Namespaced" ? namespaced : scope !== "Cluster" || !namespaced;
}

/** `pods` is the object alone, `pods/*` its subresources and itself, `*` all objects, and `*` twice is everything. */
function resourceMatches(pattern: string, plural: string, subresource: string): boolean {
  const [resource = "", sub = ""] = pattern.split("/", 2);
  return (resource === "*" || resource === plural) && (sub === "*" || sub === subresource);
}

/** Whether both selectors of a webhook let a change through. */
export function selected(webhook: Json, change: Change, labelsOf: NamespaceLabels): boolean {
  const { object, old } = change;
  if (!namespaceSelected(webhook["namespaceSelector"], change, labelsOf)) return false;
  return [object, old].some((state) => state !== undefined && selects(webhook["objectSelector"], labels(state)));
}

/** Things without a namespace are not subject to namespaceSelector; a namespace is itself what is selected. */
function namespaceSelected(selector: unknown, change: Change, labelsOf: NamespaceLabels): boolean {
  const { definition, namespace, name, object } = change;
  if (definition.table === "namespaces") {
    return selects(selector, object === undefined ? (labelsOf(name) ?? {}) : labels(object));
  }
  return namespace === "" || selects(selector, labelsOf(namespace) ?? {});
}

function labels(object: ApiObject): Readonly<Record<string, string>> {
  return object.metadata.labels ?? {};
}
