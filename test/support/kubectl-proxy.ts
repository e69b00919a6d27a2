import { Agent, request as httpsRequest } from "node:https";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ApiServer } from "../../src/dev/api-server/server.ts";

/** One request that went through the proxy; `status` is undefined when the client left before it was answered. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query, as the client sent them. */
  readonly target: string;
  status: number | undefined;
}

/** A plain-HTTP door to an API server, as its admin, that writes down every request in order of arrival. */
export interface RecordingProxy {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** The requests since the last call. */
  take(): RecordedRequest[];
  close(): Promise<void>;
}

export async function startRecordingProxy(server: ApiServer): Promise<RecordingProxy> {
  const agent = new Agent({ ca: server.caCertificate, keepAlive: true });
  let recorded: RecordedRequest[] = [];

  const forward = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = "GET", url: target = "/" } = request;
    const entry: RecordedRequest = { method, target, status: undefined };
    recorded.push(entry);
    const headers = { ...request.headers, authorization: `Bearer ${server.adminToken}` };
    const upstream = httpsRequest(new URL(target, server.url), { method, headers, agent }, (answer) => {
      entry.status = answer.statusCode;
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      // A watch has no first byte to wait for: its client must see the headers now.
      response.flushHeaders();
      answer.on("error", () => response.destroy());
      answer.pipe(response);
    });
    upstream.on("error", () => response.destroy());
    response.on("close", () => upstream.destroy());
    request.pipe(upstream);
  };

  const proxy = createServer(forward);
  await new Promise<void>((resolve, reject) => {
    proxy.once("error", reject);
    proxy.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    take: () => {
      const taken = recorded;
      recorded = [];
      return taken;
    },
    close: async () => {
      agent.destroy();
      await new Promise<void>((resolve) => {
        proxy.close(() => resolve());
        proxy.closeAllConnections();
      });
    },
  };
}
