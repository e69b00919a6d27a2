import type { KubeObject } from "../ports/kube.ts";
import { fieldsOf, itemsOf, textOf } from "./fields.ts";

/** What its writer keeps of a ConfigurationState. */
export interface ConfigurationStateView {
  readonly resourceVersion: string;
  readonly result: string;
  readonly errorSummary: string;
  /** Of the writer's one condition; "" when it is not there. */
  readonly conditionStatus: string;
  readonly conditionMessage: string;
  readonly lastTransitionTime: string;
}

const LONGEST = 1_048_576;

/** `condition` is the type of the writer's condition. Never throws. */
export function projectConfigurationState(object: KubeObject, condition: string): ConfigurationStateView {
  const status = fieldsOf(object["status"]);
  const ours = itemsOf(status["conditions"], 100)
    .map(fieldsOf)
    .find(({ type }) => type === condition);
  return {
    resourceVersion: textOf(fieldsOf(object.metadata)["resourceVersion"]) ?? "",
    result: textOf(status["result"]) ?? "",
    errorSummary: textOf(status["errorSummary"], LONGEST) ?? "",
    conditionStatus: textOf(ours?.["status"]) ?? "",
    conditionMessage: textOf(ours?.["message"], LONGEST) ?? "",
    lastTransitionTime: textOf(ours?.["lastTransitionTime"]) ?? "",
  };
}
