import type { IncomingMessage, ServerResponse } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer } from "node:https";
import type { Socket } from "node:net";
import { seconds } from "../lib/duration.ts";
import type { ServerCertificate } from "../ports/certificates.ts";
import type { Log } from "../ports/log.ts";
import { listen, type ListenAddress, type Listening } from "./listen.ts";
import type { TlsPolicy } from "./policy.ts";

const HANDSHAKE_TIMEOUT = seconds(10);

/** How long requests that are under way may go on after the server was closed. */
const LAST_ANSWERS = seconds(1);

/** Bounds of one server, in Node's words. */
interface ServerLimits {
  readonly requestTimeout: number;
  readonly headersTimeout: number;
  readonly keepAliveTimeout: number;
  readonly maxHeaderSize: number;
  readonly maxConnections: number;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface HttpsServerOptions extends ListenAddress {
  readonly policy: TlsPolicy;
  /** Without one every handshake fails until `use` brings it. */
  readonly certificate?: ServerCertificate;
  /** Offer HTTP/2 beside HTTP/1.1. */
  readonly http2?: boolean;
  readonly limits: ServerLimits;
  readonly log: Log;
  /** HTTP/2 comes through Node's compatibility layer, and looks the same. */
  readonly answer: Answer;
}

/** Closing it ends idle connections at once, and others when they are answered or a second has passed. */
export interface HttpsServer extends Listening {
  /** New connections get this certificate; those that are open go on. */
  use(certificate: ServerCertificate): void;
}

type SecondAnswer = Parameters<typeof createSecureServer>[1];

/** Throws EnvironmentError (code `listen`) when the port can't be had. */
export async function startHttpsServer(options: HttpsServerOptions): Promise<HttpsServer> {
  const { policy, certificate, limits, log, what, answer } = options;
  const settings = { ...limits, ...policy, ...certificate, handshakeTimeout: HANDSHAKE_TIMEOUT };
  const server = options.http2
    ? createSecureServer({ ...settings, allowHTTP1: true }, answer as unknown as SecondAnswer)
    : createServer(settings, answer);
  server.maxConnections = limits.maxConnections;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // Scanners and half-open handshakes are nobody's fault here.
  server.on("tlsClientError", (error) =>
    log.debug({ error: error.message }, `TLS handshake failed on the ${what} port`),
  );
  const { port } = await listen(server, options);
  return {
    port,
    use: (next) => server.setSecureContext({ ...policy, ...next }),
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, LAST_ANSWERS);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}
