import { requiredValue } from "../field-errors.ts";
import type { ApiObject, Json } from "../objects.ts";
import { at, record, records, text } from "../objects.ts";
import type { FieldError } from "../status.ts";
import type { Strategy } from "../strategy.ts";
import { DEFAULT_STRATEGY } from "../strategy.ts";

const POD_DEFAULTS: Json = {
  restartPolicy: "Always",
  terminationGracePeriodSeconds: 30,
  dnsPolicy: "ClusterFirst",
  schedulerName: "default-scheduler",
  enableServiceLinks: true,
  serviceAccountName: "default",
};

const CONTAINER_DEFAULTS: Json = {
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
  imagePullPolicy: "IfNotPresent",
};

function fill(target: Json, defaults: Json): void {
  for (const [field, value] of Object.entries(defaults)) target[field] ??= value;
}

/** Defaults of a pod's or a pod template's specification. */
export function defaultPodSpec(spec: Json): void {
  fill(spec, POD_DEFAULTS);
  spec["securityContext"] ??= {};
  for (const container of [...records(spec["containers"]), ...records(spec["initContainers"])]) {
    fill(container, CONTAINER_DEFAULTS);
    container["resources"] ??= {};
    for (const port of records(container["ports"])) port["protocol"] ??= "TCP";
  }
}

function validatePod(object: ApiObject): FieldError[] {
  const containers = records(at(object["spec"], "containers"));
  if (containers.length === 0) return [requiredValue("spec.containers")];
  return containers.flatMap((container, i) =>
    text(container["name"]) === "" ? [requiredValue(`spec.containers[${i}].name`)] : [],
  );
}

/** Pods. Nothing runs them: whoever plays the kubelet writes their status. Deleting one removes it at once. */
export const PODS: Strategy = {
  ...DEFAULT_STRATEGY,
  deleteReturnsObject: true,
  fieldLabels: {
    "spec.nodeName": (object) => text(at(object["spec"], "nodeName")),
    "spec.serviceAccountName": (object) => text(at(object["spec"], "serviceAccountName")),
    "status.phase": (object) => text(at(object["status"], "phase")),
    "status.podIP": (object) => text(at(object["status"], "podIP")),
  },
  defaults: (next) => defaultPodSpec(record(next["spec"])),
  prepare: (next, old) => {
    if (old === undefined) next["status"] = { phase: "Pending", qosClass: "BestEffort" };
  },
  validate: validatePod,
};
