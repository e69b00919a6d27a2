import type { KubeObject } from "../ports/kube.ts";
import { fieldsOf, itemsOf, textMapOf, textOf } from "./fields.ts";
import type { Labels } from "./selector.ts";

export interface NodeView {
  readonly name: string;
  readonly labels: Labels;
  /** The condition NetworkUnavailable is True. A missing or Unknown condition is not. */
  readonly networkUnavailable: boolean;
}

/** A node with this label, whatever its value, takes no traffic for Services. */
export const EXCLUDE_LABEL = "node.kubernetes.io/exclude-from-external-load-balancers";

export function projectNode(object: KubeObject): NodeView {
  const metadata = fieldsOf(object.metadata);
  const conditions = itemsOf(fieldsOf(object["status"])["conditions"], 1000).map(fieldsOf);
  return {
    name: textOf(metadata["name"]) ?? "",
    labels: textMapOf(metadata["labels"]),
    networkUnavailable: conditions.some(
      (condition) => condition["type"] === "NetworkUnavailable" && condition["status"] === "True",
    ),
  };
}
