import type { Result } from "../../lib/result.ts";
import type { LeadershipView } from "../cluster/controller-state.ts";
import type { ExplainedController } from "./service-explanation.ts";

/** The Lease that controllers elect their leader by. */
export const CONTROLLER_LEASE = "metallb-controller";

/** Whether a controller is at work, as far as its Lease tells. `now` is in milliseconds since 1970. */
export function explainController(
  leadership: Result<LeadershipView | undefined, string>,
  now: number,
): ExplainedController {
  if (!leadership.ok) return { state: "unknown", explanation: "whether a controller runs could not be read" };
  const lease = leadership.value;
  if (lease === undefined)
    return {
      state: "unknown",
      explanation: `there is no Lease ${CONTROLLER_LEASE}: no controller has led in this namespace`,
    };
  const { holder, renewed, seconds } = lease;
  if (holder === "")
    return { state: "stopped", explanation: "the last controller has stopped, and none has followed", renewed };
  const age = Math.round((now - Date.parse(renewed)) / 1000);
  // The clocks of two machines differ: only a Lease that ran out long ago proves anything.
  const stopped = Number.isNaN(age) || age > 2 * Math.max(seconds, 1);
  const explanation = stopped
    ? `no controller is at work: ${holder} held the Lease and renewed it last ${Number.isNaN(age) ? "at no time" : `${age} s ago`}`
    : `${holder} leads`;
  return { state: stopped ? "stopped" : "leading", explanation, holder, renewed };
}
