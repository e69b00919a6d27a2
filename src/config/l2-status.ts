import type { KubeObject } from "../ports/kube.ts";
import { fieldsOf, itemsOf, textOf } from "./fields.ts";
import type { ServiceStatusView } from "./service-status.ts";
import { projectServiceStatus } from "./service-status.ts";

/** What a speaker keeps of a ServiceL2Status. */
export interface L2StatusView extends ServiceStatusView {
  /** Undefined: not limited to some interfaces. */
  readonly interfaces: readonly string[] | undefined;
}

const MOST_INTERFACES = 4096;

/** Never throws. */
export function projectL2Status(object: KubeObject): L2StatusView {
  const { interfaces } = fieldsOf(object["status"]);
  const names = itemsOf(interfaces, MOST_INTERFACES).map((item) => textOf(fieldsOf(item)["name"]) ?? "");
  return { ...projectServiceStatus(object), interfaces: interfaces === undefined ? undefined : names };
}
