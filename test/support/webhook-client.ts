import { Agent, request } from "node:https";
import type { PeerCertificate, TLSSocket } from "node:tls";

export interface WebhookReply {
  readonly status: number;
  readonly text: string;
  /** Of the answer, when it is JSON. */
  readonly json: { readonly response: Readonly<Record<string, unknown>> } | undefined;
  /** Who answered. */
  readonly certificate: PeerCertificate;
}

interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Calls webhooks as an API server does: over kept-alive connections, trusting one bundle, by the Service's name. */
export class WebhookClient {
  readonly #agent: Agent;
  readonly #port: number;

  constructor(port: number, ca: string, servername: string) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, ca, servername });
  }

  /** Sends `body` as JSON; rejects when the connection fails, or the server isn't the one that is trusted. */
  post(path: string, body: object): Promise<WebhookReply> {
    return this.call(path, { body: JSON.stringify(body) });
  }

  call(path: string, { method = "POST", headers = {}, body = "" }: CallOptions = {}): Promise<WebhookReply> {
    return new Promise((resolve, reject) => {
      const all = { "Content-Type": "application/json", ...headers };
      const outgoing = request({ host: "127.0.0.1", port: this.#port, path, method, headers: all, agent: this.#agent });
      outgoing.on("error", reject);
      outgoing.on("response", (answer) => {
        const certificate = (answer.socket as TLSSocket).getPeerCertificate();
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const isJson = answer.headers["content-type"] === "application/json";
          const json = isJson ? (JSON.parse(text) as WebhookReply["json"]) : undefined;
          resolve({ status: answer.statusCode ?? 0, text, json, certificate });
        });
      });
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
