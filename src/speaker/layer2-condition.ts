import type { ServiceCondition, ServiceView } from "../config/service.ts";
import type { NobodyReport } from "./no-announcer.ts";

/** Condition type by which the speakers say that no node can announce a Service on layer 2; absent when one can. */
export const LAYER2_CONDITION = "metallb.io/Layer2Announced";

/** Whether a Service shows our condition. */
export function showsCondition({ conditions }: ServiceView): boolean {
  return conditions.some(({ type }) => type === LAYER2_CONDITION);
}

/**
 * A merge patch (RFC 7386) for the status subresource after which the Service shows the report, or nothing if there is
 * none; undefined when it does already. Such a patch replaces the whole list, so others' conditions are in it, and it
 * names the version that they are from. `now` is RFC 3339.
 */
export function conditionPatch(
  service: ServiceView,
  report: NobodyReport | undefined,
  now: string,
): object | undefined {
  const old = service.conditions.find(({ type }) => type === LAYER2_CONDITION);
  const wanted = report === undefined ? undefined : conditionFor(report, old, now);
  if (saysTheSame(old, wanted)) return undefined;
  const others = service.conditions.filter(({ type }) => type !== LAYER2_CONDITION);
  const conditions = wanted === undefined ? others : [...others, wanted];
  return {
    metadata: { resourceVersion: service.resourceVersion },
    status: { conditions: conditions.length === 0 ? null : conditions },
  };
}

function saysTheSame(a: ServiceCondition | undefined, b: ServiceCondition | undefined): boolean {
  return a?.status === b?.status && a?.reason === b?.reason && a?.message === b?.message;
}

function conditionFor(
  { reason, message }: NobodyReport,
  old: ServiceCondition | undefined,
  now: string,
): ServiceCondition {
  const lastTransitionTime = old?.status === "False" ? old.lastTransitionTime : now;
  return { type: LAYER2_CONDITION, status: "False", reason: conditionReason(reason), message, lastTransitionTime };
}

/** Kubernetes writes reasons of conditions in CamelCase. */
function conditionReason(code: string): string {
  return code.charAt(0).toUpperCase() + code.slice(1);
}
