import type { ConfigurationStateView } from "../config/configuration-state.ts";

/** A condition's message has room for this many characters. */
const MESSAGE_LENGTH = 32_768;

/**
 * The status of a ConfigurationState after an attempt to use the configuration; undefined when `existing` says so
 * already. `type` is the writer's condition type, `now` is in RFC 3339.
 */
export function planConfigState(
  type: string,
  errors: readonly string[],
  existing: ConfigurationStateView | undefined,
  now: string,
): object | undefined {
  const valid = errors.length === 0;
  const wanted = {
    result: valid ? "Valid" : "Invalid",
    errorSummary: valid ? "" : `configuration error: ${errors.join("\n")}`.slice(0, MESSAGE_LENGTH),
    conditionStatus: valid ? "True" : "False",
  };
  if (existing !== undefined && isThere(wanted, existing)) return undefined;
  const { result, errorSummary, conditionStatus } = wanted;
  const condition = {
    type,
    status: conditionStatus,
    reason: valid ? "Reconciled" : "ConfigurationError",
    message: errorSummary,
    lastTransitionTime: transitionTime(conditionStatus, existing, now),
  };
  return { result, errorSummary, conditions: [condition] };
}

type Wanted = Pick<ConfigurationStateView, "result" | "errorSummary" | "conditionStatus">;

function isThere({ result, errorSummary, conditionStatus }: Wanted, existing: ConfigurationStateView): boolean {
  const texts = existing.errorSummary === errorSummary && existing.conditionMessage === errorSummary;
  return texts && existing.result === result && existing.conditionStatus === conditionStatus;
}

function transitionTime(status: string, existing: ConfigurationStateView | undefined, now: string): string {
  return (existing?.conditionStatus === status && existing.lastTransitionTime) || now;
}
