import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { generateCertificates } from "../../src/dev/api-server/certificates.ts";

/** A request to a webhook. */
export interface WebhookCall {
  /** With the query. */
  readonly path: string;
  readonly contentType: string | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look anywhere into reviews
  readonly review: any;
}

/** Answers a review. What is returned becomes `response` of the answer, with the request's uid; a Response is sent as it is. */
export type WebhookHandler = (call: WebhookCall) => object | Response | Promise<object | Response>;

/** An HTTPS server that is an admission or conversion webhook, as the test wants it. */
export class WebhookServer {
  readonly url: string;
  /** What a `clientConfig` carries as caBundle. */
  readonly caBundle: string;
  readonly calls: WebhookCall[] = [];
  /** Answers; may be replaced at any time. */
  handler: WebhookHandler = () => ({ allowed: true });
  readonly #close: () => Promise<void>;

  private constructor(url: string, ca: string, close: () => Promise<void>) {
    this.url = url;
    this.caBundle = Buffer.from(ca).toString("base64");
    this.#close = close;
  }

  /** Listens on loopback with a certificate for `names`. */
  static async start(names: readonly string[]): Promise<WebhookServer> {
    const { ca, certificate, key } = await generateCertificates(names, Date.now());
    const server = createServer({ cert: certificate, key });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const webhook = new WebhookServer(`https://127.0.0.1:${port}`, ca, async () => {
      server.closeAllConnections();
      const closed = once(server, "close");
      server.close();
      await closed;
    });
    server.on("request", (request, response) => void webhook.#serve(request, response));
    return webhook;
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const review: WebhookCall["review"] = JSON.parse(Buffer.concat(chunks).toString());
    const call = { path: request.url ?? "", contentType: request.headers["content-type"], review };
    this.calls.push(call);
    const answer = await this.handler(call);
    if (answer instanceof Response) {
      response.writeHead(answer.status).end(await answer.text());
      return;
    }
    const { kind, apiVersion, request: asked } = review;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ kind, apiVersion, response: { uid: asked.uid, ...answer } }));
  }
}
