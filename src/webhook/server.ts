import type { IncomingMessage, ServerResponse } from "node:http";
import { millis, type Millis, seconds } from "../lib/duration.ts";
import { errorMessage } from "../lib/errors.ts";
import type { Log } from "../ports/log.ts";
import type { Admit, Convert, WebhookRoutes } from "../ports/webhook.ts";
import { type HttpsServer, startHttpsServer } from "../tls/https-server.ts";
import type { TlsPolicy } from "../tls/policy.ts";
import { decodeAdmissionReview, encodeAdmissionReview } from "./admission-review.ts";
import { type ByteBudget, readJson } from "./body.ts";
import { answerConversionReview, decodeConversionReview } from "./conversion-review.ts";

/** An API server takes requests of up to 3 MiB, and sends the old object with the new one. */
const MAX_ADMISSION_BYTES = 8 * 1024 * 1024;

/** A list is converted in one go. */
const MAX_CONVERSION_BYTES = 64 * 1024 * 1024;

/** Bodies that are held at once. */
const MAX_BYTES = 128 * 1024 * 1024;

/** Requests that are worked on at once. Each may list what is in the cluster. */
const MAX_IN_FLIGHT = 64;

const LIMITS = {
  requestTimeout: 30_000,
  headersTimeout: 5_000,
  // Longer than the API server's own 90 s, so that it is the one who closes: no request meets a closed connection.
  keepAliveTimeout: 120_000,
  maxHeaderSize: 32 * 1024,
  maxConnections: 256,
};

/** What the API server waits when it doesn't say. */
const DEFAULT_TIMEOUT = seconds(10);

interface Reply {
  readonly status: number;
  /** JSON when it is an object. */
  readonly body: object | string;
}

/**
 * HTTPS server of admission and conversion webhooks. It has no certificate, so that every handshake fails, until `use`
 * brings one. Throws EnvironmentError (code `listen`) when the port can't be had.
 */
export function startWebhookServer(options: {
  readonly host?: string;
  readonly port: number;
  readonly policy: TlsPolicy;
  readonly http2: boolean;
  readonly routes: WebhookRoutes;
  readonly log: Log;
}): Promise<HttpsServer> {
  const { routes, log } = options;
  const budget: ByteBudget = { left: MAX_BYTES };
  let inFlight = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    inFlight++;
    try {
      const busy = inFlight > MAX_IN_FLIGHT;
      const reply = busy ? text(503, "too many requests at once") : await route(request, routes, budget);
      respond(request, response, reply);
    } catch (error) {
      log.warn({ path: request.url, error: errorMessage(error) }, "a webhook request could not be answered");
      respond(request, response, text(500, "the request could not be answered"));
    } finally {
      inFlight--;
    }
  };
  return startHttpsServer({
    ...options,
    what: "webhook",
    limits: LIMITS,
    answer: (request, response) => void answer(request, response),
  });
}

async function route(request: IncomingMessage, routes: WebhookRoutes, budget: ByteBudget): Promise<Reply> {
  const { admission, conversion } = routes;
  const { pathname, searchParams } = new URL(request.url ?? "/", "https://webhook");
  const admit = Object.hasOwn(admission, pathname) ? admission[pathname] : undefined;
  const convert = Object.hasOwn(conversion, pathname) ? conversion[pathname] : undefined;
  if (admit === undefined && convert === undefined) return text(404, "no webhook is at this path");
  if (request.method !== "POST") return text(405, "webhooks are called with POST");
  const body = await readJson(request, convert === undefined ? MAX_ADMISSION_BYTES : MAX_CONVERSION_BYTES, budget);
  if (!body.ok) return text(body.error.status, body.error.message);
  if (convert !== undefined) return answerConversion(body.value, convert);
  return answerAdmission(body.value, admit!, timeoutOf(searchParams.get("timeout")));
}

async function answerAdmission(body: unknown, admit: Admit, timeout: Millis): Promise<Reply> {
  const review = decodeAdmissionReview(body, timeout);
  if (!review.ok) return text(400, review.error);
  return { status: 200, body: encodeAdmissionReview(review.value.uid, await admit(review.value.request)) };
}

function answerConversion(body: unknown, convert: Convert): Reply {
  const review = decodeConversionReview(body);
  return review.ok ? { status: 200, body: answerConversionReview(review.value, convert) } : text(400, review.error);
}

/** API servers send their `timeoutSeconds` as `?timeout=10s`. */
function timeoutOf(given: string | null): Millis {
  const wanted = /^([1-9][0-9]?)s$/.exec(given ?? "");
  return wanted === null ? DEFAULT_TIMEOUT : millis(seconds(Number(wanted[1])));
}

function text(status: number, message: string): Reply {
  return { status, body: message };
}

function respond(request: IncomingMessage, response: ServerResponse, { status, body }: Reply): void {
  if (response.headersSent || response.destroyed) return;
  const isText = typeof body === "string";
  response.writeHead(status, {
    "Content-Type": isText ? "text/plain; charset=utf-8" : "application/json",
    // What was not read of a body would be taken for the next request.
    ...(request.complete || request.httpVersionMajor > 1 ? {} : { Connection: "close" }),
  });
  response.end(isText ? body : JSON.stringify(body));
}
