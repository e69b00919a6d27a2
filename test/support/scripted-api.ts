import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KubeEndpoint, loadEndpoint } from "../../src/k8s/endpoint.ts";
import { selfSignedCertificate } from "../../src/tls/self-signed.ts";

export interface ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers one request, or leaves it without an answer. */
export type Answer = (response: ServerResponse, request: ScriptedRequest) => void;

/**
 * An HTTPS server on loopback whose answers the test writes: the next request takes the next answer, and the last answer
 * stays for all that follow.
 */
export class ScriptedApi {
  readonly requests: ScriptedRequest[] = [];
  readonly kubeconfig: string;
  readonly #server: Server;
  readonly #folder: string;
  #endpoint: KubeEndpoint | undefined;
  #answers: readonly Answer[] = [];

  private constructor(server: Server, folder: string) {
    this.#server = server;
    this.#folder = folder;
    this.kubeconfig = join(folder, "kubeconfig");
    server.on("request", (message: IncomingMessage, response: ServerResponse) => void this.#take(message, response));
  }

  static async start(): Promise<ScriptedApi> {
    const { cert, key } = await selfSignedCertificate({ commonName: "localhost", ips: ["127.0.0.1"] });
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const api = new ScriptedApi(server, mkdtempSync(join(tmpdir(), "metallb-scripted-")));
    const { port } = server.address() as AddressInfo;
    writeFileSync(api.kubeconfig, kubeconfig(`https://127.0.0.1:${port}`, cert));
    api.#endpoint = await loadEndpoint({ kubeconfig: api.kubeconfig, env: {} });
    return api;
  }

  /** How a client reaches it, by its kubeconfig. */
  get endpoint(): KubeEndpoint {
    return this.#endpoint!;
  }

  script(...answers: readonly Answer[]): void {
    this.#answers = answers;
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true });
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const url = new URL(message.url ?? "/", "https://localhost");
    const request: ScriptedRequest = {
      method: message.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: message.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    this.requests.push(request);
    const [answer, ...rest] = this.#answers;
    if (rest.length > 0) this.#answers = rest;
    answer?.(response, request);
  }
}

export function answerJson(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => {
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
}

export function answerStatus(code: number, reason: string, message: string): Answer {
  return answerJson(code, { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message });
}

/** Watch events, one line each; then the stream stays open. */
export function answerEvents(...events: readonly object[]): Answer {
  return (response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    response.flushHeaders();
    for (const event of events) response.write(`${JSON.stringify(event)}\n`);
  };
}

function kubeconfig(server: string, ca: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "scripted",
    clusters: [
      { name: "scripted", cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } },
    ],
    users: [{ name: "tester", user: { token: "secret-token" } }],
    contexts: [{ name: "scripted", context: { cluster: "scripted", user: "tester", namespace: "metallb-system" } }],
  });
}
