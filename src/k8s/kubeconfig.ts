import type { Agent, RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { errorMessage } from "../lib/errors.ts";
import { type Credentials, cachedCredentials } from "./credentials.ts";
import type { KubeEndpoint } from "./endpoint.ts";
import { noServer, serverUrl } from "./server-url.ts";

/**
 * The API server of the current context of these files, the first of which that says something decides. Throws
 * EnvironmentError (code `no-kubeconfig`) that names `source`.
 */
export function kubeconfigEndpoint(files: readonly string[], source: string): KubeEndpoint {
  const config = load(files, source);
  const cluster = config.getCurrentCluster();
  if (cluster === null || config.getCurrentUser() === null)
    throw noServer(`${source}: context ${JSON.stringify(config.getCurrentContext())} names no cluster and user`);
  const proxied = cluster.proxyUrl !== undefined;
  return {
    server: serverUrl(cluster.server, source),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace?.trim(),
    source,
    credentials: cachedCredentials(source, () => readCredentials(config, proxied)),
  };
}

function load(files: readonly string[], source: string): KubeConfig {
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
    throw noServer(`${source}: ${errorMessage(error)}`, error);
  }
  return config;
}

async function readCredentials(config: KubeConfig, proxied: boolean): Promise<Credentials> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
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
