import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server as NetServer } from "node:net";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";
import type { KubeClient } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import { selfSignedCertificate } from "./certificate.ts";
import type { ExposedMetrics } from "./metrics.ts";
import { type Access, createTokenAccess } from "./token-access.ts";

const METRICS_PATH = "/metrics";
const LIMITS = { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 30_000, maxHeaderSize: 32 * 1024 };
const MAX_CONNECTIONS = 100;

/** A server that listens. */
export interface Listening {
  /** The port it got, which is the one asked for unless that was 0. */
  readonly port: number;
  close(): Promise<void>;
}

/** Whether the process can do its work; `reason` says what is missing. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/**
 * Plain HTTP: `/healthz` answers as long as the event loop turns, `/readyz` as `readiness` says. Throws EnvironmentError
 * (code `listen`) when the port can't be had.
 */
export function serveHealth(options: {
  readonly host?: string;
  readonly port: number;
  readiness(): Readiness;
}): Promise<Listening> {
  const answer: RequestListener = (request, response) => {
    if (!isRead(request)) return respond(response, 405, "only GET is served");
    switch (pathOf(request)) {
      case "/healthz":
        return respond(response, 200, "ok");
      case "/readyz": {
        const readiness = options.readiness();
        return readiness.ready ? respond(response, 200, "ok") : respond(response, 503, readiness.reason);
      }
      default:
        return respond(response, 404, "here are /healthz and /readyz");
    }
  };
  return listen(createServer(LIMITS, answer), options.port, options.host, "health");
}

/**
 * HTTPS with a certificate made for this process. Who reads needs a bearer token that the API server accepts and
 * allows to GET `/metrics`. Throws EnvironmentError (code `listen`) when the port can't be had.
 */
export async function serveMetrics(options: {
  readonly host?: string;
  readonly port: number;
  readonly metrics: ExposedMetrics;
  readonly client: Pick<KubeClient, "create">;
  readonly log: Log;
}): Promise<Listening> {
  const { metrics, log } = options;
  const access = createTokenAccess(options.client, METRICS_PATH);
  const certificate = await selfSignedCertificate({ commonName: "metallb-metrics" });
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    answerMetrics(request, response, metrics, access).catch((error: unknown) => {
      log.error({ error: errorMessage(error) }, "metrics could not be served");
      respond(response, 500, "metrics could not be collected");
    });
  };
  const server = createTlsServer(
    { ...LIMITS, ...certificate, minVersion: "TLSv1.3", handshakeTimeout: 10_000 },
    answer,
  );
  // Scanners and half-open handshakes are nobody's fault here.
  server.on("tlsClientError", (error) =>
    log.debug({ error: error.message }, "TLS handshake failed on the metrics port"),
  );
  return listen(server, options.port, options.host, "metrics");
}

async function answerMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: ExposedMetrics,
  access: (authorization: string | undefined) => Promise<Access>,
): Promise<void> {
  if (pathOf(request) !== METRICS_PATH) return respond(response, 404, `here is ${METRICS_PATH}`);
  if (!isRead(request)) return respond(response, 405, "only GET is served");
  const verdict = await access(request.headers.authorization);
  if (!verdict.allowed) return respond(response, verdict.status, verdict.reason);
  respond(response, 200, await metrics.text(), metrics.contentType);
}

function isRead(request: IncomingMessage): boolean {
  return request.method === "GET" || request.method === "HEAD";
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split("?", 1)[0]!;
}

function respond(response: ServerResponse, status: number, text: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, {
    "Content-Type": type,
    ...(status === 401 ? { "WWW-Authenticate": "Bearer" } : {}),
  });
  response.end(response.req.method === "HEAD" ? undefined : text);
}

function listen(server: Server, port: number, host: string | undefined, what: string): Promise<Listening> {
  server.maxConnections = MAX_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const where = `${host ?? "*"}:${port}`;
      const message = `the ${what} port ${where} can't be opened: ${cause.code ?? cause.message}`;
      reject(new EnvironmentError("listen", message, { cause, retryable: cause.code === "EADDRINUSE" }));
    });
    server.listen({ port, host }, () => {
      const { port: actual } = (server as NetServer).address() as AddressInfo;
      resolve({ port: actual, close: () => close(server) });
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
