import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import type { Listener } from "../proxy/node-sockets.ts";
import type { Protocol } from "../proxy/plan.ts";

/** What a pod's container listens on. */
export interface EchoSpec {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  /** The line that tells who answers. */
  readonly identity: string;
}

/** A certificate in PEM that the containers show. */
export interface EchoCertificate {
  readonly cert: string;
  readonly key: string;
}

/** First byte of a TLS handshake record (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16;

/**
 * Stands in for a container. On TCP it recognises what the client speaks: HTTP and HTTPS get the identity as an answer;
 * anything else gets the identity and then its own bytes back. On UDP the identity answers each datagram.
 */
export function startEcho(spec: EchoSpec, certificate: EchoCertificate | undefined): Promise<Listener> {
  return spec.protocol === "UDP" ? startUdp(spec) : startTcp(spec, certificate);
}

async function startUdp({ address, port, identity }: EchoSpec): Promise<Listener> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (_, client) => socket.send(`${identity}\n`, client.port, client.address));
  socket.bind(port, address);
  await once(socket, "listening");
  return {
    close: async () => {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

async function startTcp(spec: EchoSpec, certificate: EchoCertificate | undefined): Promise<Listener> {
  const http = createHttpServer((_, response) => {
    response.writeHead(200, { "content-type": "text/plain", connection: "close" }).end(`${spec.identity}\n`);
  });
  const context = certificate === undefined ? undefined : createSecureContext(certificate);
  const open = new Set<Socket>();
  const speak = (socket: Socket): void => {
    socket.on("error", () => socket.destroy());
    socket.once("data", (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      if (first[0] === TLS_HANDSHAKE && context !== undefined && !(socket instanceof TLSSocket)) {
        speak(new TLSSocket(socket, { isServer: true, secureContext: context }));
      } else if (/^[A-Z]+ /.test(first.toString("latin1"))) {
        http.emit("connection", socket);
        socket.resume();
      } else {
        socket.write(`${spec.identity}\n`);
        socket.pipe(socket);
      }
    });
  };
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    speak(socket);
  });
  server.listen(spec.port, spec.address);
  await once(server, "listening");
  return { close: () => closed(server, open) };
}

async function closed(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  const done = once(server, "close");
  server.close();
  for (const socket of open) socket.destroy();
  await done;
}
