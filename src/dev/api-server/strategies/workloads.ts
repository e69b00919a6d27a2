import { forbiddenValue, invalidValue, requiredValue } from "../field-errors.ts";
import type { ApiObject, Json } from "../objects.ts";
import { at, cloneJson, equalJson, record } from "../objects.ts";
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

const DEPLOYMENT_STRATEGY: Json = {
  type: "RollingUpdate",
  rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" },
};
const DAEMON_SET_STRATEGY: Json = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } };

export const REPLICA_SET_DEFAULTS: Json = { replicas: 1 };
export const DEPLOYMENT_DEFAULTS: Json = {
  replicas: 1,
  strategy: DEPLOYMENT_STRATEGY,
  revisionHistoryLimit: 10,
  progressDeadlineSeconds: 600,
};
export const DAEMON_SET_DEFAULTS: Json = { updateStrategy: DAEMON_SET_STRATEGY, revisionHistoryLimit: 10 };

/** The parameters of a rolling update that says no more than its type. */
function fillRollingUpdate(spec: Json, defaults: Json): void {
  for (const field of ["strategy", "updateStrategy"]) {
    const strategy = record(spec[field]);
    if (strategy["type"] !== "RollingUpdate") continue;
    strategy["rollingUpdate"] = {
      ...record(at(defaults[field], "rollingUpdate")),
      ...record(strategy["rollingUpdate"]),
    };
  }
}

/** Deployments, ReplicaSets and DaemonSets: stored with the defaults of their specification. */
export function workloadStrategy(defaults: Json): Strategy {
  return {
    ...DEFAULT_STRATEGY,
    generation: true,
    defaults: (next) => {
      const spec = record(next["spec"]);
      for (const [field, value] of Object.entries(cloneJson(defaults))) spec[field] ??= value;
      fillRollingUpdate(spec, defaults);
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
