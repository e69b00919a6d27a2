import { type ClientRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type Agent, request as httpsRequest } from "node:https";
import type { Millis } from "../lib/duration.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { KubeError, KubeResult } from "../ports/kube.ts";
import type { WritePermit } from "../ports/leadership.ts";
import type { KubeEndpoint } from "./endpoint.ts";
import { errorFromAnswer, errorWithoutAnswer, unexpectedAnswer } from "./kube-error.ts";

const USER_AGENT = "metallb-ts";

/** Error answers are read up to here and no further: a Status object is small. */
const MAX_ERROR_BODY = 64 * 1024;

/** Connections that have carried a request, and so have their handshake behind them. */
const usedSockets = new WeakSet<Socket>();

export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly path: string;
  readonly body?: { readonly type: string; readonly text: string };
  /** Beside those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly pool: Agent;
  /** Until the headers of the answer are there. */
  readonly timeout: Millis;
  readonly signal?: AbortSignal;
  /** Asked when the connection is there, right before the request goes; ends the request when it ends. */
  readonly permit?: WritePermit;
}

/** Sends a request and waits for the headers of a successful answer. Error answers are read and become KubeErrors. */
export async function open(endpoint: KubeEndpoint, request: KubeRequest): Promise<Result<IncomingMessage, KubeError>> {
  const answer = await openAny(endpoint, request);
  if (!answer.ok) return answer;
  const message = answer.value;
  const code = message.statusCode ?? 0;
  if (code >= 200 && code < 300) return ok(message);
  const text = await readText(message, MAX_ERROR_BODY, request.timeout);
  return err(errorFromAnswer(code, text.ok ? text.value : "", message.headers["retry-after"]));
}

/** The same for answers of any code. */
export async function openAny(
  endpoint: KubeEndpoint,
  request: KubeRequest,
): Promise<Result<IncomingMessage, KubeError>> {
  try {
    return ok(await send(endpoint, request));
  } catch (thrown) {
    return err(errorWithoutAnswer(thrown));
  }
}

/** The body as text. More than `maxBytes`, an aborted body, or no end within `timeout` is an error. */
export function readText(message: IncomingMessage, maxBytes: number, timeout: Millis): Promise<KubeResult<string>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const timer = setTimeout(() => fail(unexpectedAnswer("ETIMEDOUT", `body incomplete after ${timeout} ms`)), timeout);
    const fail = (error: KubeError) => {
      clearTimeout(timer);
      message.destroy();
      resolve(err(error));
    };
    message.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) fail(unexpectedAnswer("TooLarge", `answer is larger than ${maxBytes} bytes`));
      else chunks.push(chunk);
    });
    message.on("error", (error) => fail(errorWithoutAnswer(error)));
    message.on("end", () => {
      clearTimeout(timer);
      resolve(ok(Buffer.concat(chunks).toString("utf8")));
    });
  });
}

async function send(endpoint: KubeEndpoint, request: KubeRequest): Promise<IncomingMessage> {
  const { tls, headers, proxy } = await endpoint.credentials();
  const { body, method, permit } = request;
  const signal = request.signal ?? permit?.signal;
  const prefix = endpoint.server.pathname.replace(/\/$/, "");
  return await new Promise((resolve, reject) => {
    const outgoing = httpsRequest({
      ...tls,
      agent: proxy ?? request.pool,
      host: endpoint.server.hostname.replace(/^\[|\]$/g, ""),
      port: endpoint.server.port || 443,
      method,
      path: prefix + request.path,
      headers: {
        ...headers,
        ...request.headers,
        Accept: "application/json",
        "User-Agent": USER_AGENT,
        ...(body === undefined
          ? {}
          : { "Content-Type": body.type, "Content-Length": Buffer.byteLength(body.text).toString() }),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    const timer = setTimeout(() => outgoing.destroy(timedOut(request)), request.timeout);
    outgoing.on("socket", (socket) => {
      socket.setKeepAlive(true, 30_000);
      const fresh = !usedSockets.has(socket);
      usedSockets.add(socket);
      if (permit === undefined) return;
      const go = () => void (permit.remaining() > 0 ? outgoing.end(body?.text) : outgoing.destroy(withoutPermit()));
      // A handshake may take long: for example, while the process is stopped.
      if (fresh) socket.once("secureConnect", go);
      else go();
    });
    outgoing.on("error", (error) => {
      clearTimeout(timer);
      if (isStale(outgoing, error) && method !== "POST") resolve(send(endpoint, request));
      else reject(error);
    });
    outgoing.on("response", (message) => {
      clearTimeout(timer);
      resolve(message);
    });
    if (permit === undefined) outgoing.end(body?.text);
  });
}

function withoutPermit(): Error {
  return Object.assign(new Error("not sent: the permission to write has ended"), { code: "NotLeader" });
}

/**
 * The server closed an idle kept-alive connection in the moment it was used again. Nothing was processed, but that
 * can't be proven, so what must not happen twice is left to the caller.
 */
function isStale(request: ClientRequest, error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return request.reusedSocket && (code === "ECONNRESET" || code === "EPIPE");
}

function timedOut(request: KubeRequest): Error {
  const what = `${request.method} ${request.path.split("?", 1)[0]}`;
  return Object.assign(new Error(`${what}: no answer within ${request.timeout} ms`), { code: "ETIMEDOUT" });
}
