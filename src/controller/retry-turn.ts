import { seconds } from "../lib/duration.ts";
import type { Handled } from "../lib/work-queue.ts";
import type { KubeError } from "../ports/kube.ts";

/** While leadership is interrupted nothing is sent, so looking again soon costs nobody anything. */
const WITHOUT_LEADERSHIP = seconds(1);

/** When a write that failed gets its next turn. */
export function retryTurn({ reason, retryAfter }: KubeError): Handled {
  if (reason === "NotLeader") return { retryAfter: WITHOUT_LEADERSHIP };
  return retryAfter === undefined ? "retry" : { retryAfter };
}
