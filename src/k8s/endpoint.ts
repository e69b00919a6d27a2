import { existsSync } from "node:fs";
import { Agent } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Credentials } from "./credentials.ts";
import { inClusterEndpoint, outsideOfPod } from "./in-cluster.ts";
import { noServer } from "./server-url.ts";

/** Where the kubelet puts a pod's service account. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** An API server and the means to be recognized by it. */
export interface KubeEndpoint {
  /** Scheme, host, port, and a path prefix when there is one. */
  readonly server: URL;
  /** Of the kubeconfig's context, or of the pod. */
  readonly namespace: string | undefined;
  /** Where the configuration was found, for people: a path, or `in-cluster`. */
  readonly source: string;
  /** Throws EnvironmentError (code `credentials`) when a file can't be read or a login program fails. */
  credentials(): Promise<Credentials>;
}

/**
 * Finds the API server the way kubectl and client-go do: `kubeconfig` if given, else `KUBECONFIG`, else the pod's
 * service account, else `~/.kube/config`. Rejects with EnvironmentError (code `no-kubeconfig`) that names what was
 * looked for.
 */
export async function loadEndpoint(options: {
  readonly kubeconfig?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly serviceAccount?: string;
}): Promise<KubeEndpoint> {
  const { kubeconfig, env, serviceAccount = SERVICE_ACCOUNT } = options;
  if (kubeconfig) return fromFiles([kubeconfig], `--kubeconfig ${kubeconfig}`);
  const variable = env["KUBECONFIG"];
  if (variable) return fromFiles(variable.split(":").filter(Boolean), `KUBECONFIG=${variable}`);
  const noPod = outsideOfPod(env, serviceAccount);
  if (noPod === undefined) return inClusterEndpoint(env, serviceAccount);
  const home = join(env["HOME"] ?? homedir(), ".kube", "config");
  if (existsSync(home)) return fromFiles([home], home);
  throw noServer(
    `no Kubernetes API server: --kubeconfig was not given, KUBECONFIG is not set, ${noPod}, and there is no ${home}; ` +
      "give --kubeconfig FILE or run in a pod with a service account",
  );
}

/** Loads what reads kubeconfigs only when there is one to read: a pod has none. */
async function fromFiles(files: readonly string[], source: string): Promise<KubeEndpoint> {
  const { kubeconfigEndpoint } = await import("./kubeconfig.ts");
  return kubeconfigEndpoint(files, source);
}

/** Keep-alive connections to an endpoint. TCP keep-alive finds peers that went away without a word. */
export function connectionPool(maxSockets: number): Agent {
  return new Agent({ keepAlive: true, keepAliveMsecs: 30_000, maxSockets, maxFreeSockets: maxSockets });
}
