import { seconds } from "../lib/duration.ts";
import { err, ok } from "../lib/result.ts";
import type { KubeClient, KubeResult, ObjectName, ResourceType } from "../ports/kube.ts";
import type { PodAnswer, PodReader } from "../ports/pods.ts";
import { connectionPool, type KubeEndpoint } from "./endpoint.ts";
import { errorFromAnswer, unexpectedAnswer } from "./kube-error.ts";
import { objectPath } from "./paths.ts";
import { openAny, readText } from "./request.ts";

/** Connections, and so Pods that are asked at a time. */
const MAX_CONNECTIONS = 32;

/** No Pod has more to say at once. */
const MAX_BYTES = 8 * 1024 * 1024;

/** The shortest that the API server allows. */
const TOKEN_LIFETIME = 600;

const TOKEN_TIMEOUT = seconds(5);

const POD: ResourceType = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

/** Reads from Pods with the credentials of `endpoint`; `client` is for the same. Never throws. */
export function createPodReader(endpoint: KubeEndpoint, client: Pick<KubeClient, "create">): PodReader {
  const pool = connectionPool(MAX_CONNECTIONS);
  return {
    read: async ({ namespace, name, port }, path, { headers, timeout }) => {
      const target = objectPath(POD, { namespace, name: `https:${name}:${port}` }, "proxy");
      const answer = await openAny(endpoint, { method: "GET", path: target + path, headers, pool, timeout });
      if (!answer.ok) return answer;
      const text = await readText(answer.value, MAX_BYTES, timeout);
      return text.ok ? answerOf(answer.value.statusCode ?? 0, text.value) : text;
    },
    requestToken: async (account, audience) => {
      const spec = { audiences: [audience], expirationSeconds: TOKEN_LIFETIME };
      const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
      const { namespace } = account;
      const answer = await client.create(tokensOf(account), body, { namespace, timeout: TOKEN_TIMEOUT });
      if (!answer.ok) return answer;
      const { token } = (answer.value["status"] ?? {}) as { readonly token?: unknown };
      return typeof token === "string" ? ok(token) : err(unexpectedAnswer("NoToken", "the API server sent no token"));
    },
    ownToken: async () => {
      const { headers } = await endpoint.credentials();
      const [, value = ""] = Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization") ?? [];
      return /^bearer +(\S+)$/i.exec(value)?.[1];
    },
  };
}

/** A service account's subresource, which is only ever created in. */
function tokensOf({ name }: ObjectName): ResourceType {
  const plural = `serviceaccounts/${encodeURIComponent(name)}/token`;
  return { group: "", version: "v1", plural, kind: "TokenRequest", namespaced: true };
}

/** What is a failed Status comes from the API server, which answers so when it can't or won't pass the question on. */
function answerOf(code: number, text: string): KubeResult<PodAnswer> {
  return code >= 400 && isStatus(text) ? err(errorFromAnswer(code, text)) : ok({ code, text });
}

function isStatus(text: string): boolean {
  try {
    return (JSON.parse(text) as { readonly kind?: unknown } | null)?.kind === "Status";
  } catch {
    return false;
  }
}
