import { projectConfigurationState } from "../../config/configuration-state.ts";
import { fieldsOf, textOf } from "../../config/fields.ts";
import type { KubeObject } from "../../ports/kube.ts";

/** What a process says about the configuration: a ConfigurationState. */
export interface ReportedState {
  /** `controller`, or `speaker-<node>`. */
  readonly name: string;
  /** `Valid`, `Invalid` or `Unknown`. */
  readonly result: string;
  readonly errorSummary: string;
}

/** Who leads among the controllers, as the Lease says. */
export interface LeadershipView {
  /** "": nobody. */
  readonly holder: string;
  /** RFC 3339. */
  readonly renewed: string;
  /** For how long after that it counts. */
  readonly seconds: number;
}

/** Never throws. */
export function projectReportedState(object: KubeObject): ReportedState {
  const { result, errorSummary } = projectConfigurationState(object, "");
  return { name: textOf(object.metadata.name) ?? "", result: result || "Unknown", errorSummary };
}

/** Never throws. */
export function projectLeadership(object: KubeObject): LeadershipView {
  const spec = fieldsOf(object["spec"]);
  const seconds = spec["leaseDurationSeconds"];
  return {
    holder: textOf(spec["holderIdentity"]) ?? "",
    renewed: textOf(spec["renewTime"]) ?? "",
    seconds: typeof seconds === "number" ? seconds : 0,
  };
}
