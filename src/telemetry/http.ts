import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { errorMessage } from "../lib/errors.ts";
import { ok, type Result } from "../lib/result.ts";
import { TOKEN_HEADER } from "../lib/state-access.ts";
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

/** Something else that is served to those who may GET its path. */
export interface ServedDocument {
  readonly path: string;
  /** A token may be for this audience, too. */
  readonly audience: string;
  readonly contentType: string;
  /** The document as the query wants it; an error is the client's, and answered with 400. */
  read(query: URLSearchParams): Result<string, string>;
}
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
 * HTTPS with the certificate of `folder`, else with one made for this process. Who reads `/metrics`, or one of the
 * documents, needs a bearer token that the API server accepts and allows to GET that path, in `Authorization` or in
 * `Metallb-Authorization`. Throws EnvironmentError (code `listen`) when the port can't be had.
 */
export async function serveMetrics(options: {
  readonly host?: string;
  readonly port: number;
  readonly policy: TlsPolicy;
  readonly folder?: CertificateFolder | undefined;
  readonly metrics: ExposedMetrics;
  readonly documents?: readonly ServedDocument[];
  readonly client: Pick<KubeClient, "create">;
  readonly log: Log;
}): Promise<Listening> {
  const { folder, log } = options;
  const pages = pagesOf(options);
  const server = await startHttpsServer({
    ...options,
    what: "metrics",
    certificate: folder?.certificate ?? (await selfSignedCertificate({ commonName: "metallb-metrics" })),
    limits: { ...LIMITS, maxConnections: MAX_CONNECTIONS },
    answer: (request, response) => {
      answerPage(request, response, pages).catch((error: unknown) => {
        log.error({ error: errorMessage(error) }, `${pathOf(request)} could not be served`);
        respond(response, 500, "the answer could not be made");
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

interface Page {
  readonly contentType: string;
  readonly access: (authorization: string | undefined) => Promise<Access>;
  read(query: URLSearchParams): Promise<Result<string, string>>;
}

function pagesOf({
  metrics,
  documents = [],
  client,
}: Pick<Parameters<typeof serveMetrics>[0], "metrics" | "documents" | "client">): ReadonlyMap<string, Page> {
  const { contentType } = metrics;
  const access = createTokenAccess(client, METRICS_PATH);
  const read = async () => ok(await metrics.text());
  const pages = new Map<string, Page>([[METRICS_PATH, { contentType, access, read }]]);
  for (const document of documents) {
    const { path, audience, contentType } = document;
    const access = createTokenAccess(client, path, audience);
    pages.set(path, { contentType, access, read: async (query) => document.read(query) });
  }
  return pages;
}

async function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  pages: ReadonlyMap<string, Page>,
): Promise<void> {
  const page = pages.get(pathOf(request));
  if (page === undefined) return respond(response, 404, `here is ${[...pages.keys()].join(" and ")}`);
  if (!isRead(request)) return respond(response, 405, "only GET is served");
  const verdict = await page.access(authorizationOf(request));
  if (!verdict.allowed) return respond(response, verdict.status, verdict.reason);
  const [, query = ""] = /\?(.*)$/.exec(request.url ?? "") ?? [];
  const text = await page.read(new URLSearchParams(query));
  if (text.ok) respond(response, 200, text.value, page.contentType);
  else respond(response, 400, text.error);
}

/** `Authorization` is not passed on by the API server's proxy. */
function authorizationOf({ headers }: IncomingMessage): string | undefined {
  const proxied = headers[TOKEN_HEADER];
  return headers.authorization ?? (typeof proxied === "string" ? proxied : undefined);
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
