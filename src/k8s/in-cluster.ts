import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { cachedCredentials } from "./credentials.ts";
import type { KubeEndpoint } from "./endpoint.ts";
import { serverUrl } from "./server-url.ts";

const SOURCE = "in-cluster";

type Env = Readonly<Record<string, string | undefined>>;

/** Why this process is not in a pod with a service account; undefined when it is. */
export function outsideOfPod(env: Env, serviceAccount: string): string | undefined {
  const token = join(serviceAccount, "token");
  if (!env["KUBERNETES_SERVICE_HOST"]) return "KUBERNETES_SERVICE_HOST is not set (not in a pod)";
  return existsSync(token) ? undefined : `no ${token}`;
}

/**
 * The API server as a pod is told of it: by environment variables and by the files of its service account, which the
 * kubelet renews. Without client-node, which would cost every pod more memory than all the Services of a small cluster.
 */
export function inClusterEndpoint(env: Env, serviceAccount: string): KubeEndpoint {
  const host = env["KUBERNETES_SERVICE_HOST"] ?? "";
  const port = env["KUBERNETES_SERVICE_PORT"] || "443";
  const namespace = join(serviceAccount, "namespace");
  return {
    server: serverUrl(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`, SOURCE),
    namespace: existsSync(namespace) ? readFileSync(namespace, "utf8").trim() : undefined,
    source: SOURCE,
    credentials: cachedCredentials(SOURCE, async () => {
      const read = (name: string) => readFile(join(serviceAccount, name), "utf8");
      const [token, ca] = await Promise.all([read("token"), read("ca.crt")]);
      return { tls: { ca }, headers: { Authorization: `Bearer ${token.trim()}` }, proxy: undefined };
    }),
  };
}
