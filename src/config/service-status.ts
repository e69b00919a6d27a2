import type { KubeObject, ObjectKey } from "../ports/kube.ts";
import { fieldsOf, itemsOf, textOf } from "./fields.ts";

/** Labels by which a ServiceL2Status or ServiceBGPStatus says what it is about. */
export const STATUS_LABELS = {
  node: "metallb.io/node",
  serviceName: "metallb.io/service-name",
  serviceNamespace: "metallb.io/service-namespace",
} as const;

/** What a speaker keeps of a status object that says how a node announces a Service, whatever the protocol. */
export interface ServiceStatusView {
  readonly name: string;
  readonly resourceVersion: string;
  /** Of the Service, from the labels. */
  readonly service: ObjectKey;
  /** From the labels. */
  readonly node: string;
  /** uid of the owning Pod; "" when nobody owns it. */
  readonly owner: string;
  /** Whether the status was written. */
  readonly written: boolean;
}

/** Never throws. */
export function projectServiceStatus(object: KubeObject): ServiceStatusView {
  const metadata = fieldsOf(object.metadata);
  const labels = fieldsOf(metadata["labels"]);
  const namespace = textOf(labels[STATUS_LABELS.serviceNamespace]) ?? "";
  return {
    name: textOf(metadata["name"]) ?? "",
    resourceVersion: textOf(metadata["resourceVersion"]) ?? "",
    service: `${namespace}/${textOf(labels[STATUS_LABELS.serviceName]) ?? ""}`,
    node: textOf(labels[STATUS_LABELS.node]) ?? "",
    owner: textOf(fieldsOf(itemsOf(metadata["ownerReferences"], 1)[0])["uid"]) ?? "",
    written: textOf(fieldsOf(object["status"])["node"]) !== undefined,
  };
}
