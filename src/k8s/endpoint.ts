import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { type Agent, Agent as HttpsAgent, type RequestOptions } from "node:https";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** How long TLS files and tokens may be reused before they are read again: rotated credentials work without a restart. */
const CREDENTIALS_LIFETIME_MS = 10_000;

/** TLS options and headers that authenticate one request. */
interface Credentials {
  readonly tls: Pick<
    RequestOptions,
    "ca" | "cert" | "key" | "passphrase" | "pfx" | "servername" | "rejectUnauthorized"
  >;
  readonly headers: Readonly<Record<string, string>>;
  /** Set when the kubeconfig wants a proxy: connections must go through this agent. */
  readonly proxy: Agent | undefined;
}

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
 * service account, else `~/.kube/config`. Throws EnvironmentError (code `no-kubeconfig`) that names what was looked for.
 */
export function loadEndpoint(options: {
  readonly kubeconfig?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}): KubeEndpoint {
  const { config, source } = findConfig(options.kubeconfig, options.env);
  const cluster = config.getCurrentCluster();
  if (cluster === null || config.getCurrentUser() === null)
    throw unusable(`${source}: context ${JSON.stringify(config.getCurrentContext())} names no cluster and user`);
  const server = serverUrl(cluster.server, source);
  return {
    server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace?.trim(),
    source,
    credentials: cached(() => readCredentials(config, cluster.proxyUrl !== undefined, source)),
  };
}

/** Keep-alive connections to an endpoint. TCP keep-alive finds peers that went away without a word. */
export function connectionPool(maxSockets: number): Agent {
  return new HttpsAgent({ keepAlive: true, keepAliveMsecs: 30_000, maxSockets, maxFreeSockets: maxSockets });
}

function findConfig(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): { config: KubeConfig; source: string } {
  if (flag) return fromFiles([flag], `--kubeconfig ${flag}`);
  const variable = env["KUBECONFIG"];
  if (variable) return fromFiles(variable.split(":").filter(Boolean), `KUBECONFIG=${variable}`);
  const host = env["KUBERNETES_SERVICE_HOST"];
  const tokenFile = join(SERVICE_ACCOUNT, "token");
  if (host && existsSync(tokenFile)) return { config: inCluster(), source: "in-cluster" };
  const home = join(env["HOME"] ?? homedir(), ".kube", "config");
  if (existsSync(home)) return fromFiles([home], home);
  const pod = host ? `no ${tokenFile}` : "KUBERNETES_SERVICE_HOST is not set (not in a pod)";
  throw unusable(
    `no Kubernetes API server: --kubeconfig was not given, KUBECONFIG is not set, ${pod}, and there is no ${home}; ` +
      "give --kubeconfig FILE or run in a pod with a service account",
  );
}

function fromFiles(files: readonly string[], source: string): { config: KubeConfig; source: string } {
  const config = new KubeConfig();
  try {
    for (const [index, file] of files.entries()) {
      if (index === 0) {
        config.loadFromFile(file);
        continue;
      }
      const next = new KubeConfig();
      next.loadFromFile(file);
      config.mergeConfig(next, true);
    }
  } catch (error) {
    throw unusable(`${source}: ${errorMessage(error)}`, error);
  }
  return { config, source };
}

function inCluster(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromCluster();
  return config;
}

function serverUrl(text: string, source: string): URL {
  const url = URL.parse(text);
  if (url === null) throw unusable(`${source}: ${JSON.stringify(text)} is not a server URL`);
  if (url.protocol !== "https:") throw unusable(`${source}: server ${text} must be an https:// URL`);
  return url;
}

/** Repeats the last answer for a short while; callers at the same time share one reading. */
function cached(read: () => Promise<Credentials>): () => Promise<Credentials> {
  let latest: { readonly at: number; readonly credentials: Promise<Credentials> } | undefined;
  return () => {
    const now = performance.now();
    if (latest === undefined || now - latest.at > CREDENTIALS_LIFETIME_MS) {
      const credentials = read();
      latest = { at: now, credentials };
      credentials.catch(() => (latest = undefined));
    }
    return latest.credentials;
  };
}

async function readCredentials(config: KubeConfig, proxied: boolean, source: string): Promise<Credentials> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new EnvironmentError("credentials", `credentials of ${source}: ${errorMessage(error)}`, {
      cause: error,
      retryable: true,
    });
  }
  const { ca, cert, key, passphrase, pfx, servername, rejectUnauthorized, headers, auth, agent } = options;
  const tls = { ca, cert, key, passphrase, pfx, servername, rejectUnauthorized };
  return {
    tls: Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined)),
    headers: plainHeaders(headers, auth),
    proxy: proxied ? (agent as Agent) : undefined,
  };
}

/** Token files often end in a newline, which a header must not. */
function plainHeaders(headers: RequestOptions["headers"], auth: string | null | undefined): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) plain[name] = String(value).trim();
  if (auth) plain["Authorization"] = `Basic ${Buffer.from(auth).toString("base64")}`;
  return plain;
}

function unusable(message: string, cause?: unknown): EnvironmentError {
  return new EnvironmentError("no-kubeconfig", message, { cause, retryable: false });
}
