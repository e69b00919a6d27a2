import { Agent, request as httpsRequest } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { ApiServer } from "../../src/dev/api-server/server.ts";

export interface RawAnswer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON, or undefined when it is none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look anywhere into answers
  readonly json: any;
}

export interface RawRequest {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** A bearer token; null sends none. The admin's by default. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a client must know of a server; of one in another process, too. */
export type Reached = Pick<ApiServer, "port" | "url" | "caCertificate" | "adminToken">;

export interface RawWatch {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look anywhere into events
  readonly events: readonly any[];
  /** How long the stream was open. */
  readonly ms: number;
}

/** Speaks HTTP to an API server without any help of a client library, so that tests see exactly what is answered. */
export class RawApiClient {
  readonly #server: Reached;
  readonly #agent: Agent;

  constructor(server: Reached) {
    this.#server = server;
    this.#agent = new Agent({ ca: server.caCertificate, keepAlive: true });
  }

  get adminToken(): string {
    return this.#server.adminToken;
  }

  get port(): number {
    return this.#server.port;
  }

  close(): void {
    this.#agent.destroy();
  }

  async send(method: string, path: string, options: RawRequest = {}): Promise<RawAnswer> {
    const response = await this.#open(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    return { code: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) };
  }

  get(path: string, options?: RawRequest): Promise<RawAnswer> {
    return this.send("GET", path, options);
  }

  post(path: string, body: unknown, options?: RawRequest): Promise<RawAnswer> {
    return this.send("POST", path, { body, ...options });
  }

  put(path: string, body: unknown, options?: RawRequest): Promise<RawAnswer> {
    return this.send("PUT", path, { body, ...options });
  }

  patch(path: string, type: "json" | "merge" | "strategic-merge" | "apply", body: unknown): Promise<RawAnswer> {
    const contentType = type === "apply" ? "application/apply-patch+yaml" : `application/${type}-patch+json`;
    return this.send("PATCH", path, { body, contentType });
  }

  delete(path: string, body?: unknown): Promise<RawAnswer> {
    return this.send("DELETE", path, body === undefined ? {} : { body });
  }

  /** Reads a watch until the server ends it, or until `enough` of its events have come. */
  async watch(path: string, options: RawRequest & { readonly enough?: number } = {}): Promise<RawWatch> {
    const started = performance.now();
    const response = await this.#open("GET", path, options);
    let text = "";
    for await (const chunk of response as AsyncIterable<Buffer>) {
      text += chunk.toString();
      if (options.enough !== undefined && text.split("\n").length > options.enough) break;
    }
    const events = text.split("\n").flatMap((line) => (line === "" ? [] : [parsed(line)]));
    const ms = performance.now() - started;
    return { code: response.statusCode ?? 0, headers: response.headers, events, ms };
  }

  #open(method: string, path: string, options: RawRequest): Promise<IncomingMessage> {
    const { body, contentType, accept, token = this.#server.adminToken, headers = {} } = options;
    const payload =
      body === undefined || body instanceof Uint8Array || typeof body === "string" ? body : JSON.stringify(body);
    const all = {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(accept === undefined ? {} : { accept }),
      ...(payload === undefined
        ? {}
        : { "content-type": contentType ?? "application/json", "content-length": String(Buffer.byteLength(payload)) }),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      const url = new URL(path, this.#server.url);
      const request = httpsRequest(url, { method, agent: this.#agent, headers: all }, resolve);
      request.once("error", reject);
      request.end(payload);
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
