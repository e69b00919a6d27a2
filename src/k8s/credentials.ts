import type { Agent, RequestOptions } from "node:https";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";

/** How long TLS files and tokens may be reused before they are read again: rotated credentials work without a restart. */
const LIFETIME_MS = 10_000;

/** TLS options and headers that authenticate one request. */
export interface Credentials {
  readonly tls: Pick<
    RequestOptions,
    "ca" | "cert" | "key" | "passphrase" | "pfx" | "servername" | "rejectUnauthorized"
  >;
  readonly headers: Readonly<Record<string, string>>;
  /** Set when the kubeconfig wants a proxy: connections must go through this agent. */
  readonly proxy: Agent | undefined;
}

/**
 * Repeats the last answer of `read` for a short while; callers at the same time share one reading. What `read` throws
 * comes out as EnvironmentError (code `credentials`), and the next call reads again.
 */
export function cachedCredentials(source: string, read: () => Promise<Credentials>): () => Promise<Credentials> {
  let latest: { readonly at: number; readonly credentials: Promise<Credentials> } | undefined;
  return () => {
    const now = performance.now();
    if (latest === undefined || now - latest.at > LIFETIME_MS) {
      const credentials = read().catch((cause: unknown) => {
        latest = undefined;
        const message = `credentials of ${source}: ${errorMessage(cause)}`;
        throw new EnvironmentError("credentials", message, { cause, retryable: true });
      });
      latest = { at: now, credentials };
    }
    return latest.credentials;
  };
}
