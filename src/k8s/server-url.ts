import { EnvironmentError } from "../lib/errors.ts";

/** The URL of an API server, which must be https. Throws EnvironmentError (code `no-kubeconfig`). */
export function serverUrl(text: string, source: string): URL {
  const url = URL.parse(text);
  if (url === null) throw noServer(`${source}: ${JSON.stringify(text)} is not a server URL`);
  if (url.protocol !== "https:") throw noServer(`${source}: server ${text} must be an https:// URL`);
  return url;
}

/** There is no API server to talk to, for this reason, and there won't be one by waiting. */
export function noServer(message: string, cause?: unknown): EnvironmentError {
  return new EnvironmentError("no-kubeconfig", message, { cause, retryable: false });
}
