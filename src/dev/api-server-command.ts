import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { customResourceDefinitions } from "../config/crds.ts";
import { type AuthorizationMode, startApiServer } from "./api-server/server.ts";
import type { Output } from "./lab/progress.ts";

export interface ApiServerCommandOptions {
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** State is kept here across restarts; undefined keeps it in memory. */
  readonly dataDir: string | undefined;
  readonly kubeconfigOut: string;
  /** Whether MetalLB's CRDs are there from the start. */
  readonly crds: boolean;
  /** Where the Services of webhooks are: `namespace/name` → `https://host:port`. */
  readonly services: Readonly<Record<string, string>>;
  readonly authorizationMode: AuthorizationMode;
  readonly output: Output;
}

/** Adds `namespace/name=https://host:port` to what is known. Throws an Error that says what it should be. */
export function parseService(
  value: string,
  known: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const match = /^([^/=\s]+\/[^/=\s]+)=(https:\/\/\S+)$/.exec(value);
  const [, service = "", url = ""] = match ?? [];
  if (match !== null && URL.canParse(url)) return { ...known, [service]: url };
  throw new Error("must be <namespace>/<name>=https://<host>:<port>");
}

/** Runs the embedded API server alone until SIGINT or SIGTERM. Resolves to the exit code. */
export async function runApiServer(options: ApiServerCommandOptions): Promise<number> {
  const { host, port, dataDir, kubeconfigOut, crds, services, authorizationMode, output } = options;
  const server = await startApiServer({
    host,
    port,
    ...(dataDir === undefined ? {} : { dataDir }),
    crds: crds ? customResourceDefinitions() : [],
    services,
    authorizationMode,
  });
  writeFileSync(kubeconfigOut, server.kubeconfig(), { mode: 0o600 });
  output.write(
    "A development tool, not a production API server: there is no etcd and no controller manager" +
      `${authorizationMode === "RBAC" ? "" : ", and whoever has a token may do everything"}.\n` +
      `Listening on ${server.url}. Use it with\n  export KUBECONFIG=${kubeconfigOut}\n  kubectl get ipaddresspools -A\n`,
  );
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await server.close();
  return 0;
}
