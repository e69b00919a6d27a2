import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { errorMessage } from "../lib/errors.ts";
import type { KubeClient } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import type { CertificateFolder } from "../tls/certificate-folder.ts";
import { startHttpsServer } from "../tls/https-server.ts";
import { listen, type Listening } from "../tls/listen.ts";
import type { TlsPolicy } from "../tls/policy.ts";
import { selfSignedCertificate } from "../tls/self-signed.ts";
import type { ExposedMetrics } from "./metrics.ts";
import { type Access, createTokenAccess } from "./token-access.ts";

const METRICS_PATH = "/metrics";
const LIMITS = { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 30_000, maxHeaderSize: 32 * 1024 };
const MAX_CONNECTIONS = 100;

/** Whether the process can do its work; `reason` says what is missing. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/**
 * Plain HTTP: `/healthz` answers as long as the event loop turns, `/readyz` as `readiness` says. Throws EnvironmentError
 * (code `listen`) when the port can't be had.
 */
export async function serveHealth(options: {
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
  const server = createServer(LIMITS, answer);
  server.maxConnections = MAX_CONNECTIONS;
  const { port } = await listen(server, { ...options, what: "health" });
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * HTTPS with the certificate of `folder`, else with one made for this process. Who reads needs a bearer token that the
 * API server accepts and allows to GET `/metrics`. Throws EnvironmentError (code `listen`) when the port can't be had.
 */
export async function serveMetrics(options: {
  readonly host?: string;
  readonly port: number;
  readonly policy: TlsPolicy;
  readonly folder?: CertificateFolder | undefined;
  readonly metrics: ExposedMetrics;
  readonly client: Pick<KubeClient, "create">;
  readonly log: Log;
}): Promise<Listening> {
  const { metrics, folder, log } = options;
  const access = createTokenAccess(options.client, METRICS_PATH);
  const server = await startHttpsServer({
    ...options,
    what: "metrics",
    certificate: folder?.certificate ?? (await selfSignedCertificate({ commonName: "metallb-metrics" })),
    limits: { ...LIMITS, maxConnections: MAX_CONNECTIONS },
    answer: (request, response) => {
      answerMetrics(request, response, metrics, access).catch((error: unknown) => {
        log.error({ error: errorMessage(error) }, "metrics could not be served");
        respond(response, 500, "metrics could not be collected");
      });
    },
  });
  const watch = folder?.watch((certificate) => server.use(certificate));
  return {
    port: server.port,
    close: () => {
      watch?.close();
      return server.close();
    },
  };
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
