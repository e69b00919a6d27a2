import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import {
  Agent,
  type Server as HttpsServer,
  createServer as createHttpsServer,
  request as httpsRequest,
} from "node:https";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { generateCertificates } from "../../src/dev/api-server/certificates.ts";
import { kubeconfig } from "../../src/dev/api-server/kubeconfig.ts";
import type { ApiServer } from "../../src/dev/api-server/server.ts";
import { ActiveFault, type Fault, type FaultRule } from "./fault-rule.ts";
import { type RequestMatch, type SeenRequest, matches, seenRequest } from "./seen-request.ts";

const REASONS: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Expired",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** A watch that is open. */
interface OpenWatch {
  readonly request: SeenRequest;
  readonly upstream: IncomingMessage;
  readonly response: ServerResponse;
}

/** One request on its way. */
interface Passage {
  readonly seen: SeenRequest;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What happens to it, in the order in which the rules were made. */
  readonly faults: readonly Fault[];
}

/**
 * A door to an embedded API server that fails as it is told to. Clients are given its `url` and `caCertificate` (or its
 * `kubeconfig()`) instead of the server's. Which requests fail is decided by counting, never by chance:
 *
 *     const proxy = await FaultProxy.start(lab.server);
 *     proxy.inject({ when: isWrite, every: 3, fault: { kind: "answer", code: 409 } });
 *     proxy.inject({ when: { verb: "patch", resource: "services" }, times: 1, fault: { kind: "lose-answer" } });
 *     await proxy.refuse();   // connection refused, until accept()
 *     proxy.cutWatches();
 *     proxy.count({ verb: "patch", user: "controller" });
 *
 * A request is struck by every rule that is due: delays add up, and of faults that decide how it ends the first counts.
 */
export class FaultProxy {
  readonly port: number;
  /** `https://127.0.0.1:port` */
  readonly url: string;
  /** PEM of the authority that clients must trust. */
  readonly caCertificate: string;
  readonly adminToken: string;
  /** Every request in order of arrival, whatever became of it. */
  readonly requests: SeenRequest[] = [];
  readonly #server: ApiServer;
  readonly #agent: Agent;
  readonly #http: HttpsServer;
  readonly #users = new Map<string, string>();
  readonly #faults = new Set<ActiveFault>();
  readonly #watches = new Set<OpenWatch>();
  /** Connections by the client's port. */
  readonly #sockets = new Map<number, Socket>();
  #listener: Server;

  private constructor(server: ApiServer, http: HttpsServer, listener: Server, caCertificate: string) {
    this.#server = server;
    this.#agent = new Agent({ ca: server.caCertificate, keepAlive: true });
    this.#http = http;
    this.#listener = listener;
    this.port = (listener.address() as AddressInfo).port;
    this.url = `https://127.0.0.1:${this.port}`;
    this.caCertificate = caCertificate;
    this.adminToken = server.adminToken;
    this.#users.set(server.adminToken, "admin");
    http.on("request", (request, response) => void this.#serve(request, response));
    listener.on("connection", (socket) => this.#connected(socket));
  }

  static async start(server: ApiServer): Promise<FaultProxy> {
    const { ca, certificate, key } = await generateCertificates([], Date.now());
    const http = createHttpsServer({ cert: certificate, key, ALPNProtocols: ["http/1.1"], keepAliveTimeout: 180_000 });
    return new FaultProxy(server, http, await listening(0), ca);
  }

  /** A kubeconfig for the admin, or for whoever has `token`, that leads through this door. */
  kubeconfig(token = this.adminToken): string {
    return kubeconfig({ server: this.url, ca: this.caCertificate, token });
  }

  /** Adds a user to the API server and returns its token; its requests are seen under this name. */
  addUser(name: string): string {
    const token = this.#server.addUser(name);
    this.#users.set(token, name);
    return token;
  }

  /** Puts a rule in force, until `heal`. */
  inject(rule: FaultRule): ActiveFault {
    const active = new ActiveFault(rule);
    this.#faults.add(active);
    return active;
  }

  /** Ends one rule, or all. What is delayed already stays delayed. */
  heal(fault?: ActiveFault): void {
    if (fault === undefined) this.#faults.clear();
    else this.#faults.delete(fault);
  }

  /** How many of the requests so far match. */
  count(match: RequestMatch = {}): number {
    return this.requests.filter((request) => matches(match, request)).length;
  }

  /** Requests so far, by `verb resource` or `verb resource/subresource`: `patch services/status`. */
  counts(match: RequestMatch = {}): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const request of this.requests.filter((candidate) => matches(match, candidate))) {
      const { verb, resource, subresource } = request;
      const key = `${verb} ${resource}${subresource === "" ? "" : `/${subresource}`}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  }

  /** Resets all connections, and refuses new ones until `accept`. */
  async refuse(): Promise<void> {
    if (!this.#listener.listening) return;
    const closed = once(this.#listener, "close");
    this.#listener.close();
    for (const socket of this.#sockets.values()) socket.resetAndDestroy();
    await closed;
  }

  async accept(): Promise<void> {
    if (this.#listener.listening) return;
    this.#listener = await listening(this.port);
    this.#listener.on("connection", (socket) => this.#connected(socket));
  }

  /** How many watches are open. */
  openWatches(match: RequestMatch = {}): number {
    return [...this.#watches].filter(({ request }) => matches(match, request)).length;
  }

  /** Resets the connections of open watches. Returns how many that were. */
  cutWatches(match: RequestMatch = {}): number {
    return this.#eachWatch(match, (watch) => {
      this.#watches.delete(watch);
      this.#reset(watch.response);
    });
  }

  /** Ends open watches as a server does after their time. */
  endWatches(match: RequestMatch = {}): number {
    return this.#eachWatch(match, (watch) => {
      const { upstream, response } = watch;
      this.#watches.delete(watch);
      upstream.unpipe(response);
      upstream.destroy();
      response.end();
    });
  }

  /** Open watches stay open, and say nothing any more. */
  stallWatches(match: RequestMatch = {}): number {
    return this.#eachWatch(match, ({ upstream, response }) => {
      upstream.unpipe(response);
      upstream.resume();
    });
  }

  /** Ends open watches with 410, and makes those go on with 410 that start from a resourceVersion before now. */
  expireWatches(resource?: string): void {
    this.#server.testing.expireWatches(resource);
  }

  async close(): Promise<void> {
    await this.refuse();
    this.#http.closeAllConnections();
    this.#agent.destroy();
  }

  #eachWatch(match: RequestMatch, act: (watch: OpenWatch) => void): number {
    const watches = [...this.#watches].filter(({ request }) => matches(match, request));
    for (const watch of watches) act(watch);
    return watches.length;
  }

  #connected(socket: Socket): void {
    const { remotePort = 0 } = socket;
    this.#sockets.set(remotePort, socket);
    socket.once("close", () => this.#sockets.delete(remotePort));
    socket.on("error", () => undefined);
    this.#http.emit("connection", socket);
  }

  /** With RST, which only the connection below TLS can send. */
  #reset({ socket }: ServerResponse): void {
    this.#sockets.get(socket?.remotePort ?? 0)?.resetAndDestroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = request.headers.authorization?.replace(/^Bearer /i, "") ?? "";
    const seen = seenRequest(request, this.#users.get(token) ?? "unknown");
    this.requests.push(seen);
    const faults = [...this.#faults].filter((active) => active.strikes(seen)).map(({ fault }) => fault);
    const passage = { seen, request, response, faults };
    const body = await read(request).catch(() => undefined);
    for (const fault of faults) if (fault.kind === "delay-request") await sleep(fault.ms);
    if (body !== undefined && !this.#struckBefore(passage)) await this.#forward(passage, body);
  }

  /** Does to a request what keeps it from the server. */
  #struckBefore({ response, faults }: Passage): boolean {
    for (const fault of faults) {
      switch (fault.kind) {
        case "answer":
          sendStatus(response, fault.code, fault.reason, fault.retryAfterSeconds);
          return true;
        case "reset":
          this.#reset(response);
          return true;
        case "expire-watch":
          sendExpired(response);
          return true;
        case "hang":
          return true;
        case "lose-answer":
          return false;
        case "delay-request":
        case "delay-answer":
          break;
      }
    }
    return false;
  }

  async #forward(passage: Passage, body: Buffer): Promise<void> {
    const { request, response, seen, faults } = passage;
    const { promise, resolve } = Promise.withResolvers<IncomingMessage | undefined>();
    const url = new URL(request.url ?? "/", this.#server.url);
    const { method, headers } = request;
    const upstream = httpsRequest(url, { method, headers: withLength(headers, body), agent: this.#agent }, resolve);
    upstream.once("error", () => resolve(undefined)).end(body);
    response.once("close", () => upstream.destroy());
    const answer = await promise;
    if (answer === undefined) return this.#reset(response);
    if (faults.some(({ kind }) => kind === "lose-answer")) {
      if (seen.verb !== "watch") await read(answer).catch(() => undefined);
      return this.#reset(response);
    }
    if (seen.verb === "watch") return this.#watch(seen, answer, response);
    const text = await read(answer).catch(() => undefined);
    for (const fault of faults) if (fault.kind === "delay-answer") await sleep(fault.ms);
    if (text === undefined) return this.#reset(response);
    response.writeHead(answer.statusCode ?? 502, withLength(answer.headers, text)).end(text);
  }

  #watch(request: SeenRequest, upstream: IncomingMessage, response: ServerResponse): void {
    const watch = { request, upstream, response };
    this.#watches.add(watch);
    response.once("close", () => this.#watches.delete(watch));
    upstream.once("error", () => this.#reset(response));
    response.writeHead(upstream.statusCode ?? 502, upstream.headers);
    // A watch has no first byte to wait for: its client must see the headers now.
    response.flushHeaders();
    upstream.pipe(response);
  }
}

async function listening(port: number): Promise<Server> {
  const listener = createServer().listen(port, "127.0.0.1");
  await once(listener, "listening");
  return listener;
}

async function read(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Bodies pass whole, so that they have a length. */
function withLength(headers: IncomingHttpHeaders, body: Buffer): IncomingHttpHeaders {
  const { "transfer-encoding": _chunked, ...rest } = headers;
  return body.length === 0 && headers["content-length"] === undefined
    ? rest
    : { ...rest, "content-length": String(body.length) };
}

function statusOf(code: number, reason: string | undefined, retryAfterSeconds: number | undefined): object {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `a test wants ${code}`,
    reason: reason ?? REASONS[code] ?? "",
    ...(retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } }),
    code,
  };
}

function sendStatus(response: ServerResponse, code: number, reason?: string, retryAfterSeconds?: number): void {
  const retry = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  response.writeHead(code, { "content-type": "application/json", ...retry });
  response.end(JSON.stringify(statusOf(code, reason, retryAfterSeconds)));
}

function sendExpired(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(`${JSON.stringify({ type: "ERROR", object: statusOf(410, undefined, undefined) })}\n`);
}
