import { duplicateValue, forbiddenValue, invalidValue, requiredValue, unsupportedValue } from "../field-errors.ts";
import { dnsSubdomain } from "../names.ts";
import type { Json } from "../objects.ts";
import { isRecord, records, strings, text } from "../objects.ts";
import type { FieldError } from "../status.ts";
import type { Strategy } from "../strategy.ts";
import { DEFAULT_STRATEGY } from "../strategy.ts";
import { defaultWebhookClient, validateWebhookClient } from "./webhook-client.ts";

const TIMEOUT_S = 10;
const MAX_TIMEOUT_S = 30;

/** ValidatingWebhookConfigurations and MutatingWebhookConfigurations. */
export function webhookConfigurationStrategy(kind: "validating" | "mutating"): Strategy {
  return {
    ...DEFAULT_STRATEGY,
    generation: true,
    defaults: (next) => {
      for (const webhook of records(next["webhooks"])) {
        defaultWebhook(webhook);
        if (kind === "mutating") webhook["reinvocationPolicy"] ??= "Never";
      }
    },
    validate: (next) => {
      const names = new Set<string>();
      return records(next["webhooks"]).flatMap((webhook, i) => {
        const name = text(webhook["name"]);
        const twice = kind === "validating" && names.has(name) ? [duplicateValue(`webhooks[${i}].name`, name)] : [];
        names.add(name);
        return [...twice, ...validateWebhook(webhook, `webhooks[${i}]`)];
      });
    },
  };
}

function defaultWebhook(webhook: Json): void {
  webhook["failurePolicy"] ??= "Fail";
  webhook["matchPolicy"] ??= "Equivalent";
  webhook["namespaceSelector"] ??= {};
  webhook["objectSelector"] ??= {};
  webhook["timeoutSeconds"] ??= TIMEOUT_S;
  for (const rule of records(webhook["rules"])) rule["scope"] ??= "*";
  if (isRecord(webhook["clientConfig"])) defaultWebhookClient(webhook["clientConfig"]);
}

function validateWebhook(webhook: Json, path: string): FieldError[] {
  const { name, timeoutSeconds, failurePolicy, matchPolicy, sideEffects, matchConditions } = webhook;
  const errors: FieldError[] = [];
  if (dnsSubdomain(text(name)).length > 0 || text(name).split(".").length < 3) {
    const why = "should be a domain with at least three segments separated by dots";
    errors.push(invalidValue(`${path}.name`, name ?? "", why));
  }
  const timeout = Number(timeoutSeconds);
  if (!(timeout >= 1 && timeout <= MAX_TIMEOUT_S)) {
    const why = `the timeout value must be between 1 and ${MAX_TIMEOUT_S} seconds`;
    errors.push(invalidValue(`${path}.timeoutSeconds`, timeoutSeconds, why));
  }
  if (matchConditions !== undefined) {
    const why = "this development server does not evaluate them: remove them, or select by rules and selectors";
    errors.push(forbiddenValue(`${path}.matchConditions`, why));
  }
  return [
    ...errors,
    ...oneOf(failurePolicy, ["Fail", "Ignore"], `${path}.failurePolicy`),
    ...oneOf(matchPolicy, ["Equivalent", "Exact"], `${path}.matchPolicy`),
    ...(sideEffects === undefined
      ? [requiredValue(`${path}.sideEffects`, "must specify one of None, NoneOnDryRun")]
      : oneOf(sideEffects, ["None", "NoneOnDryRun"], `${path}.sideEffects`)),
    ...validateReviewVersions(webhook["admissionReviewVersions"], `${path}.admissionReviewVersions`),
    ...validateWebhookClient(webhook["clientConfig"], `${path}.clientConfig`),
    ...records(webhook["rules"]).flatMap((rule, i) => validateRule(rule, `${path}.rules[${i}]`)),
  ];
}

/** Which versions of a review a webhook understands; it must be one of ours. */
export function validateReviewVersions(value: unknown, path: string): FieldError[] {
  const versions = strings(value);
  if (versions.length === 0) return [requiredValue(path, "must specify one of v1, v1beta1")];
  if (versions.includes("v1") || versions.includes("v1beta1")) return [];
  return [invalidValue(path, versions, "must include at least one of v1, v1beta1")];
}

function oneOf(value: unknown, allowed: readonly string[], path: string): FieldError[] {
  return allowed.includes(text(value)) ? [] : [unsupportedValue(path, value, allowed)];
}

function validateRule(rule: Json, path: string): FieldError[] {
  const lists = ["operations", "apiGroups", "apiVersions", "resources"];
  return [
    ...lists.filter((list) => strings(rule[list]).length === 0).map((list) => requiredValue(`${path}.${list}`)),
    ...strings(rule["operations"]).flatMap((operation, i) =>
      oneOf(operation, ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"], `${path}.operations[${i}]`),
    ),
    ...oneOf(rule["scope"], ["*", "Cluster", "Namespaced"], `${path}.scope`),
  ];
}
