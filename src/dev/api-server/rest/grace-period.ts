import type { Kernel } from "../kernel.ts";
import type { ApiObject } from "../objects.ts";
import { at } from "../objects.ts";

/** `terminationGracePeriodSeconds` of a Pod that does not say. */
const DEFAULT_S = 30;

/**
 * How long a deleted object stays, in seconds: a Pod that a kubelet runs stays until the kubelet deletes it with a grace
 * period of 0. A second deletion can only shorten it. `asked` is what the request says.
 */
export function gracePeriod(kernel: Kernel, object: ApiObject, asked: number | undefined): number {
  if (!kernel.kubelets || object.kind !== "Pod" || !isRun(object)) return 0;
  const own = at(object["spec"], "terminationGracePeriodSeconds");
  const wanted = asked ?? (typeof own === "number" ? own : DEFAULT_S);
  return Math.max(0, Math.min(wanted, object.metadata.deletionGracePeriodSeconds ?? wanted));
}

/** Whether a kubelet has it, or may have it any moment. */
function isRun(pod: ApiObject): boolean {
  const phase = at(pod["status"], "phase");
  return at(pod["spec"], "nodeName") !== undefined && phase !== "Succeeded" && phase !== "Failed";
}
