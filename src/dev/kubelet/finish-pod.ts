import { KINDS } from "../../config/kinds.ts";
import { seconds } from "../../lib/duration.ts";
import { ok } from "../../lib/result.ts";
import { connectionPool, type KubeEndpoint } from "../../k8s/endpoint.ts";
import { objectPath } from "../../k8s/paths.ts";
import { open, readText } from "../../k8s/request.ts";
import type { FinishPod } from "./pod-reports.ts";

const TIMEOUT = seconds(10);
const MAX_BYTES = 1024 * 1024;

/** Tells the API server that a Pod has ended on its node. */
export function createFinishPod(endpoint: KubeEndpoint): FinishPod {
  const pool = connectionPool(1);
  return async ({ uid, ...pod }) => {
    const options = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0, preconditions: { uid } };
    const body = { type: "application/json", text: JSON.stringify(options) };
    const path = objectPath(KINDS.Pod, pod);
    const answer = await open(endpoint, { method: "DELETE", path, body, pool, timeout: TIMEOUT });
    if (!answer.ok) return answer;
    const text = await readText(answer.value, MAX_BYTES, TIMEOUT);
    return text.ok ? ok(undefined) : text;
  };
}
