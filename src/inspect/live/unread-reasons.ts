import { STATE_PATH } from "../../lib/state-access.ts";
import type { KubeError, ObjectName } from "../../ports/kube.ts";
import type { PodAnswer } from "../../ports/pods.ts";
import type { UnreadReason } from "./live-view.ts";

const SEE = "docs/inspect.md has a role";

export const NO_PORT: UnreadReason = {
  code: "noPort",
  explanation: "it runs with --port=0, and so shows nothing",
  fix: "give it a port",
};

/** Of the API server, about the token that was to be made for a speaker. */
export function noToken({ namespace, name }: ObjectName, { code, message }: KubeError): UnreadReason {
  if (code !== 403)
    return { code: "noToken", explanation: `no token for service account ${name}: ${message}`, fix: "" };
  const explanation = `you may not create serviceaccounts/token of ${name} in namespace ${namespace}`;
  const fix = `let a Role allow it (${SEE}), or give --send-token to show the speakers the token of your kubeconfig`;
  return { code: "tokenForbidden", explanation, fix };
}

export const NO_OWN_TOKEN: UnreadReason = {
  code: "noToken",
  explanation: "your kubeconfig has no token that could be shown to it",
  fix: "leave --send-token out",
};

/** Of the API server, about the way to the Pod. */
export function notReached(namespace: string, { code, reason, message }: KubeError): UnreadReason {
  if (code === 403) {
    const explanation = `you may not get pods/proxy in namespace ${namespace}`;
    return { code: "proxyForbidden", explanation, fix: `let a Role allow it (${SEE})` };
  }
  if (code === 404) return { code: "podGone", explanation: message, fix: "" };
  if (reason === "ETIMEDOUT") return { code: "unreachable", explanation: "it doesn't answer in time", fix: "" };
  const explanation = code === 0 ? `${message} (${reason})` : message;
  return { code: "unreachable", explanation, fix: "" };
}

/** Of the speaker itself. */
export function notGiven(account: ObjectName, { code, text }: PodAnswer): UnreadReason {
  const said = text.trim().slice(0, 300);
  switch (code) {
    case 401:
    case 403: {
      const who = `system:serviceaccount:${account.namespace}:${account.name}`;
      const fix = `let a ClusterRole of ${who}, or of you with --send-token, allow get on nonResourceURL ${STATE_PATH}`;
      return { code: "notAllowed", explanation: said, fix };
    }
    case 404:
      return { code: "noState", explanation: `it has no ${STATE_PATH}: it is MetalLB's own, or old`, fix: "" };
    case 503: {
      const fix = "let its ClusterRole allow create on tokenreviews and subjectaccessreviews";
      return { code: "notReviewed", explanation: said, fix };
    }
    default:
      return { code: "badAnswer", explanation: `it answers ${code}: ${said}`, fix: "" };
  }
}

export function notUnderstood(why: string): UnreadReason {
  return { code: "badAnswer", explanation: `what it says is not understood: ${why}`, fix: "" };
}
