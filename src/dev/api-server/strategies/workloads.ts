import { forbiddenValue, invalidValue, requiredValue } from "../field-errors.ts";
import type { ApiObject } from "../objects.ts";
import { at, equalJson, record } from "../objects.ts";
import type { FieldError } from "../status.ts";
import type { Strategy } from "../strategy.ts";
import { DEFAULT_STRATEGY } from "../strategy.ts";
import { defaultPodSpec } from "./pod.ts";

function validateSelector(next: ApiObject, old: ApiObject | undefined): FieldError[] {
  const spec = record(next["spec"]);
  const selector = record(spec["selector"]);
  if (Object.keys(selector).length === 0) return [requiredValue("spec.selector")];
  const labels = record(at(spec["template"], "metadata", "labels"));
  const wanted = Object.entries(record(selector["matchLabels"]));
  if (wanted.some(([key, value]) => labels[key] !== value)) {
    return [invalidValue("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")];
  }
  if (old !== undefined && !equalJson(selector, at(old["spec"], "selector"))) {
    return [invalidValue("spec.selector", selector, "field is immutable")];
  }
  return [];
}

/** Deployments and DaemonSets: stored with their defaults. Nothing runs their pods. */
export function workloadStrategy(replicated: boolean): Strategy {
  return {
    ...DEFAULT_STRATEGY,
    generation: true,
    defaults: (next) => {
      const spec = record(next["spec"]);
      if (replicated) spec["replicas"] ??= 1;
      defaultPodSpec(record(at(spec["template"], "spec")));
    },
    prepare: (next, old) => {
      if (old === undefined) next["status"] = {};
    },
    validate: validateSelector,
  };
}

/** Secrets: `stringData` is written into `data`, and an immutable one stays as it is. */
export const SECRETS: Strategy = {
  ...DEFAULT_STRATEGY,
  fieldLabels: { type: (object) => String(object["type"]) },
  defaults: (next) => {
    next["type"] ??= "Opaque";
    const plain = Object.entries(record(next["stringData"]));
    if (plain.length > 0) {
      const encoded = plain.map(([key, value]) => [key, Buffer.from(String(value)).toString("base64")]);
      next["data"] = { ...record(next["data"]), ...Object.fromEntries(encoded) };
    }
    delete next["stringData"];
  },
  validate: (next, old) => {
    if (old?.["immutable"] !== true || equalJson(next["data"], old["data"])) return [];
    return [forbiddenValue("data", "field is immutable when `immutable` is set")];
  },
};

/** Leases, Endpoints and others that PUT may create. */
export const CREATED_ON_UPDATE: Strategy = { ...DEFAULT_STRATEGY, createOnUpdate: true };
